import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { type Identifier, partitionOf } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';

const SCRIPTS = [
  'open-challenge',
  'check-answer',
  'resend-message',
  'claim-message',
  'settle-message',
  'cancel-challenge',
  'read-challenge',
  'expire-due',
  'due-messages',
] as const;

/** When the sweeper looks for a message whose `queue.add` may have been lost. */
export const SWEEP_AFTER_MS = 3_000;

export interface Window {
  limit: number;
  seconds: number;
}

export interface OpenRecord {
  id: Identifier;
  /** What follows the generator in the live key: the receiver, and purpose and context when they are not the usual ones. */
  liveName: string;
  /** `<tenant>:<receiver>` in the limit key. */
  limitName: string;
  generatorId: Identifier;
  lifeMs: number;
  coolDownMs: number;
  maxMessages: number;
  replaces?: Identifier;
  message: { channelLetter: string; accountId: Identifier; step: number };
  windows: readonly Window[];
  /** The receiver's name in history. */
  receiverRef: string;
  /** Fields of `record.lua`. */
  fields: Readonly<Record<string, string | number>>;
}

export type OpenReply =
  | { outcome: 'opened'; expiresAt: number; resendFrom: number; sends: number; failures: number }
  | { outcome: 'live'; id: Identifier; openedAt: number; now: number }
  | Refusal;

export type Refusal =
  | { outcome: 'cool_down'; waitMs: number }
  | { outcome: 'receiver'; waitMs: number }
  | { outcome: 'send_limit' };
export interface Ended {
  outcome: 'ended';
  state: ChallengeState;
  why: string;
}
export interface Unknown {
  outcome: 'unknown';
}

export interface CheckQuestion {
  id: Identifier;
  tenantId: Identifier;
  operation: string;
  generatorId?: Identifier;
  purpose?: string;
  contextDigest: string;
  answerLength: number;
  /** Key id, MAC, key id, MAC, … one pair per unretired key. */
  candidates: readonly string[];
}

export type Verdict =
  | 'approved'
  | 'repeated'
  | 'wrong'
  | 'locked'
  | 'ended'
  | 'unknown'
  | 'format'
  | 'format_limit'
  | 'context'
  | 'retired';

export interface CheckReply {
  verdict: Verdict;
  state: ChallengeState;
  why: string;
  failures: number;
  allowed: number;
  expiresAt: number;
  resendFrom: number;
  sends: number;
  channelLetter: string;
}

export interface ResendOrder {
  id: Identifier;
  tenantId: Identifier;
  operation: string;
  limitName: string;
  maxMessages: number;
  coolDownsMs: readonly number[];
  windows: readonly Window[];
  message: { channelLetter: string; accountId: Identifier; step: number };
  /** Of this message and those after it. */
  language: string;
  rotated?: { kid: string; mac: string; sealedCode: string };
}

export type ResendReply =
  | {
      outcome: 'resent';
      number: number;
      expiresAt: number;
      resendFrom: number;
      failures: number;
      allowed: number;
    }
  | Refusal
  | Ended
  | Unknown;

export type ClaimReply =
  | {
      outcome: 'claimed';
      attempt: number;
      duplicatePossible: boolean;
      channelLetter: string;
      accountId: Identifier;
      step: number;
      expiresAt: number;
      now: number;
      tenantId: Identifier;
      generator: string;
      sealedCode: string;
      sealedReceiver: string;
      language: string;
      mode: string;
    }
  | { outcome: 'renewed' }
  | { outcome: 'later'; waitMs: number }
  | { outcome: 'done'; state: string };

export type TryOutcome = 'accepted' | 'rejected' | 'retry' | 'unknown';
export type ReceiptOutcome = 'sent' | 'delivered' | 'read' | 'failed';

export interface Settlement {
  challengeId: Identifier;
  number: number;
  /** The token of the try, or undefined for a receipt. */
  token?: string;
  outcome: TryOutcome | ReceiptOutcome;
  reason?: string;
  providerMessageId?: string;
  afterMs?: number;
  /** A receipt is believed only about messages that its own account sent. */
  accountId?: Identifier;
}

export type SettleReply =
  | { outcome: 'settled'; messageState: string; state: ChallengeState }
  | { outcome: 'ignored' | 'lost' | 'gone' };

export interface DueMessage {
  challengeId: Identifier;
  number: number;
  channelLetter: string;
  attempt: number;
}

