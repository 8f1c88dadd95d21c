import type { AuthenticationContent, TemplatePreview } from '#providers';

/** Body, security line, footer (`N` stands for the minutes), copy button, autofill button. */
type Preset = readonly [body: string, security: string, footer: string, copy: string, autofill: string];

/**
 * The texts WhatsApp prescribes, as far as they were seen: what a preview shows where the provider gives none. Never
 * what is sent, which is WhatsApp's own. Of Arabic the footer is not known.
 */
const PRESETS: Record<string, Preset> = {
  en: [
    '*{{1}}* is your verification code.',
    'For your security, do not share this code.',
    'This code expires in N minutes.',
    'Copy code',
    'Autofill',
  ],
  es: [
    'Tu código de verificación es *{{1}}*.',
    'Por tu seguridad, no lo compartas.',
    'Este código caduca en N minutos.',
    'Copiar código',
    'Autocompletar',
  ],
  pt_BR: [
    'Seu código de verificação é *{{1}}*.',
    'Para sua segurança, não o compartilhe.',
    'Este código expira em N minutos.',
    'Copiar código',
    'Preenchimento automático',
  ],
  pt_PT: [
    '*{{1}}* é o teu código de verificação.',
    'Para tua segurança, não partilhes este código.',
    'Este código expira dentro de N minutos.',
    'Copiar código',
    'Preencher automaticamente',
  ],
  fr: [
    'Votre code de vérification est *{{1}}*.',
    'Pour votre sécurité, ne le partagez pas.',
    'Ce code expire dans N minutes.',
    'Copier le code',
    'Saisie automatique',
  ],
  de: [
    'Dein Verifizierungscode lautet *{{1}}*.',
    'Aus Sicherheitsgründen solltest du den Code nicht teilen.',
    'Dieser Code verfällt in N Minuten.',
    'Code kopieren',
    'Automatisch ausfüllen',
  ],
  it: [
    '*{{1}}* è il tuo codice di verifica.',
    'Per garantire la tua sicurezza, ti consigliamo di non condividere questo codice.',
    'Questo codice scadrà tra N minuti.',
    'Copia codice',
    'Inserimento automatico',
  ],
  nl: [
    '*{{1}}* is je verificatiecode.',
    'Deel deze code om veiligheidsredenen niet.',
    'Deze code verloopt over N minuten.',
    'Code kopiëren',
    'Automatisch invullen',
  ],
  id: [
    '*{{1}}* adalah kode verifikasi Anda.',
    'Demi keamanan, jangan bagikan kode ini.',
    'Kode ini kedaluwarsa dalam N menit.',
    'Salin kode',
    'Isi otomatis',
  ],
  tr: [
    '*{{1}}* doğrulama kodun.',
    'Güvenliğin için bu kodu paylaşma.',
    'Bu kodun süresi N dakika sonra doluyor.',
    'Kodu kopyala',
    'Otomatik doldur',
  ],
  pl: [
    '*{{1}}* to kod weryfikacyjny.',
    'Ze względów bezpieczeństwa nie udostępniaj tego kodu.',
    'Ten kod wygaśnie za N minut.',
    'Skopiuj kod',
    'Uzupełnij automatycznie',
  ],
  ru: [
    'Ваш код подтверждения — *{{1}}*.',
    'Из соображений безопасности не сообщайте никому этот код.',
    'Срок действия этого кода истекает через N минут.',
    'Копировать код',
    'Заполнить автоматически',
  ],
  uk: [
    'Ваш код підтвердження – *{{1}}*.',
    'З міркувань безпеки не повідомляйте нікому цей код.',
    'Термін дії цього коду закінчується через N хвилин.',
    'Копіювати код',
    'Заповнити автоматично',
  ],
  hi: [
    '*{{1}}* आपका वेरिफ़िकेशन कोड है.',
    'अपनी सुरक्षा के लिए, इस कोड को किसी के साथ शेयर न करें.',
    'इस कोड की समय-सीमा N मिनट में समाप्त हो जाएगी',
    'कोड कॉपी करें',
    'अपने आप भरें',
  ],
  ar: [
    '*{{1}}* هو رمز التحقق الخاص بك.',
    'للحفاظ على أمانك، تجنب مشاركة هذا الرمز.',
    'This code expires in N minutes.',
    'نسخ الرمز',
    'ملء تلقائي',
  ],
  zh_CN: [
    '*{{1}}* 是你的验证码。',
    '为安全起见，请不要分享这组验证码。',
    '这组验证码将在 N 分钟后过期。',
    '复制验证码',
    '自动填写',
  ],
  ja: [
    '*{{1}}*があなたの認証コードです。',
    'セキュリティのため、このコードは他の人に共有しないでください。',
    'このコードはN分後に期限切れとなります',
    'コードをコピー',
    '自動入力',
  ],
  ko: [
    '인증 코드는 *{{1}}*입니다.',
    '보안을 위해 이 코드는 공유하지 마세요.',
    '이 코드는 N분 후에 만료됩니다.',
    '코드 복사',
    '자동 입력',
  ],
  vi: [
    '*{{1}}* là mã xác minh của bạn.',
    'Để bảo mật, bạn đừng chia sẻ mã này.',
    'Mã này sẽ hết hạn trong N phút nữa.',
    'Sao chép mã',
    'Tự động điền',
  ],
};

/** WhatsApp itself has English texts for these. */
const ENGLISH = new Set('az ca fa ga ha kk ky_KG lo rw_RW uz zu'.split(' '));

/** `textLanguage` tells that the text is in another language than the one asked for, which the table lacks. */
export function presetPreview(
  language: string,
  content: AuthenticationContent,
): TemplatePreview & { textLanguage?: string } {
  const base = language.split('_', 1)[0]!;
  const known = [language, base].find((code) => Object.hasOwn(PRESETS, code));
  const [body, security, footer, copy, autofill] = PRESETS[known ?? 'en']!;
  const { addSecurityRecommendation, codeExpirationMinutes: minutes, otpType = 'COPY_CODE' } = content;
  const copyButton = content.copyCodeButtonText ?? copy;
  return {
    language,
    ...(known === undefined && !ENGLISH.has(language) && { textLanguage: 'en' }),
    body: addSecurityRecommendation ? `${body} ${security}` : body,
    ...(minutes !== undefined && { footer: footer.replace('N', String(minutes)) }),
    buttons: otpType === 'COPY_CODE' ? [copyButton] : [content.autofillButtonText ?? autofill, copyButton],
  };
}
