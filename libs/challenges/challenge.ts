import { type Kind, type Purpose, PURPOSES } from '#generators';
import type { Price } from '#limits';
import type { Channel } from '#providers';
import type { Identifier } from '#platform/identifiers';
import {
  type ChallengeState,
  MESSAGE_STATE_OF_LETTER,
  type MessageState,
  STATE_OF_LETTER,
} from './challenge-state.js';
import { channelOfLetter } from './channel-letters.js';
import type { AnsweredBy } from './hot-store/question-store.js';
import { kindOfLetter } from './kind-letters.js';
import { joinSealed } from './code-vault.js';

export { type Purpose, PURPOSES };

export interface Message {
  number: number;
  channel: Channel;
  state: MessageState;
  attempts: number;
  /** An earlier try may have arrived as well; both carry the same code. */
  duplicatePossible: boolean;
  reason?: string;
  /** What the provider charges, once a receipt told. */
  price?: Price;
}

/** How a person's own answer came, to which message, and what that had shown: SHA-256, base64url. */
export interface Decision {
  by: AnsweredBy;
  message: number;
  shown: string;
}

/** A challenge as it is now, read from Redis or, when it has left there, from its history. */
export interface Challenge {
  id: Identifier;
  tenantId: Identifier;
  generatorId: Identifier;
  generatorVersion: number;
  kind: Kind;
  state: ChallengeState;
  reason?: string;
  mode: 'live' | 'test';
  purpose: Purpose;
  openedAt: number;
  expiresAt: number;
  resendFrom?: number;
  endedAt?: number;
  failures: number;
  allowed?: number;
  sends: number;
  language?: string;
  metadata?: Record<string, unknown>;
  /** Nothing was sent: the receiver is one of the tenant's test numbers. */
  testNumber: boolean;
  /** Empty while nobody has written to us, and when it was erased or kept long enough. */
  sealedReceiver: string;
  messages: Message[];
  /** Of a question that its receiver decided. */
  decision?: Decision;
  /** Of the kind `inbound`: when somebody wrote to us, and where. */
  received?: { at: number; channel: Channel };
  /** Only on a disclosure. */
  sealedCode?: string;
}

/** Reads the record of `record.lua`. */
export function fromRecord(id: Identifier, record: ReadonlyMap<string, string>): Challenge {
  const [generatorId, version] = record.get('g')!.split(':') as [string, string];
  const sends = Number(record.get('n'));
  const number = (name: string): number | undefined =>
    record.has(name) ? Number(record.get(name)) : undefined;
  return {
    id,
    tenantId: record.get('t')!,
    generatorId,
    generatorVersion: Number(version),
    kind: kindOfLetter(record.get('k')),
    state: STATE_OF_LETTER[record.get('s')!]!,
    reason: record.get('w') || undefined,
    mode: record.get('y') === 'test' ? 'test' : 'live',
    purpose: (record.get('p') as Purpose | undefined) ?? 'authentication',
    openedAt: Number(record.get('o')),
    expiresAt: Number(record.get('e')),
    resendFrom: number('ra'),
    endedAt: number('a'),
    failures: Number(record.get('f')),
    allowed: number('fm'),
    sends,
    language: record.get('lg'),
    metadata: record.has('md') ? (JSON.parse(record.get('md')!) as Record<string, unknown>) : undefined,
    testNumber: record.has('tn'),
    sealedReceiver: joinSealed(record, 'sr'),
    messages: readMessages(record, sends),
    decision: readDecision(record),
    received: record.has('rv')
      ? { at: Number(record.get('rv')), channel: channelOfLetter(record.get('rc')!) }
      : undefined,
    sealedCode: record.get('c'),
  };
}

/** A strict approval knows its answer before it is one. */
function readDecision(record: ReadonlyMap<string, string>): Decision | undefined {
  const [by, message] = [record.get('dv') as AnsweredBy | undefined, record.get('dm')];
  if (by === undefined || message === undefined || !'AD'.includes(record.get('s')!)) return undefined;
  return { by, message: Number(message), shown: record.get(`wd${message}`) ?? '' };
}

function readMessages(record: ReadonlyMap<string, string>, sends: number): Message[] {
  const messages: Message[] = [];
  for (let number = 1; number <= sends; number++) {
    const [state, channel, attempts, , , account, flags] = (record.get(`m${number}`) ?? '').split(':');
    // A successor holds empty places for the messages of the challenge it replaced.
    if (!state || !account) continue;
    messages.push({
      number,
      channel: channelOfLetter(channel!),
      state: MESSAGE_STATE_OF_LETTER[state]!,
      attempts: Number(attempts),
      duplicatePossible: flags!.includes('d'),
      reason: record.get(`r${number}`),
      price: readPrice(record.get(`c${number}`)),
    });
  }
  return messages;
}

function readPrice(text: string | undefined): Price | undefined {
  const [micros, currency] = text?.split(':') ?? [];
  return currency === undefined ? undefined : { micros: Number(micros), currency };
}
