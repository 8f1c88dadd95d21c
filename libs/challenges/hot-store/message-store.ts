import { Injectable } from '@nestjs/common';
import type { Price } from '#limits';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import type { Purpose } from '../challenge.js';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';
import { flattenLimits, type ReceiverLimits, SWEEP_AFTER_MS } from './hot-store.js';

const SCRIPTS = [
  'claim-message',
  'settle-message',
  'follow-message',
  'allow-follow',
  'due-messages',
] as const;

export type ClaimReply =
  | {
      outcome: 'claimed';
      attempt: number;
      duplicatePossible: boolean;
      /** Nobody knows what became of the try before this one. */
      unresolved: boolean;
      /** A provider said not long ago that this channel does not reach the receiver. */
      suppressed: boolean;
      channelLetter: string;
      accountId: Identifier;
      step: number;
      expiresAt: number;
      now: number;
      tenantId: Identifier;
      /** Fields of `record.lua`: generator, sealed code and receivers, language, mode. */
      record: ReadonlyMap<string, string>;
    }
  | { outcome: 'renewed' }
  | { outcome: 'later'; waitMs: number }
  | { outcome: 'done'; state: string; nextStepOwed: boolean };

export type TryOutcome = 'accepted' | 'rejected' | 'retry' | 'postponed' | 'unknown' | 'unresolved';
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
  /** Accepted and not delivered within this: the next step of the plan follows. */
  watchMs?: number;
  /** Accepted and not delivered within this: it is held for dropped, and the next step follows. */
  dropMs?: number;
  /** It failed because its channel does not reach the receiver: remembered for so long, until something is delivered. */
  suppressMs?: number;
  /** Whether the next step follows an unresolved message. */
  followUnresolved?: boolean;
  /** What the provider charges, where a receipt tells. */
  price?: Price;
}

export type SettleReply =
  | { outcome: 'settled'; messageState: string; state: ChallengeState; nextStepOwed: boolean }
  | { outcome: 'ignored' | 'lost' | 'gone' };

/** A message with what its way depends on. */
export interface RoutedMessage {
  tenantId: Identifier;
  generator: string;
  mode: 'live' | 'test';
  /** Of a number that is sent nothing. */
  testNumber: boolean;
  purpose: Purpose;
  language: string | undefined;
  step: number;
  /** Steps of the plan that messages of the challenge took, this one's among them. */
  tried: ReadonlySet<number>;
  record: ReadonlyMap<string, string>;
}

/** The step that follows; undefined when none is left that could. */
export interface NextStep {
  channelLetter: string;
  accountId: Identifier;
  step: number;
  language: string;
  /** Why this route was taken, for the timeline. */
  route: string;
}

/** A step that switches or shared limits did not let follow. */
export interface RefusedStep {
  channelLetter: string;
  why: string;
}

/** What every message of a challenge is held to. */
export interface FollowLimits {
  /** 0 for no limit. */
  maxMessages: number;
  receiver: ReceiverLimits | undefined;
}

export type FollowReply =
  | {
      outcome: 'followed';
      number: number;
      /** Whether the receiver's windows in shadow would have refused it. */
      shadowed: boolean;
    }
  /** `settled`: it was followed or given up before. */
  | { outcome: 'not_owed'; settled: boolean }
  | { outcome: 'none_left'; state: ChallengeState };

export interface DueMessage {
  challengeId: Identifier;
  number: number;
  channelLetter: string;
  attempt: number;
  /** All but `send`: the next step of the plan is due, not this message. */
  need: 'send' | 'failed' | 'silent' | 'dropped';
}

const NEED_OF_LETTER = { s: 'send', f: 'failed', q: 'silent', x: 'dropped' } as const;

