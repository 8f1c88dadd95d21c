import { baseOf } from './reply-words.js';

/** Everything that the kind `inbound` says to people: in the chat, in the text they send, and on its page. */
export interface InboundTexts {
  /** What the chat is opened with. */
  prefilled: { login(token: string): string; consent(token: string): string };
  /** From where, as far as the caller knows. */
  question(device: string | undefined, city: string | undefined, numbers: readonly string[]): string;
  consentQuestion(wording: string): string;
  buttons: { yes: string; no: string };
  signedIn: string;
  notSignedIn: string;
  wrongNumber: string;
  noMoreNumbers: string;
  agreed: string;
  refused: string;
  withdrawn: string;
  unclear: string;
  late: string;
  used: string;
  unknown: string;
  misspelt: string;
  notYours: string;
  noNumber: string;
  page: PageTexts;
}

export interface PageTexts {
  title: { login: string; consent: string };
  scan: string;
  open: Record<'whatsapp' | 'sms' | 'smsApple' | 'viber' | 'line' | 'zalo' | 'kakao', string>;
  /** Where the chat cannot be opened from here. */
  type(sender: string): string;
  wording: string;
  number: string;
  answer: string;
  until(time: string): string;
  approved: string;
  denied: string;
  ended: string;
  unknown: string;
  refresh: string;
}

const en: InboundTexts = {
  prefilled: {
    login: (token) => `My sign-in code is ${token}`,
    consent: (token) => `I would like to take part. My code is ${token}`,
  },
  question: (device, city, numbers) =>
    `Somebody is signing in on ${where(device ?? 'a browser', city, 'in')}. Which number does the page show: ${list(numbers, 'or')}? ` +
    'If it was not you, or somebody sent you the code, answer NO.',
  consentQuestion: (wording) =>
    `${wording}\n\nAnswer YES to agree, or NO. You can withdraw at any time with STOP.`,
  buttons: { yes: 'Yes', no: 'No' },
  signedIn: 'That is right. Go back to the page: you are signed in there.',
  notSignedIn: 'Stopped. Nobody was signed in.',
  wrongNumber:
    'That is not the number on the page. Look again, and answer NO if you do not see the page yourself.',
  noMoreNumbers:
    'That was not the number either, so nobody was signed in. Open the page again for a new code.',
  agreed: 'Thank you, that is noted. You can withdraw at any time with STOP.',
  refused: 'That is noted: you did not agree.',
  withdrawn: 'You are unsubscribed. What you agreed to is withdrawn.',
  unclear: 'We did not understand that.',
  late: 'That code has ended and nothing was changed. Open the page again for a new one.',
  used: 'That code was used before and nothing was changed. Open the page again for a new one.',
  unknown: 'We do not know that code. Send it as the page shows it, or open the page again for a new one.',
  misspelt: 'That is almost a code. Send it as the page shows it: ten letters and digits.',
  notYours: 'That code is meant for another number. Nothing was changed.',
  noNumber: 'We cannot see your phone number here, so the code was not taken. Nothing was changed.',
  page: {
    title: { login: 'Sign in by a message', consent: 'Agree by a message' },
    scan: 'Scan this with your phone, or open the chat here, and send the message that is ready there.',
    open: {
      whatsapp: 'Open WhatsApp',
      sms: 'Open messages (SMS)',
      smsApple: 'Open messages on an iPhone',
      viber: 'Open Viber',
      line: 'Open LINE',
      zalo: 'Open Zalo',
      kakao: 'Open KakaoTalk',
    },
    type: (sender) => `Or write this code yourself, to ${sender}:`,
    wording: 'You agree to this:',
    number: 'Your number is',
    answer: 'Your message has come. Answer the question in the chat.',
    until: (time) => `The code is good until ${time} (UTC).`,
    approved: 'Done. You can go on where you came from.',
    denied: 'It was stopped in the chat.',
    ended: 'This code has ended. Go back and ask for a new one.',
    unknown: 'There is nothing at this address.',
    refresh: 'This page looks again every five seconds.',
  },
};

