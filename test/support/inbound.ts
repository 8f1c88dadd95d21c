// Challenges that people answer by writing to us, as an application opens them and a person at a phone meets them.
import { createHash, randomBytes } from 'node:crypto';
import { type Answer, type House, until } from './house.js';
import { addInfobip } from './other-accounts.js';

export const CONSENT = 'The shop may write to me about offers, at most once a week.';

/** Channels whose adapters hear people, and the sender to write to on each. */
export interface Listeners {
  senderOn(channel: string): string;
}

export const LISTENING = ['whatsapp', 'sms', 'viber', 'line', 'zalo', 'kakao'] as const;

/** The demo's own senders, and Infobip's for what the demo has none on. */
export async function listeners(house: House): Promise<Listeners> {
  const infobip = await addInfobip(house);
  const own: Record<string, string> = {
    whatsapp: house.demo.senderAddress,
    sms: house.demo.chat!.sms,
    viber: house.demo.chat!.viber,
  };
  return { senderOn: (channel) => own[channel] ?? infobip.senderOn(channel) };
}

export async function inboundGenerator(
  house: House,
  channels: { channel: string; sender: string; language?: string }[],
  inbound: Record<string, unknown>,
  rules: Record<string, unknown> = {},
): Promise<string> {
  const body = { name: 'inbound', kind: 'inbound', inbound, channels, ...rules };
  const { status, text, json } = await house.call('POST', '/v1/generators', body);
  if (status !== 201) throw new Error(`generator: ${text}`);
  return json.id;
}

/** A browser that asks to be signed in: it keeps a secret, and the application opens with its digest. */
export interface Browser {
  id: string;
  token: string;
  matchNumber: string;
  pageUrl: string;
  links: Record<string, string>;
  qrSvg: string;
  codeVerifier: string;
  /** As its application does, until the answer is more than `pending`. */
  exchange(codeVerifier?: string): Promise<Answer>;
  status(): Promise<Answer['json']>;
  state(): Promise<string>;
  /** Once the challenge is in this state. */
  becomes(state: string): Promise<Answer['json']>;
}

export async function openInbound(
  house: House,
  generator: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Browser> {
  const codeVerifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const pkce = { challenge, method: 'S256' };
  const answer = await house.call('POST', '/v1/challenges', { generator, pkce, ...more }, headers);
  if (answer.status !== 201) throw new Error(`open: ${answer.text}`);
  const { json } = answer;
  const status = async (): Promise<Answer['json']> =>
    (await house.call('GET', `/v1/challenges/${json.id}`, undefined, headers)).json;
  return {
    ...json,
    codeVerifier,
    exchange: (verifier = codeVerifier) =>
      house.call('POST', `/v1/challenges/${json.id}/exchange`, { codeVerifier: verifier }, headers),
    status,
    state: async () => (await status()).status,
    becomes: (state) => until(status, (found) => found.status === state),
  };
}

/** The text that the link of a channel puts into the chat. */
export function prefilled(link: string): string {
  const found = /[?&](?:text|body|draft)=([^&]*)/.exec(link)?.[1] ?? /\?(.*)$/.exec(link)?.[1];
  return decodeURIComponent(found ?? '');
}
