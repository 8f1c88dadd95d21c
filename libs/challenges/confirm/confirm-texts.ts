import type { Purpose } from '#generators';

/** Everything that a person reads of a question in one language, but for the operator's own words. */
export interface ConfirmTexts {
  /** The question itself, where the operator gave no words. A transaction names what it is about. */
  question: Record<Purpose, string>;
  /** Ends every question on a channel that carries text. */
  howToAnswer: string;
  buttons: Record<'yes' | 'no', string>;
  /** What is said to an answer. */
  yesTaken: string;
  noTaken: string;
  /** Neither yes nor no: by reference, or by button where there are buttons. */
  notUnderstood: string;
  notUnderstoodButtons: string;
  /** Several questions were asked, and the answer names none. */
  whichOne: string;
  whichOneButtons: string;
  tooLate: string;
  answeredBefore: string;
  /** The number is in other hands, perhaps: no yes is taken from it. */
  notTrusted: string;
}

const ENGLISH: ConfirmTexts = {
  question: {
    authentication: 'Is it you who is signing in now?',
    address_verification: 'Did you ask us to use this number?',
    recovery: 'Is it you who is recovering your account now?',
    transaction: 'Did you make this payment: {{amount}} {{currency}} to {{payee}}?',
  },
  howToAnswer:
    'Reply Y {{reference}} for yes or N {{reference}} for no within {{minutes}} min. Without an answer nothing is done.',
  buttons: { yes: 'Yes', no: 'No' },
  yesTaken: 'Thank you. Your answer is YES.',
  noTaken: 'Thank you. Your answer is NO: it will not be done.',
  notUnderstood:
    'We did not understand your answer. Reply only Y {{reference}} for yes or N {{reference}} for no.',
  notUnderstoodButtons: 'We did not understand your answer. Please press a button: yes or no?',
  whichOne:
    'Which one? We asked you more than one question: reply with its number, for example Y {{reference}}.',
  whichOneButtons:
    'Which one? We asked you more than one question: press the button under the one that you mean.',
  tooLate: 'Too late: this question has ended. Nothing was changed.',
  answeredBefore: 'This question was answered before. Nothing was changed.',
  notTrusted: 'Your phone or number changed not long ago, so we take no yes from it now. Please contact us.',
};

const SPANISH: ConfirmTexts = {
  question: {
    authentication: '¿Es usted quien está iniciando sesión ahora?',
    address_verification: '¿Nos pidió usted usar este número?',
    recovery: '¿Es usted quien está recuperando su cuenta ahora?',
    transaction: '¿Hizo usted este pago: {{amount}} {{currency}} a {{payee}}?',
  },
  howToAnswer:
    'Responda SI {{reference}} o NO {{reference}} en {{minutes}} min. Sin respuesta no se hará nada.',
  buttons: { yes: 'Sí', no: 'No' },
  yesTaken: 'Gracias. Su respuesta es SÍ.',
  noTaken: 'Gracias. Su respuesta es NO: no se hará.',
  notUnderstood: 'No entendimos su respuesta. Responda solo SI {{reference}} o NO {{reference}}.',
  notUnderstoodButtons: 'No entendimos su respuesta. Pulse un botón: ¿sí o no?',
  whichOne: '¿Cuál? Le hicimos más de una pregunta: responda con su número, por ejemplo SI {{reference}}.',
  whichOneButtons: '¿Cuál? Le hicimos más de una pregunta: pulse el botón debajo de la que quiere responder.',
  tooLate: 'Demasiado tarde: esta pregunta ya terminó. No se cambió nada.',
  answeredBefore: 'Esta pregunta ya fue respondida. No se cambió nada.',
  notTrusted:
    'Su teléfono o número cambió hace poco, así que ahora no aceptamos un sí desde él. Póngase en contacto con nosotros.',
};

const PORTUGUESE: ConfirmTexts = {
  question: {
    authentication: 'É você quem está entrando agora?',
    address_verification: 'Você pediu para usarmos este número?',
    recovery: 'É você quem está recuperando sua conta agora?',
    transaction: 'Você fez este pagamento: {{amount}} {{currency}} para {{payee}}?',
  },
  howToAnswer:
    'Responda SIM {{reference}} ou NAO {{reference}} em {{minutes}} min. Sem resposta nada será feito.',
  buttons: { yes: 'Sim', no: 'Não' },
  yesTaken: 'Obrigado. Sua resposta é SIM.',
  noTaken: 'Obrigado. Sua resposta é NÃO: não será feito.',
  notUnderstood: 'Não entendemos sua resposta. Responda apenas SIM {{reference}} ou NAO {{reference}}.',
  notUnderstoodButtons: 'Não entendemos sua resposta. Toque em um botão: sim ou não?',
  whichOne: 'Qual delas? Fizemos mais de uma pergunta: responda com o número, por exemplo SIM {{reference}}.',
  whichOneButtons: 'Qual delas? Fizemos mais de uma pergunta: toque no botão abaixo da que quer responder.',
  tooLate: 'Tarde demais: esta pergunta já terminou. Nada foi alterado.',
  answeredBefore: 'Esta pergunta já foi respondida. Nada foi alterado.',
  notTrusted:
    'Seu telefone ou número mudou há pouco tempo, por isso não aceitamos um sim dele agora. Entre em contato conosco.',
};

const TEXTS: Partial<Record<string, ConfirmTexts>> = { en: ENGLISH, es: SPANISH, pt: PORTUGUESE };

/** In the language, else its base language, else English. */
export function confirmTexts(language: string | undefined): ConfirmTexts {
  return TEXTS[(language ?? '').split('_', 1)[0]!] ?? ENGLISH;
}

/** Puts the values in, once: what looks like a placeholder inside a value stays as it is (ATK-41). */
export function fillText(text: string, values: Readonly<Partial<Record<string, string>>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? values[name]! : whole,
  );
}
