import type { Purpose, Wording } from '#generators';

/** Everything that a person reads about a link, in one language. `{{…}}` is filled in by whoever shows it. */
export interface LinkTexts {
  /** Messages: what the link is for, then how long it works. */
  messages: Record<Purpose, [subject: string, sentence: string]>;
  messageEnd: string;
  ask: Record<Purpose, string>;
  transaction: string;
  /** The browser that asked. */
  from: string;
  started: string;
  numberLabel: string;
  numberHint: string;
  approve: string;
  deny: string;
  numberMissing: string;
  numberWrong: string;
  approved: [title: string, text: string];
  denied: [title: string, text: string];
  locked: [title: string, text: string];
  gone: [title: string, text: string];
  refused: [title: string, text: string];
  waiting: [title: string, text: string];
  continue: string;
}

const EN: LinkTexts = {
  messages: {
    authentication: ['Your sign-in link', 'Open this link to sign in: {{link}}'],
    address_verification: ['Confirm your address', 'Open this link to confirm this address: {{link}}'],
    recovery: ['Recover your account', 'Open this link to recover your account: {{link}}'],
    transaction: ['Authorise a transaction', 'Open this link to look at a transaction: {{link}}'],
  },
  messageEnd: 'It works once, for {{minutes}} minutes. Forward it to nobody.',
  ask: {
    authentication: '{{name}} asks: do you want to sign in?',
    address_verification: '{{name}} asks: is this address yours?',
    recovery: '{{name}} asks: do you want to recover your account?',
    transaction: '{{name}} asks: do you authorise this transaction?',
  },
  transaction: '{{amount}} {{currency}} to {{payee}}',
  from: 'Asked from: {{browser}}',
  started: 'Did you start this? If you did, a number of two digits stands where you did.',
  numberLabel: 'The two digits',
  numberHint: 'Nobody else needs this number. Type it here only, and only if you see it on your own screen.',
  approve: 'Yes, approve',
  deny: 'This wasn’t me',
  numberMissing: 'Type the two digits that stand where you started this.',
  numberWrong: 'That is not the number. Tries left: {{left}}.',
  approved: ['Approved', 'You can close this page and go on where you started.'],
  denied: ['Thank you', 'Nothing was approved, and the link is void.'],
  locked: ['Too many wrong numbers', 'The link is void. Start again where you began.'],
  gone: [
    'This link does not work',
    'It was used, has expired, or is not whole. Start again to get a new one.',
  ],
  refused: ['This page cannot do that', 'Open the link in your message again.'],
  waiting: ['Open the link in your message', 'There you are asked for this number:'],
  continue: 'Continue',
};

const ES: LinkTexts = {
  messages: {
    authentication: ['Su enlace de acceso', 'Abra este enlace para iniciar sesión: {{link}}'],
    address_verification: [
      'Confirme su dirección',
      'Abra este enlace para confirmar esta dirección: {{link}}',
    ],
    recovery: ['Recupere su cuenta', 'Abra este enlace para recuperar su cuenta: {{link}}'],
    transaction: ['Autorice una operación', 'Abra este enlace para ver una operación: {{link}}'],
  },
  messageEnd: 'Sirve una vez, durante {{minutes}} minutos. No lo reenvíe a nadie.',
  ask: {
    authentication: '{{name}} pregunta: ¿quiere iniciar sesión?',
    address_verification: '{{name}} pregunta: ¿es suya esta dirección?',
    recovery: '{{name}} pregunta: ¿quiere recuperar su cuenta?',
    transaction: '{{name}} pregunta: ¿autoriza esta operación?',
  },
  transaction: '{{amount}} {{currency}} a {{payee}}',
  from: 'Se pidió desde: {{browser}}',
  started: '¿Lo empezó usted? Si es así, donde lo hizo aparece un número de dos cifras.',
  numberLabel: 'Las dos cifras',
  numberHint: 'Nadie más necesita este número. Escríbalo solo aquí, y solo si lo ve en su propia pantalla.',
  approve: 'Sí, aprobar',
  deny: 'No fui yo',
  numberMissing: 'Escriba las dos cifras que aparecen donde lo empezó.',
  numberWrong: 'No es ese número. Intentos que quedan: {{left}}.',
  approved: ['Aprobado', 'Puede cerrar esta página y seguir donde lo empezó.'],
  denied: ['Gracias', 'No se aprobó nada, y el enlace ya no sirve.'],
  locked: ['Demasiados números equivocados', 'El enlace ya no sirve. Empiece de nuevo.'],
  gone: [
    'Este enlace no funciona',
    'Ya se usó, ha caducado o no está completo. Empiece de nuevo para recibir otro.',
  ],
  refused: ['Esta página no puede hacer eso', 'Abra otra vez el enlace de su mensaje.'],
  waiting: ['Abra el enlace de su mensaje', 'Allí se le pedirá este número:'],
  continue: 'Continuar',
};

