import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { type Identifier, partitionOf } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import type { Purpose } from '../challenge.js';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';
import { SWEEP_AFTER_MS } from './hot-store.js';

const SCRIPTS = ['claim-message', 'settle-message', 'follow-message', 'due-messages'] as const;

export type ClaimReply =
  | {
      outcome: 'claimed';
      attempt: number;
      duplicatePossible: boolean;
      /** Nobody knows what became of the try before this one. */
      unresolved: boolean;
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
  /** Whether the next step follows an unresolved message. */
  followUnresolved?: boolean;
}

export type SettleReply =
  | { outcome: 'settled'; messageState: string; state: ChallengeState; nextStepOwed: boolean }
  | { outcome: 'ignored' | 'lost' | 'gone' };

/** A message with what its way depends on. */
export interface RoutedMessage {
  tenantId: Identifier;
  generator: string;
  mode: 'live' | 'test';
  purpose: Purpose;
  language: string | undefined;
  step: number;
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

export type FollowReply =
  | { outcome: 'followed'; number: number }
  | { outcome: 'not_owed' }
  | { outcome: 'none_left'; state: ChallengeState };

export interface DueMessage {
  challengeId: Identifier;
  number: number;
  channelLetter: string;
  attempt: number;
  /** `failed` and `silent`: the next step of the plan is due, not this message. */
  need: 'send' | 'failed' | 'silent';
}

const NEED_OF_LETTER = { s: 'send', f: 'failed', q: 'silent' } as const;

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
          record: toMap(reply, 10),
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
    const names = ['t', 'g', 'y', 'p', 'i', 'lg', `m${number}`, ...SEALED_ADDRESSES];
    const values = await this.redis.client.hmget(`${this.tagOf(challengeId)}ch:${challengeId}`, ...names);
    const record = new Map<string, string>();
    values.forEach((value, at) => value !== null && record.set(names[at]!, value));
    const message = record.get(`m${number}`);
    if (message === undefined) return undefined;
    return {
      tenantId: record.get('t')!,
      generator: record.get('g')!,
      mode: record.get('y') === 'test' ? 'test' : 'live',
      purpose: (record.get('p') as Purpose | undefined) ?? 'authentication',
      language: record.get('lg'),
      step: Number(message.slice(message.lastIndexOf(':') + 1)),
      record,
    };
  }

  /** Adds the message that follows one that failed or stays silent. Safe to repeat: what was followed is not owed. */
  async follow(
    challengeId: Identifier,
    number: number,
    next: NextStep | undefined,
    maxMessages: number,
  ): Promise<FollowReply> {
    const reply = (await this.scripts.run('follow-message', this.keys(challengeId), [
      this.clock.offsetMs,
      number,
      SWEEP_AFTER_MS,
      maxMessages,
      next?.channelLetter ?? '',
      next?.accountId ?? '',
      next?.step ?? 0,
      next?.language ?? '',
      next?.route ?? '',
    ])) as string[];
    switch (reply[0]) {
      case 'followed':
        return { outcome: 'followed', number: Number(reply[1]) };
      case 'none_left':
        return { outcome: 'none_left', state: STATE_OF_LETTER[reply[1]!]! };
      default:
        return { outcome: 'not_owed' };
    }
  }

  /** Messages of one partition that nobody settled in time. */
  async due(partition: number, most: number, againAfterMs: number): Promise<DueMessage[]> {
    const found = (await this.scripts.run(
      'due-messages',
      [`${this.partitions.tag(partition)}due`],
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

  private tagOf(challengeId: Identifier): string {
    return this.partitions.tag(partitionOf(challengeId));
  }

  private keys(challengeId: Identifier): string[] {
    const tag = this.tagOf(challengeId);
    return [`${tag}ch:${challengeId}`, `${tag}due`, `${tag}journal`];
  }
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
