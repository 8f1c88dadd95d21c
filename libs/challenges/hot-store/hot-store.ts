import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';

const SCRIPTS = [
  'open-challenge',
  'check-answer',
  'resend-message',
  'cancel-challenge',
  'read-challenge',
  'expire-due',
  'finish-approval',
  'journal-refusal',
  'unblock-receiver',
  'take-receiver',
  'merge-receiver',
] as const;

/** When the sweeper looks for a message whose `queue.add` may have been lost. */
export const SWEEP_AFTER_MS = 3_000;

export interface Window {
  limit: number;
  seconds: number;
}

/** What one receiver may be sent; see the receiver's record in `record.lua`. No window is longer than a day. */
export interface ReceiverLimits {
  /** Messages of one tenant (FR-02). */
  windows: readonly Window[];
  /** Of one tenant, told when they are full but not enforced (FR-02). */
  windowsInShadow: readonly Window[];
  /** Messages of all tenants together (FR-03); 30 at most fit the record. */
  platform: Window;
  /** Messages of one tenant since the last right answer (STD-10). */
  unsolicited: Window;
}

/** A message that was asked for, as its challenge keeps it. */
export interface FirstMessage {
  channelLetter: string;
  accountId: Identifier;
  step: number;
  /** Why this route was taken, for the timeline; '' for the first of the plan. */
  route: string;
}

export interface OpenRecord {
  id: Identifier;
  /** What follows the generator in the live key: the receiver, and purpose and context when they are not the usual ones. */
  liveName: string;
  /** The receiver in its limit key. */
  limitName: string;
  generatorId: Identifier;
  lifeMs: number;
  coolDownMs: number;
  maxMessages: number;
  replaces?: Identifier;
  message: FirstMessage;
  /** Undefined when the receiver is neither counted nor limited. */
  limits: ReceiverLimits | undefined;
  /** The receiver's name in history. */
  receiverRef: string;
  /** For the journal only: ISO country, and digest of the number without its last four digits. */
  country?: string;
  prefixDigest?: string;
  /** Fields of `record.lua`. */
  fields: Readonly<Record<string, string | number | undefined>>;
}

export type OpenReply =
  | {
      outcome: 'opened';
      expiresAt: number;
      resendFrom: number;
      sends: number;
      failures: number;
      ages: SendAges;
      /** Whether the receiver's windows in shadow would have refused it. */
      shadowed: boolean;
    }
  | { outcome: 'live'; id: Identifier; openedAt: number; now: number }
  | Refusal;

/** Seconds since each remembered send to a receiver; undefined when none is remembered. */
export type SendAges = readonly number[] | undefined;

const REFUSALS = ['cool_down', 'send_limit', 'receiver', 'slowed', 'unsolicited', 'disabled'] as const;

/** A limit said no, and the journal has it. */
export interface Refusal {
  outcome: (typeof REFUSALS)[number];
  waitMs: number;
  ages: SendAges;
}

export interface Ended {
  outcome: 'ended';
  state: ChallengeState;
  why: string;
}
export interface Unknown {
  outcome: 'unknown';
}
export interface Canceled {
  outcome: 'canceled';
  failures: number;
  allowed: number;
  expiresAt: number;
  resendFrom: number;
  sends: number;
}

export interface CheckQuestion {
  id: Identifier;
  tenantId: Identifier;
  operation: string;
  generatorId?: Identifier;
  purpose?: string;
  contextDigest: string;
  /** Without separators; undefined for what can be a given code only. */
  answerLength: number | undefined;
  /** As typed, for what may be a given code. */
  exactLength?: number;
  /** Key id, MAC, key id, MAC, … one pair per unretired key. */
  candidates: readonly string[];
}

export type Verdict =
  | 'approved'
  | 'approving'
  | 'repeated'
  | 'wrong'
  | 'locked'
  | 'ended'
  | 'unknown'
  | 'format'
  | 'format_limit'
  | 'context'
  | 'disabled'
  | 'retired'
  | 'kind';

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
  /** Wrong answers of this receiver in a row, over its challenges; 0 unless this one was counted. */
  failuresInARow: number;
  /** `p` for psd2: its refusals read alike. */
  profileLetter?: string;
}