const PT: LinkTexts = {
  messages: {
    authentication: ['Seu link de acesso', 'Abra este link para entrar: {{link}}'],
    address_verification: ['Confirme seu endereço', 'Abra este link para confirmar este endereço: {{link}}'],
    recovery: ['Recupere sua conta', 'Abra este link para recuperar sua conta: {{link}}'],
    transaction: ['Autorize uma transação', 'Abra este link para ver uma transação: {{link}}'],
  },
  messageEnd: 'Funciona uma vez, por {{minutes}} minutos. Não o encaminhe a ninguém.',
  ask: {
    authentication: '{{name}} pergunta: você quer entrar?',
    address_verification: '{{name}} pergunta: este endereço é seu?',
    recovery: '{{name}} pergunta: você quer recuperar sua conta?',
    transaction: '{{name}} pergunta: você autoriza esta transação?',
  },
  transaction: '{{amount}} {{currency}} para {{payee}}',
  from: 'Pedido feito de: {{browser}}',
  started: 'Foi você quem começou? Se foi, há um número de dois dígitos onde você começou.',
  numberLabel: 'Os dois dígitos',
  numberHint: 'Ninguém mais precisa deste número. Digite-o só aqui, e só se ele estiver na sua própria tela.',
  approve: 'Sim, aprovar',
  deny: 'Não fui eu',
  numberMissing: 'Digite os dois dígitos que aparecem onde você começou.',
  numberWrong: 'Não é esse número. Tentativas restantes: {{left}}.',
  approved: ['Aprovado', 'Você pode fechar esta página e continuar onde começou.'],
  denied: ['Obrigado', 'Nada foi aprovado, e o link não vale mais.'],
  locked: ['Muitos números errados', 'O link não vale mais. Comece de novo.'],
  gone: [
    'Este link não funciona',
    'Já foi usado, expirou ou não está completo. Comece de novo para receber outro.',
  ],
  refused: ['Esta página não pode fazer isso', 'Abra de novo o link da sua mensagem.'],
  waiting: ['Abra o link da sua mensagem', 'Lá será pedido este número:'],
  continue: 'Continuar',
};

const TEXTS: Partial<Record<string, LinkTexts>> = { en: EN, es: ES, pt: PT };

/** In the language's base, or in English; with the language that it is in. */
export function linkTexts(language: string | undefined): { texts: LinkTexts; lang: string } {
  const lang = language?.split('_', 1)[0] ?? '';
  const texts = Object.hasOwn(TEXTS, lang) ? TEXTS[lang] : undefined;
  return texts ? { texts, lang } : { texts: EN, lang: 'en' };
}

/** The wording of a step that has none. What a transaction is about the page says: the link may lie about for long. */
export function linkWording(language: string, purpose: Purpose): Wording {
  const { messages, messageEnd } = linkTexts(language).texts;
  const [subject, sentence] = messages[purpose];
  return { subject, text: `${sentence} ${messageEnd}` };
}