const es: InboundTexts = {
  prefilled: {
    login: (token) => `Mi código de acceso es ${token}`,
    consent: (token) => `Quiero participar. Mi código es ${token}`,
  },
  question: (device, city, numbers) =>
    `Alguien inicia sesión en ${where(device ?? 'un navegador', city, 'en')}. ¿Qué número muestra la página: ${list(numbers, 'o')}? ` +
    'Si no es usted, o si alguien le envió el código, responda NO.',
  consentQuestion: (wording) =>
    `${wording}\n\nResponda SÍ para aceptar, o NO. Puede retirarlo en cualquier momento con BAJA.`,
  buttons: { yes: 'Sí', no: 'No' },
  signedIn: 'Correcto. Vuelva a la página: allí ya ha iniciado sesión.',
  notSignedIn: 'Detenido. Nadie ha iniciado sesión.',
  wrongNumber: 'Ese no es el número de la página. Mire otra vez, y responda NO si no ve usted la página.',
  noMoreNumbers:
    'Tampoco era ese número, así que nadie ha iniciado sesión. Abra la página de nuevo para obtener otro código.',
  agreed: 'Gracias, queda registrado. Puede retirarlo en cualquier momento con BAJA.',
  refused: 'Queda registrado: no ha aceptado.',
  withdrawn: 'Ha quedado dado de baja. Lo que aceptó queda retirado.',
  unclear: 'No hemos entendido eso.',
  late: 'Ese código ha caducado y no se ha cambiado nada. Abra la página de nuevo para obtener otro.',
  used: 'Ese código ya se usó y no se ha cambiado nada. Abra la página de nuevo para obtener otro.',
  unknown: 'No conocemos ese código. Envíelo como lo muestra la página, o ábrala de nuevo para obtener otro.',
  misspelt: 'Eso es casi un código. Envíelo como lo muestra la página: diez letras y cifras.',
  notYours: 'Ese código es para otro número. No se ha cambiado nada.',
  noNumber:
    'Aquí no podemos ver su número de teléfono, así que no se aceptó el código. No se ha cambiado nada.',
  page: {
    title: { login: 'Inicie sesión con un mensaje', consent: 'Acepte con un mensaje' },
    scan: 'Escanee esto con su teléfono, o abra aquí el chat, y envíe el mensaje que está preparado.',
    open: {
      whatsapp: 'Abrir WhatsApp',
      sms: 'Abrir mensajes (SMS)',
      smsApple: 'Abrir mensajes en un iPhone',
      viber: 'Abrir Viber',
      line: 'Abrir LINE',
      zalo: 'Abrir Zalo',
      kakao: 'Abrir KakaoTalk',
    },
    type: (sender) => `O escriba usted este código, a ${sender}:`,
    wording: 'Usted acepta esto:',
    number: 'Su número es',
    answer: 'Su mensaje ha llegado. Responda a la pregunta en el chat.',
    until: (time) => `El código vale hasta las ${time} (UTC).`,
    approved: 'Listo. Puede seguir donde estaba.',
    denied: 'Se detuvo en el chat.',
    ended: 'Este código ha caducado. Vuelva atrás y pida otro.',
    unknown: 'No hay nada en esta dirección.',
    refresh: 'Esta página vuelve a mirar cada cinco segundos.',
  },
};

const pt: InboundTexts = {
  prefilled: {
    login: (token) => `Meu código de acesso é ${token}`,
    consent: (token) => `Quero participar. Meu código é ${token}`,
  },
  question: (device, city, numbers) =>
    `Alguém está entrando em ${where(device ?? 'um navegador', city, 'em')}. Que número a página mostra: ${list(numbers, 'ou')}? ` +
    'Se não é você, ou se alguém lhe enviou o código, responda NÃO.',
  consentQuestion: (wording) =>
    `${wording}\n\nResponda SIM para aceitar, ou NÃO. Você pode retirar a qualquer momento com PARAR.`,
  buttons: { yes: 'Sim', no: 'Não' },
  signedIn: 'Certo. Volte à página: você já entrou por lá.',
  notSignedIn: 'Interrompido. Ninguém entrou.',
  wrongNumber: 'Esse não é o número da página. Olhe de novo, e responda NÃO se você não vê a página.',
  noMoreNumbers:
    'Também não era esse número, então ninguém entrou. Abra a página de novo para obter outro código.',
  agreed: 'Obrigado, está registrado. Você pode retirar a qualquer momento com PARAR.',
  refused: 'Está registrado: você não aceitou.',
  withdrawn: 'Você foi descadastrado. O que você aceitou foi retirado.',
  unclear: 'Não entendemos isso.',
  late: 'Esse código expirou e nada foi alterado. Abra a página de novo para obter outro.',
  used: 'Esse código já foi usado e nada foi alterado. Abra a página de novo para obter outro.',
  unknown: 'Não conhecemos esse código. Envie-o como a página o mostra, ou abra-a de novo para obter outro.',
  misspelt: 'Isso é quase um código. Envie-o como a página o mostra: dez letras e algarismos.',
  notYours: 'Esse código é para outro número. Nada foi alterado.',
  noNumber:
    'Aqui não podemos ver o seu número de telefone, então o código não foi aceito. Nada foi alterado.',
  page: {
    title: { login: 'Entre com uma mensagem', consent: 'Aceite com uma mensagem' },
    scan: 'Escaneie isto com o seu telefone, ou abra o chat aqui, e envie a mensagem que está pronta.',
    open: {
      whatsapp: 'Abrir o WhatsApp',
      sms: 'Abrir as mensagens (SMS)',
      smsApple: 'Abrir as mensagens em um iPhone',
      viber: 'Abrir o Viber',
      line: 'Abrir o LINE',
      zalo: 'Abrir o Zalo',
      kakao: 'Abrir o KakaoTalk',
    },
    type: (sender) => `Ou escreva você este código, para ${sender}:`,
    wording: 'Você aceita isto:',
    number: 'O seu número é',
    answer: 'A sua mensagem chegou. Responda à pergunta no chat.',
    until: (time) => `O código vale até ${time} (UTC).`,
    approved: 'Pronto. Você pode continuar de onde veio.',
    denied: 'Foi interrompido no chat.',
    ended: 'Este código expirou. Volte e peça outro.',
    unknown: 'Não há nada neste endereço.',
    refresh: 'Esta página olha de novo a cada cinco segundos.',
  },
};

const TEXTS: Record<string, InboundTexts> = { en, es, pt };

/** In the language's base, or in English. */
export function inboundTexts(language: string): InboundTexts {
  return TEXTS[baseOf(language)] ?? en;
}

/** The language whose prefilled words a message still holds; undefined when it holds none. */
export function languageOfPrefilled(text: string): string | undefined {
  const said = text.toLowerCase();
  return Object.entries(TEXTS).find(([, { prefilled }]) =>
    [prefilled.login(''), prefilled.consent('')].some((words) => said.includes(words.trim().toLowerCase())),
  )?.[0];
}

function where(device: string, city: string | undefined, inWord: string): string {
  return city === undefined ? device : `${device} ${inWord} ${city}`;
}

function list(items: readonly string[], or: string): string {
  return `${items.slice(0, -1).join(', ')} ${or} ${items.at(-1)}`;
}
