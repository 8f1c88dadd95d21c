// Owns the wording WhatsApp prescribes for authentication templates, by language.
// A regional code falls back to its language, a language without a translation to
// English. The code is not the first word everywhere: es, fr, de, pt_BR, ru, ko.

interface PresetTexts {
  body: string;
  security: string;
  /** `{n}` stands for the minutes. */
  footer: string;
  copy: string;
  autofill: string;
}

/** Also Arabic's, whose own wording was nowhere to be read. */
const ENGLISH_FOOTER = 'This code expires in {n} minutes.';

const PRESETS: Record<string, PresetTexts> = {
  en: {
    body: '*{{1}}* is your verification code.',
    security: 'For your security, do not share this code.',
    footer: 'This code expires in {n} minutes.',
    copy: 'Copy code',
    autofill: 'Autofill',
  },
  es: {
    body: 'Tu código de verificación es *{{1}}*.',
    security: 'Por tu seguridad, no lo compartas.',
    footer: 'Este código caduca en {n} minutos.',
    copy: 'Copiar código',
    autofill: 'Autocompletar',
  },
  pt_BR: {
    body: 'Seu código de verificação é *{{1}}*.',
    security: 'Para sua segurança, não o compartilhe.',
    footer: 'Este código expira em {n} minutos.',
    copy: 'Copiar código',
    autofill: 'Preenchimento automático',
  },
  pt_PT: {
    body: '*{{1}}* é o teu código de verificação.',
    security: 'Para tua segurança, não partilhes este código.',
    footer: 'Este código expira dentro de {n} minutos.',
    copy: 'Copiar código',
    autofill: 'Preencher automaticamente',
  },
  fr: {
    body: 'Votre code de vérification est *{{1}}*.',
    security: 'Pour votre sécurité, ne le partagez pas.',
    footer: 'Ce code expire dans {n} minutes.',
    copy: 'Copier le code',
    autofill: 'Saisie automatique',
  },
  de: {
    body: 'Dein Verifizierungscode lautet *{{1}}*.',
    security: 'Aus Sicherheitsgründen solltest du den Code nicht teilen.',
    footer: 'Dieser Code verfällt in {n} Minuten.',
    copy: 'Code kopieren',
    autofill: 'Automatisch ausfüllen',
  },
  it: {
    body: '*{{1}}* è il tuo codice di verifica.',
    security: 'Per garantire la tua sicurezza, ti consigliamo di non condividere questo codice.',
    footer: 'Questo codice scadrà tra {n} minuti.',
    copy: 'Copia codice',
    autofill: 'Inserimento automatico',
  },
  nl: {
    body: '*{{1}}* is je verificatiecode.',
    security: 'Deel deze code om veiligheidsredenen niet.',
    footer: 'Deze code verloopt over {n} minuten.',
    copy: 'Code kopiëren',
    autofill: 'Automatisch invullen',
  },
  id: {
    body: '*{{1}}* adalah kode verifikasi Anda.',
    security: 'Demi keamanan, jangan bagikan kode ini.',
    footer: 'Kode ini kedaluwarsa dalam {n} menit.',
    copy: 'Salin kode',
    autofill: 'Isi otomatis',
  },
  tr: {
    body: '*{{1}}* doğrulama kodun.',
    security: 'Güvenliğin için bu kodu paylaşma.',
    footer: 'Bu kodun süresi {n} dakika sonra doluyor.',
    copy: 'Kodu kopyala',
    autofill: 'Otomatik doldur',
  },
  pl: {
    body: '*{{1}}* to kod weryfikacyjny.',
    security: 'Ze względów bezpieczeństwa nie udostępniaj tego kodu.',
    footer: 'Ten kod wygaśnie za {n} minut.',
    copy: 'Skopiuj kod',
    autofill: 'Uzupełnij automatycznie',
  },
  ru: {
    body: 'Ваш код подтверждения — *{{1}}*.',
    security: 'Из соображений безопасности не сообщайте никому этот код.',
    footer: 'Срок действия этого кода истекает через {n} минут.',
    copy: 'Копировать код',
    autofill: 'Заполнить автоматически',
  },
  uk: {
    body: 'Ваш код підтвердження – *{{1}}*.',
    security: 'З міркувань безпеки не повідомляйте нікому цей код.',
    footer: 'Термін дії цього коду закінчується через {n} хвилин.',
    copy: 'Копіювати код',
    autofill: 'Заповнити автоматично',
  },
  hi: {
    body: '*{{1}}* आपका वेरिफ़िकेशन कोड है.',
    security: 'अपनी सुरक्षा के लिए, इस कोड को किसी के साथ शेयर न करें.',
    footer: 'इस कोड की समय-सीमा {n} मिनट में समाप्त हो जाएगी',
    copy: 'कोड कॉपी करें',
    autofill: 'अपने आप भरें',
  },
  ar: {
    body: '*{{1}}* هو رمز التحقق الخاص بك.',
    security: 'للحفاظ على أمانك، تجنب مشاركة هذا الرمز.',
    footer: ENGLISH_FOOTER,
    copy: 'نسخ الرمز',
    autofill: 'ملء تلقائي',
  },
  zh_CN: {
    body: '*{{1}}* 是你的验证码。',
    security: '为安全起见，请不要分享这组验证码。',
    footer: '这组验证码将在 {n} 分钟后过期。',
    copy: '复制验证码',
    autofill: '自动填写',
  },
  ja: {
    body: '*{{1}}*があなたの認証コードです。',
    security: 'セキュリティのため、このコードは他の人に共有しないでください。',
    footer: 'このコードは{n}分後に期限切れとなります',
    copy: 'コードをコピー',
    autofill: '自動入力',
  },
  ko: {
    body: '인증 코드는 *{{1}}*입니다.',
    security: '보안을 위해 이 코드는 공유하지 마세요.',
    footer: '이 코드는 {n}분 후에 만료됩니다.',
    copy: '코드 복사',
    autofill: '자동 입력',
  },
  vi: {
    body: '*{{1}}* là mã xác minh của bạn.',
    security: 'Để bảo mật, bạn đừng chia sẻ mã này.',
    footer: 'Mã này sẽ hết hạn trong {n} phút nữa.',
    copy: 'Sao chép mã',
    autofill: 'Tự động điền',
  },
};

export function presetTexts(language: string): PresetTexts {
  return PRESETS[language] ?? PRESETS[language.split('_', 1)[0] ?? ''] ?? PRESETS.en!;
}

export function presetBody(language: string, withSecurity: boolean): string {
  const { body, security } = presetTexts(language);
  return withSecurity ? `${body} ${security}` : body;
}

export function presetFooter(language: string, minutes: number): string {
  return presetTexts(language).footer.replace('{n}', String(minutes));
}
