// Questions of kind confirm: their template in three languages, a generator on each channel, and what people do with one.
import { randomBytes } from 'node:crypto';
import { type Answer, type House, until } from './house.js';
import { type Bubble, type Person, person } from './person.js';

export const PAYMENT = { amount: '1,250.00', currency: 'MXN', payee: 'ACME & Söhne' };

const WORDING: Record<string, { body: string; yes: string; no: string }> = {
  en: { body: 'Did you pay {{1}} {{2}} to {{3}}? Answer within 10 minutes.', yes: 'Yes', no: 'No' },
  es: { body: '¿Pagó usted {{1}} {{2}} a {{3}}? Responda en 10 minutos.', yes: 'Sí', no: 'No' },
  pt_BR: { body: 'Você pagou {{1}} {{2}} a {{3}}? Responda em 10 minutos.', yes: 'Sim', no: 'Não' },
};

export const RULES = {
  name: 'question',
  kind: 'confirm',
  purposes: ['transaction'],
  confirm: { parameters: ['amount', 'currency', 'payee'] },
};

/** A body as its payment fills it. */
export const asked = (language: string): string =>
  WORDING[language]!.body.replace(
    /\{\{(\d)\}\}/g,
    (_whole, at: string) => Object.values(PAYMENT)[Number(at) - 1]!,
  );

export async function questionTemplate(
  house: House,
  account: string,
  buttons?: (words: { yes: string; no: string }) => object[],
): Promise<string> {
  const languages = Object.entries(WORDING).map(([language, { body, yes, no }]) => ({
    language,
    body,
    samples: ['10.00', 'EUR', 'Ana'],
    buttons: buttons?.({ yes, no }) ?? [
      { type: 'QUICK_REPLY', text: yes },
      { type: 'QUICK_REPLY', text: no },
    ],
  }));
  return approvedTemplate(house, { account, category: 'UTILITY', languages });
}

async function approvedTemplate(house: House, body: object): Promise<string> {
  const name = `question_${randomBytes(4).toString('hex')}`;
  const created = await house.call('POST', '/v1/templates', { name, ...body });
  if (created.status !== 201) throw new Error(created.text);
  await until(
    () => house.call('POST', `/v1/templates/${created.json.id}/sync`),
    ({ json }) => json.languages.every(({ status }: { status: string }) => status === 'approved'),
  );
  return created.json.id;
}

export async function questionGenerator(
  house: House,
  channels: object[],
  rules: object = {},
): Promise<string> {
  const saved = await house.call('POST', '/v1/generators', { ...RULES, channels, ...rules });
  if (saved.status !== 201) throw new Error(saved.text);
  return saved.json.id;
}

export function pay(house: House, generator: string, receiver: string, more: object = {}): Promise<Answer> {
  return house.call('POST', '/v1/challenges', {
    generator,
    receiver,
    purpose: 'transaction',
    context: PAYMENT,
    ...more,
  });
}

let receivers = 0;
/** Nobody has met them before: a phone of its own for each question. */
export const newReceiver = (): string => `+5255180${String(++receivers).padStart(5, '0')}`;

export interface OpenQuestion {
  id: string;
  receiver: string;
  ana: Person;
  bubble: Bubble;
  /** Of a text. */
  reference: string;
}

/** Opens a question and waits until it is on its receiver's phone. */
export async function ask(
  house: House,
  generator: string,
  channel: string,
  {
    receiver = newReceiver(),
    since,
    ...more
  }: { receiver?: string; since?: Bubble } & Record<string, unknown> = {},
): Promise<OpenQuestion> {
  const opened = await pay(house, generator, receiver, more);
  if (opened.status !== 201) throw new Error(opened.text);
  const ana = person(house, receiver);
  const bubble = await ana.waitsFor(channel, /[?]/, since);
  return {
    id: opened.json.id,
    receiver,
    ana,
    bubble,
    reference: / (\d\d)\b(?= )/.exec(bubble.text.split('\n')[1] ?? '')?.[1] ?? '',
  };
}

export const settled = (house: House, id: string, status: string): Promise<Answer> =>
  until(
    () => house.call('GET', `/v1/challenges/${id}`),
    ({ json }) => json.status === status,
  );

export const timeline = async (
  house: House,
  id: string,
  type: string,
): Promise<{ reason?: string; shown?: string }[]> =>
  (await house.call('GET', `/v1/challenges/${id}/timeline`)).json.items?.filter(
    (item: { type: string }) => item.type === type,
  ) ?? [];
