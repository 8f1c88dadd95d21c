// Owns reading what callers send to /_sim.

import { LOG_CAPACITY, type MessageQuery } from '../core/message-log.js';
import { digitsOf, isMailAddress } from '../core/phone-number.js';
import { digits, flag, integer, list, object, oneOf, ShapeError, text } from '../core/shape.js';
import { CHANNELS } from '../core/message.js';
import type { ReplyRequest, WriteRequest } from '../core/replies.js';
import type { AccountSpec } from '../graph/graph-accounts.js';

type SenderSpec = NonNullable<AccountSpec['phoneNumbers']>[number];

export const readAccountSpec = (body: unknown): AccountSpec =>
  object<AccountSpec, 'wabaId'>(
    {
      wabaId: digits,
      name: text(),
      appId: digits,
      accessToken: text(/^\S{1,1000}$/, 'a token without spaces'),
      appSecret: text(),
      templateLimit: integer(0, 1_000_000),
      tokenExpiresAt: integer(0, 99_999_999_999),
      appCallbackUrl: text(/^https?:\/\/\S+$/, 'an http or https URL'),
      phoneNumbers: list(
        object<SenderSpec, 'id' | 'displayNumber'>(
          { id: digits, displayNumber: digits, verifiedName: text(), registered: flag, verified: flag },
          'id',
          'displayNumber',
        ),
      ),
    },
    'wabaId',
  )(body, '');

const words = text(/^[^]{1,4096}$/, 'a text of 1 to 4096 characters');

export const readReply = (body: unknown): ReplyRequest =>
  object<ReplyRequest>({
    messageId: text(/^[\x21-\x7e]{1,400}$/, 'the id of a message'),
    text: words,
    buttonIndex: integer(0, 20),
    quote: flag,
    hidesNumber: flag,
  })(body, '');

/** `to` is a number in any spelling, or the name of a sender. */
export const readWrite = (body: unknown): WriteRequest => {
  const { to, ...rest } = object<WriteRequest, 'channel' | 'to' | 'text'>(
    {
      channel: oneOf(...CHANNELS),
      to: text(/^\+?[\w .-]{1,64}$/, 'a sender'),
      text: words,
      hidesNumber: flag,
    },
    'channel',
    'to',
    'text',
  )(body, '');
  return { ...rest, to: digitsOf(to) || to };
};

/** Which chat was looked at; all of them unless said. */
export const readLook = (body: unknown): { chat?: string } =>
  object<{ chat?: string }>({ chat: text(/^[^]{1,300}$/, 'a chat') })(body ?? {}, '');

const DEFAULT_LIMIT = 100;

/** `to` in any spelling, `since` a seq, `limit` up to the whole log. */
export function readMessageQuery({ to, since, limit }: Record<string, unknown>): MessageQuery {
  return {
    to: to === undefined ? undefined : readNumber(to, 'to'),
    since: since === undefined ? undefined : integer(0, Number.MAX_SAFE_INTEGER)(numberOf(since), 'since'),
    limit: limit === undefined ? DEFAULT_LIMIT : integer(1, LOG_CAPACITY)(numberOf(limit), 'limit'),
  };
}

/** A + in a query that nobody encoded arrives as a space; both are stripped. */
export function readNumber(value: unknown, path: string): string {
  if (typeof value === 'string' && isMailAddress(value)) return value;
  const number = typeof value === 'string' ? digitsOf(value) : '';
  if (number === '' || number.length > 20) throw new ShapeError(path, 'a phone number or an e-mail address');
  return number;
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && value !== '' ? Number(value) : value;
}