/** The messages of live challenges: claimed, settled, followed. One script per transition, as in `HotStore`. */
@Injectable()
export class MessageStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  async claim(
    challengeId: Identifier,
    number: number,
    token: string,
    options: { leaseMs: number; leastLifeMs: number; maxAttempts: number },
  ): Promise<ClaimReply> {
    const reply = (await this.scripts.run('claim-message', this.keys(challengeId), [
      this.clock.offsetMs,
      number,
      token,
      options.leaseMs,
      options.leastLifeMs,
      options.maxAttempts,
    ])) as string[];
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
          unresolved: reply[9] === '1',
          suppressed: reply[10] === '1',
          record: toMap(reply, 11),
        };
      case 'later':
        return { outcome: 'later', waitMs: Math.max(0, Number(reply[1]) - Number(reply[2])) };
      case 'renewed':
        return { outcome: 'renewed' };
      default:
        return { outcome: 'done', state: reply[1] ?? 'gone', nextStepOwed: reply[2] === '1' };
    }
  }

  async settle(settlement: Settlement): Promise<SettleReply> {
    const reply = (await this.scripts.run('settle-message', this.keys(settlement.challengeId), [
      this.clock.offsetMs,
      settlement.number,
      settlement.token ?? '',
      settlement.outcome,
      settlement.reason ?? '',
      settlement.providerMessageId ?? '',
      settlement.afterMs ?? 0,
      SWEEP_AFTER_MS,
      settlement.accountId ?? '',
      settlement.watchMs ?? 0,
      settlement.followUnresolved ? '1' : '',
      settlement.dropMs ?? 0,
      settlement.suppressMs ?? 0,
      settlement.price?.micros ?? '',
      settlement.price?.currency ?? '',
    ])) as string[];
    if (reply[0] === 'settled')
      return {
        outcome: 'settled',
        messageState: reply[1]!,
        state: STATE_OF_LETTER[reply[2]!]!,
        nextStepOwed: reply[3] === '1',
      };
    return { outcome: reply[0] as 'ignored' | 'lost' | 'gone' };
  }

  /** A message of a challenge that is there; without its code. */
  async routed(challengeId: Identifier, number: number): Promise<RoutedMessage | undefined> {
    const names = ['t', 'g', 'y', 'tn', 'p', 'i', 'lg', ...MESSAGES, ...SEALED_ADDRESSES];
    const values = await this.redis.client.hmget(
      `${this.partitions.tagOf(challengeId)}ch:${challengeId}`,
      ...names,
    );
    const record = new Map<string, string>();
    values.forEach((value, at) => value !== null && record.set(names[at]!, value));
    const step = readStep(record.get(`m${number}`));
    if (step === undefined) return undefined;
    return {
      tenantId: record.get('t')!,
      generator: record.get('g')!,
      mode: record.get('y') === 'test' ? 'test' : 'live',
      testNumber: record.has('tn'),
      purpose: (record.get('p') as Purpose | undefined) ?? 'authentication',
      language: record.get('lg'),
      step,
      tried: new Set(MESSAGES.flatMap((name) => readStep(record.get(name)) ?? [])),
      record,
    };
  }

  /** Adds the message that follows one that failed or stays silent. Safe to repeat: what was followed is not owed. */
  async follow(
    challengeId: Identifier,
    number: number,
    next: NextStep | undefined,
    limits: FollowLimits,
    /** Steps before `next`, told in the timeline. */
    refused: readonly RefusedStep[] = [],
  ): Promise<FollowReply> {
    const reply = (await this.scripts.run('follow-message', this.keys(challengeId), [
      this.clock.offsetMs,
      number,
      SWEEP_AFTER_MS,
      limits.maxMessages,
      next?.channelLetter ?? '',
      next?.accountId ?? '',
      next?.step ?? 0,
      next?.language ?? '',
      next?.route ?? '',
      refused.length,
      ...refused.flatMap(({ channelLetter, why }) => [channelLetter, why]),
      ...flattenLimits(limits.receiver),
    ])) as string[];
    switch (reply[0]) {
      case 'followed':
        return { outcome: 'followed', number: Number(reply[1]), shadowed: reply[2] === '1' };
      case 'none_left':
        return { outcome: 'none_left', state: STATE_OF_LETTER[reply[1]!]! };
      default:
        return { outcome: 'not_owed', settled: reply[1] === '1' };
    }
  }

  /** Whether `follow` would add a message now, were one owed. */
  async allowsFollow(challengeId: Identifier, limits: FollowLimits): Promise<boolean> {
    const [challenge] = this.keys(challengeId);
    const args = [this.clock.offsetMs, limits.maxMessages, ...flattenLimits(limits.receiver)];
    return (await this.scripts.run('allow-follow', [challenge!], args)) === 1;
  }

  /** Messages of one partition that nobody settled in time; those that were not delivered in theirs are dropped. */
  async due(partition: number, most: number, againAfterMs: number): Promise<DueMessage[]> {
    const found = (await this.scripts.run(
      'due-messages',
      [`${this.partitions.tag(partition)}due`, `${this.partitions.tag(partition)}journal`],
      [this.clock.offsetMs, most, againAfterMs],
    )) as string[];
    return found.map((text) => {
      const [challengeId, number, channelLetter, attempt, need] = text.split(':') as [
        string,
        string,
        string,
        string,
        keyof typeof NEED_OF_LETTER,
      ];
      return {
        challengeId,
        number: Number(number),
        channelLetter,
        attempt: Number(attempt),
        need: NEED_OF_LETTER[need],
      };
    });
  }

  private keys(challengeId: Identifier): string[] {
    const tag = this.partitions.tagOf(challengeId);
    return [`${tag}ch:${challengeId}`, `${tag}due`, `${tag}journal`];
  }
}

const MESSAGES = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `m${number}`);

/** Undefined where there is no message, or one that stands for another challenge's. */
function readStep(message: string | undefined): number | undefined {
  const [, , , , , account, , step] = message?.split(':') ?? [];
  return account ? Number(step) : undefined;
}

/** As `record.lua` splits them. */
const SEALED_ADDRESSES = ['sr', 'fr'].flatMap((name) => [
  name,
  ...[2, 3, 4, 5, 6].map((part) => `${name}${part}`),
]);

function toMap(flat: readonly string[], from: number): Map<string, string> {
  const map = new Map<string, string>();
  for (let at = from; at < flat.length; at += 2) map.set(flat[at]!, flat[at + 1]!);
  return map;
}