/** The live state of challenges in Redis. One script per transition, one slot per script; see the `.lua` files. */
@Injectable()
export class HotStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  async open(record: OpenRecord): Promise<OpenReply> {
    const tag = this.tagOf(record.id);
    const { message, windows } = record;
    const reply = (await this.scripts.run(
      'open-challenge',
      [
        `${tag}ch:${record.id}`,
        `${tag}live:${record.generatorId}:${record.liveName}`,
        `${tag}lim:${record.limitName}`,
        `${tag}due`,
        `${tag}exp`,
        `${tag}journal`,
      ],
      [
        this.clock.offsetMs,
        record.id,
        record.lifeMs,
        record.coolDownMs,
        SWEEP_AFTER_MS,
        record.replaces ?? '',
        message.channelLetter,
        message.accountId,
        message.step,
        record.maxMessages,
        record.receiverRef,
        ...flattenWindows(windows),
        ...flattenFields(record.fields),
      ],
    )) as string[];
    switch (reply[0]) {
      case 'opened':
        return {
          outcome: 'opened',
          expiresAt: Number(reply[1]),
          resendFrom: Number(reply[2]),
          sends: Number(reply[3]),
          failures: Number(reply[4]),
        };
      case 'live':
        return { outcome: 'live', id: reply[1]!, openedAt: Number(reply[2]), now: Number(reply[3]) };
      default:
        return toRefusal(reply);
    }
  }

  async check(question: CheckQuestion): Promise<CheckReply> {
    const tag = this.tagOf(question.id);
    const reply = (await this.scripts.run(
      'check-answer',
      [`${tag}ch:${question.id}`, `${tag}exp`, `${tag}due`, `${tag}journal`],
      [
        this.clock.offsetMs,
        question.operation,
        question.tenantId,
        question.generatorId ?? '',
        question.purpose ?? '',
        question.contextDigest,
        question.answerLength,
        ...question.candidates,
      ],
    )) as string[];
    return {
      verdict: reply[0] as Verdict,
      state: STATE_OF_LETTER[reply[1]!] ?? 'pending',
      why: reply[2] ?? '',
      failures: Number(reply[3]),
      allowed: Number(reply[4]),
      expiresAt: Number(reply[5]),
      resendFrom: Number(reply[6]),
      sends: Number(reply[7]),
      channelLetter: reply[8] ?? '',
    };
  }

  async resend(order: ResendOrder): Promise<ResendReply> {
    const tag = this.tagOf(order.id);
    const { message, rotated } = order;
    const reply = (await this.scripts.run(
      'resend-message',
      [`${tag}ch:${order.id}`, `${tag}lim:${order.limitName}`, `${tag}due`, `${tag}journal`],
      [
        this.clock.offsetMs,
        order.operation,
        order.tenantId,
        SWEEP_AFTER_MS,
        order.maxMessages,
        message.channelLetter,
        message.accountId,
        message.step,
        rotated?.kid ?? '',
        rotated?.mac ?? '',
        rotated?.sealedCode ?? '',
        order.language,
        order.coolDownsMs.length,
        ...order.coolDownsMs,
        ...flattenWindows(order.windows),
      ],
    )) as string[];
    switch (reply[0]) {
      case 'resent':
        return {
          outcome: 'resent',
          number: Number(reply[1]),
          expiresAt: Number(reply[2]),
          resendFrom: Number(reply[3]),
          failures: Number(reply[4]),
          allowed: Number(reply[5]),
        };
      case 'ended':
        return { outcome: 'ended', state: STATE_OF_LETTER[reply[1]!]!, why: reply[2] ?? '' };
      case 'unknown':
        return { outcome: 'unknown' };
      default:
        return toRefusal(reply);
    }
  }

  async cancel(
    id: Identifier,
    tenantId: Identifier,
    generatorId: Identifier | undefined,
    why: string,
  ): Promise<{ outcome: 'canceled' } | Ended | Unknown> {
    const tag = this.tagOf(id);
    const reply = (await this.scripts.run(
      'cancel-challenge',
      [`${tag}ch:${id}`, `${tag}journal`],
      [this.clock.offsetMs, tenantId, generatorId ?? '', why],
    )) as string[];
    if (reply[0] === 'ended')
      return { outcome: 'ended', state: STATE_OF_LETTER[reply[1]!]!, why: reply[2] ?? '' };
    return { outcome: reply[0] as 'canceled' | 'unknown' };
  }

  /** `discloseTo`: the key id that the code is disclosed to; the journal gets to know. */
  async read(
    id: Identifier,
    tenantId: Identifier,
    generatorId?: Identifier,
    discloseTo?: Identifier,
  ): Promise<Map<string, string> | undefined> {
    const tag = this.tagOf(id);
    const reply = (await this.scripts.run(
      'read-challenge',
      [`${tag}ch:${id}`, `${tag}journal`],
      [this.clock.offsetMs, tenantId, generatorId ?? '', discloseTo ?? ''],
    )) as string[];
    if (reply.length === 0) return undefined;
    const record = new Map<string, string>();
    for (let at = 0; at < reply.length; at += 2) record.set(reply[at]!, reply[at + 1]!);
    return record;
  }

  /** The sealed code of a live challenge, to go on under its successor's id. Never leaves the process opened. */
  async sealedCode(id: Identifier): Promise<string | undefined> {
    return (await this.redis.client.hget(`${this.tagOf(id)}ch:${id}`, 'c')) ?? undefined;
  }

  async claim(
    challengeId: Identifier,
    number: number,
    token: string,
    options: { leaseMs: number; leastLifeMs: number; maxAttempts: number },
  ): Promise<ClaimReply> {
    const tag = this.tagOf(challengeId);
    const reply = (await this.scripts.run(
      'claim-message',
      [`${tag}ch:${challengeId}`, `${tag}due`, `${tag}journal`],
      [this.clock.offsetMs, number, token, options.leaseMs, options.leastLifeMs, options.maxAttempts],
    )) as string[];
    switch (reply[0]) {
      case 'claimed':
        return {
          outcome: 'claimed',
          attempt: Number(reply[1]),
          duplicatePossible: reply[2]!.includes('d'),
          channelLetter: reply[3]!,
          accountId: reply[4]!,
          step: Number(reply[5]),
          expiresAt: Number(reply[6]),
          now: Number(reply[7]),
          tenantId: reply[8]!,
          generator: reply[9]!,
          sealedCode: reply[10]!,
          sealedReceiver: reply[11]! + reply.slice(14).join(''),
          language: reply[12]!,
          mode: reply[13]!,
        };
      case 'later':
        return { outcome: 'later', waitMs: Math.max(0, Number(reply[1]) - Number(reply[2])) };
      case 'renewed':
        return { outcome: 'renewed' };
      default:
        return { outcome: 'done', state: reply[1] ?? 'gone' };
    }
  }

  async settle(settlement: Settlement): Promise<SettleReply> {
    const tag = this.tagOf(settlement.challengeId);
    const reply = (await this.scripts.run(
      'settle-message',
      [`${tag}ch:${settlement.challengeId}`, `${tag}due`, `${tag}journal`],
      [
        this.clock.offsetMs,
        settlement.number,
        settlement.token ?? '',
        settlement.outcome,
        settlement.reason ?? '',
        settlement.providerMessageId ?? '',
        settlement.afterMs ?? 0,
        SWEEP_AFTER_MS,
        settlement.accountId ?? '',
      ],
    )) as string[];
    if (reply[0] === 'settled')
      return { outcome: 'settled', messageState: reply[1]!, state: STATE_OF_LETTER[reply[2]!]! };
    return { outcome: reply[0] as 'ignored' | 'lost' | 'gone' };
  }

  /** Expires what is over in one partition. Returns how many. */
  async expireDue(partition: number, most: number): Promise<number> {
    const tag = this.partitions.tag(partition);
    return Number(
      await this.scripts.run('expire-due', [`${tag}exp`, `${tag}journal`], [this.clock.offsetMs, most]),
    );
  }

  /** Messages of one partition that nobody settled in time. */
  async dueMessages(partition: number, most: number, againAfterMs: number): Promise<DueMessage[]> {
    const tag = this.partitions.tag(partition);
    const found = (await this.scripts.run(
      'due-messages',
      [`${tag}due`],
      [this.clock.offsetMs, most, againAfterMs],
    )) as string[];
    return found.map((text) => {
      const [challengeId, number, channelLetter, attempt] = text.split(':') as [
        string,
        string,
        string,
        string,
      ];
      return { challengeId, number: Number(number), channelLetter, attempt: Number(attempt) };
    });
  }

  private tagOf(id: Identifier): string {
    return this.partitions.tag(partitionOf(id));
  }
}

const PROCESS = randomBytes(5).toString('base64url');
let operations = 0;

/** Names one call, so that a script repeated after a lost reply counts once: this process, and a count. */
export function newOperation(): string {
  return PROCESS + (++operations).toString(36);
}

function toRefusal(reply: readonly string[]): Refusal {
  if (reply[0] === 'send_limit') return { outcome: 'send_limit' };
  return { outcome: reply[0] as 'cool_down' | 'receiver', waitMs: Number(reply[1]) };
}

function flattenFields(fields: OpenRecord['fields']): (string | number)[] {
  const flat: (string | number)[] = [];
  for (const name in fields) flat.push(name, fields[name]!);
  return flat;
}

function flattenWindows(windows: readonly Window[]): number[] {
  return [windows.length, ...windows.flatMap(({ limit, seconds }) => [limit, seconds])];
}