export interface ResendOrder {
  id: Identifier;
  tenantId: Identifier;
  operation: string;
  maxMessages: number;
  coolDownsMs: readonly number[];
  limits: ReceiverLimits | undefined;
  message: FirstMessage;
  /** Of this message and those after it. */
  language: string;
  rotated?: { kid: string; mac: string; sealed: string; length: number };
}

export type ResendReply =
  | {
      outcome: 'resent';
      number: number;
      expiresAt: number;
      resendFrom: number;
      failures: number;
      allowed: number;
      ages: SendAges;
      /** Whether the receiver's windows in shadow would have refused it. */
      shadowed: boolean;
    }
  | Refusal
  | Ended
  | Unknown;

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
    const tag = this.partitions.tagOf(record.id);
    const { message } = record;
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
        record.country ?? '',
        record.prefixDigest ?? '',
        message.route,
        ...flattenLimits(record.limits),
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
          ages: readAges(reply[6]),
          shadowed: reply[7] === '1',
        };
      case 'live':
        return { outcome: 'live', id: reply[1]!, openedAt: Number(reply[2]), now: Number(reply[3]) };
      default:
        return toRefusal(reply);
    }
  }

  async check(question: CheckQuestion): Promise<CheckReply> {
    const tag = this.partitions.tagOf(question.id);
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
        question.exactLength === undefined
          ? question.answerLength!
          : `${question.answerLength ?? ''}/${question.exactLength}`,
        ...question.candidates,
      ],
    )) as string[];
    return toCheckReply(reply);
  }

  async resend(order: ResendOrder): Promise<ResendReply> {
    const tag = this.partitions.tagOf(order.id);
    const { message, rotated } = order;
    const reply = (await this.scripts.run(
      'resend-message',
      [`${tag}ch:${order.id}`, `${tag}due`, `${tag}journal`],
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
        rotated?.sealed ?? '',
        order.language,
        message.route,
        order.coolDownsMs.length,
        ...order.coolDownsMs,
        ...flattenLimits(order.limits),
        rotated?.length ?? 0,
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
          ages: readAges(reply[6]),
          shadowed: reply[7] === '1',
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
  ): Promise<Canceled | Ended | Unknown> {
    const tag = this.partitions.tagOf(id);
    const reply = (await this.scripts.run(
      'cancel-challenge',
      [`${tag}ch:${id}`, `${tag}journal`],
      [this.clock.offsetMs, tenantId, generatorId ?? '', why],
    )) as string[];
    if (reply[0] === 'ended')
      return { outcome: 'ended', state: STATE_OF_LETTER[reply[1]!]!, why: reply[2] ?? '' };
    if (reply[0] === 'unknown') return { outcome: 'unknown' };
    return {
      outcome: 'canceled',
      failures: Number(reply[1]),
      allowed: Number(reply[2]),
      expiresAt: Number(reply[3]),
      resendFrom: Number(reply[4]),
      sends: Number(reply[5]),
    };
  }

  /** Writes down a refusal decided outside the scripts. `told` are pairs of the journal: g, k, r, sr, ch, … */
  async journalRefusal(
    id: Identifier,
    tenantId: Identifier,
    why: string,
    told: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    const tag = this.partitions.tagOf(id);
    await this.scripts.run(
      'journal-refusal',
      [`${tag}ch:${id}`, `${tag}journal`],
      [this.clock.offsetMs, id, tenantId, why, ...flattenFields(told)],
    );
  }

  /** Begins a receiver's consecutive failures and unanswered sends again. Returns the failures there were. */
  async unblock(
    entryId: Identifier,
    { tenantId, keyId }: { tenantId: Identifier; keyId: Identifier },
    receiver: { limitName: string; receiverRef: string; purpose: string },
  ): Promise<number> {
    const tag = this.partitions.tagOf(entryId);
    return Number(
      await this.scripts.run(
        'unblock-receiver',
        [`${tag}lim:${receiver.limitName}`, `${tag}journal`],
        [this.clock.offsetMs, tenantId, receiver.purpose, entryId, receiver.receiverRef, keyId],
      ),
    );
  }

  /** `discloseTo`: the key id that the code is disclosed to; the journal gets to know. */
  async read(
    id: Identifier,
    tenantId: Identifier,
    generatorId?: Identifier,
    discloseTo?: Identifier,
  ): Promise<Map<string, string> | undefined> {
    const tag = this.partitions.tagOf(id);
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
    return (await this.redis.client.hget(`${this.partitions.tagOf(id)}ch:${id}`, 'c')) ?? undefined;
  }

  /** Whose challenge it is, where a secret address names it instead of a key. */
  async tenantOf(id: Identifier): Promise<Identifier | undefined> {
    return (await this.redis.client.hget(`${this.partitions.tagOf(id)}ch:${id}`, 't')) ?? undefined;
  }

  /** Whether this receiver answered a challenge of this tenant rightly, under a profile that asks. */
  async isVerified(partition: number, receiverName: string): Promise<boolean> {
    return (await this.redis.client.exists(`${this.partitions.tag(partition)}ver:${receiverName}`)) === 1;
  }

  /** What PostgreSQL said about a strict approval. `operation` undefined: whichever waits. */
  async finishApproval(
    id: Identifier,
    operation: string | undefined,
    outcome: 'approve' | 'spent' | 'release',
    why = '',
  ): Promise<CheckReply> {
    const tag = this.partitions.tagOf(id);
    const reply = await this.scripts.run(
      'finish-approval',
      [`${tag}ch:${id}`, `${tag}exp`, `${tag}due`, `${tag}journal`],
      [this.clock.offsetMs, operation ?? '', outcome, why],
    );
    return toCheckReply(reply as string[]);
  }

  /** Expires what is over in one partition, and names the approvals that wait for longer than their lease. */
  async expireDue(
    partition: number,
    most: number,
    againAfterMs: number,
  ): Promise<{ looked: number; waiting: Identifier[] }> {
    const tag = this.partitions.tag(partition);
    const [looked, ...waiting] = (await this.scripts.run(
      'expire-due',
      [`${tag}exp`, `${tag}journal`],
      [this.clock.offsetMs, most, againAfterMs],
    )) as [number, ...string[]];
    return { looked, waiting };
  }

  /** Moves one tenant's counts of a receiver to another record. Killed in between, they are lost, never doubled. */
  async mergeReceivers(
    tenantId: Identifier,
    from: { partition: number; ref: string },
    to: { partition: number; ref: string },
  ): Promise<void> {
    const key = ({ partition, ref }: typeof from): string => `${this.partitions.tag(partition)}lim:${ref}`;
    const taken = (await this.scripts.run('take-receiver', [key(from)], [tenantId])) as string[];
    if (taken.length === 0) return;
    const stamps = taken[5]!.split(',').filter(Boolean);
    await this.scripts.run('merge-receiver', [key(to)], [tenantId, ...taken.slice(0, 5), ...stamps]);
  }
}

const PROCESS = randomBytes(5).toString('base64url');
let operations = 0;

/** Names one call, so that a script repeated after a lost reply counts once: this process, and a count. */
export function newOperation(): string {
  return PROCESS + (++operations).toString(36);
}

function toCheckReply(reply: readonly string[]): CheckReply {
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
    failuresInARow: Number(reply[9] ?? 0),
    profileLetter: reply[10] || undefined,
  };
}

function toRefusal(reply: readonly string[]): Refusal {
  const outcome = REFUSALS.find((known) => known === reply[0])!;
  return { outcome, waitMs: Number(reply[1]), ages: readAges(reply[2]) };
}

function readAges(text: string | undefined): SendAges {
  return text ? text.split(',').map(Number) : undefined;
}

function flattenFields(fields: OpenRecord['fields']): (string | number)[] {
  const flat: (string | number)[] = [];
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) flat.push(name, value);
  }
  return flat;
}

/** As `read_limits` of `record.lua` takes them. */
export function flattenLimits(limits: ReceiverLimits | undefined): number[] {
  if (!limits) return [-1];
  const { windows, windowsInShadow, platform, unsolicited } = limits;
  const flat = [windows.length];
  for (const { limit, seconds } of windows) flat.push(limit, seconds);
  flat.push(platform.limit, platform.seconds, unsolicited.limit, unsolicited.seconds, windowsInShadow.length);
  for (const { limit, seconds } of windowsInShadow) flat.push(limit, seconds);
  return flat;
}
