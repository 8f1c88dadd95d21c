// Owns the Gateway's requests: the question before a message, the message, the answers
// that are checked, and the signed reports.

import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CallbackPost } from '../core/callback-post.js';
import { Clock } from '../core/clock.js';
import { DeliveriesService } from '../core/deliveries.service.js';
import { MessageCall } from '../core/message-call.js';
import { MessageLog } from '../core/message-log.js';
import { type Fate, type Message, type MessageDraft, type StatusEntry } from '../core/message.js';
import { digitsOf, isReachableNumber } from '../core/phone-number.js';
import { SimulatorConfig } from '../simulator.config.js';
import { telegramError } from './telegram-error.js';

const COST_DOLLARS = 0.01;
const CODE_TRIES = 5;
const NOT_ON_CHANNEL = 131026;
/** Questions that no message followed; the oldest go. */
const MOST_OPEN = 10_000;

@Injectable()
export class TelegramMessages {
  /** Request ids that were given out and not used yet, with the number they are good for. */
  private readonly open = new Map<string, string>();
  private readonly tries = new Map<string, number>();

  constructor(
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
    private readonly call: MessageCall,
    private readonly callbacks: CallbackPost,
    private readonly config: SimulatorConfig,
    private readonly clock: Clock,
  ) {
    deliveries.register('telegram', {
      report: (message, entry) => this.report(message, entry),
      titleOf: () => 'not delivered in time',
    });
  }

  ask(params: Record<string, unknown>): object {
    const to = readNumber(params.phone_number);
    const fate = this.call.magicFate(to);
    if (fate?.kind === 'failed' && fate.code === NOT_ON_CHANNEL)
      throw telegramError('PHONE_NUMBER_NOT_FOUND');
    const id = requestId();
    if (this.open.size >= MOST_OPEN) this.open.delete(this.open.keys().next().value!);
    this.open.set(id, to);
    return { request_id: id, phone_number: `+${to}`, request_cost: COST_DOLLARS, remaining_balance: 100 };
  }

  prepare(params: Record<string, unknown>, forced: Fate | undefined): MessageDraft {
    const to = readNumber(params.phone_number);
    const id = params.request_id === undefined ? requestId() : this.readOpen(params.request_id, to);
    const code = readCode(params);
    const ttl = readInteger(params.ttl, 30, 3_600, 'TTL_INVALID');
    const channel = readText(params.sender_username, /^[A-Za-z]\w{3,31}$/, 'SENDER_USERNAME_INVALID');
    return {
      channel: 'telegram',
      skin: 'telegram',
      id,
      accountId: 'telegram-gateway',
      senderId: channel ?? '',
      from: channel === undefined ? 'Telegram' : `@${channel}`,
      senderName: channel ?? 'Verification Codes',
      to,
      text: `*${code}* is your code. Do not give it to anyone, even if they say they are from Telegram!`,
      code,
      buttons: [{ kind: 'copy', label: 'Copy Code', value: code }],
      codeExpiresAt: ttl === undefined ? undefined : new Date(this.clock.now() + ttl * 1_000).toISOString(),
      correlation: readText(params.payload, /^[^]{0,128}$/, 'PAYLOAD_INVALID'),
      callbackUrl: readText(params.callback_url, /^https?:\/\/.{1,248}$/, 'CALLBACK_URL_INVALID'),
      fate: forced ?? this.call.magicFate(to) ?? { kind: 'delivered' },
    };
  }

  accept(draft: MessageDraft): object {
    this.open.delete(draft.id);
    const message = this.log.append(draft);
    this.deliveries.start(message);
    return { ok: true, result: this.statusOf(message) };
  }

  /** With a code it is judged and the try counted; without one it is only told how things are. */
  check({ request_id: id, code }: Record<string, unknown>): object {
    const message = this.log.get(String(id));
    if (message?.skin !== 'telegram') throw telegramError('REQUEST_ID_INVALID');
    if (code === undefined) return this.statusOf(message);
    const tries = (this.tries.get(message.id) ?? 0) + 1;
    this.tries.set(message.id, tries);
    const expired =
      message.codeExpiresAt !== undefined && Date.parse(message.codeExpiresAt) < this.clock.now();
    const status = expired
      ? 'expired'
      : tries > CODE_TRIES
        ? 'code_max_attempts_exceeded'
        : code === message.code
          ? 'code_valid'
          : 'code_invalid';
    const verification = { status, updated_at: this.seconds(), code_entered: code };
    return { ...this.statusOf(message), verification_status: verification };
  }

  private readOpen(id: unknown, to: string): string {
    if (typeof id !== 'string' || this.open.get(id) !== to) throw telegramError('REQUEST_ID_INVALID');
    return id;
  }

  private report(message: Message, entry: StatusEntry): void {
    if (message.callbackUrl === undefined) return;
    const body = JSON.stringify(this.statusOf(message, entry));
    const timestamp = String(this.seconds());
    const key = createHash('sha256').update(this.config.telegramToken).digest();
    const signature = createHmac('sha256', key).update(`${timestamp}\n${body}`).digest('hex');
    this.callbacks.send({
      url: message.callbackUrl,
      contentType: 'application/json',
      body,
      headers: { 'x-request-timestamp': timestamp, 'x-request-signature': signature },
    });
  }

  private statusOf(message: Message, entry = message.statuses.at(-1)!): object {
    const failed = entry.status === 'failed';
    const word = failed ? 'expired' : entry.status === 'accepted' ? 'sent' : entry.status;
    return {
      request_id: message.id,
      phone_number: `+${message.to}`,
      request_cost: COST_DOLLARS,
      ...(failed && { is_refunded: true }),
      delivery_status: { status: word, updated_at: Math.floor(Date.parse(entry.at) / 1_000) },
      ...(message.correlation !== undefined && { payload: message.correlation }),
    };
  }

  private seconds(): number {
    return Math.floor(this.clock.now() / 1_000);
  }
}

function requestId(): string {
  return randomBytes(10).toString('hex');
}

function readNumber(value: unknown): string {
  const digits = typeof value === 'string' && value.startsWith('+') ? digitsOf(value) : '';
  if (!isReachableNumber(digits)) throw telegramError('PHONE_NUMBER_INVALID');
  return digits;
}

/** The client's code, or one made here of the length it asks for. */
function readCode(params: Record<string, unknown>): string {
  if (params.code !== undefined) return readText(params.code, /^\d{4,8}$/, 'CODE_INVALID')!;
  const length = readInteger(params.code_length, 4, 8, 'CODE_LENGTH_INVALID');
  if (length === undefined) throw telegramError('CODE_INVALID');
  return String(randomInt(10 ** length)).padStart(length, '0');
}

function readText(value: unknown, pattern: RegExp, word: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw telegramError(word);
}

/** A form writes numbers as text. */
function readInteger(value: unknown, least: number, most: number, word: string): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
    return number;
  throw telegramError(word);
}
