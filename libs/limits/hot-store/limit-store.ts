import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { LuaScripts, RedisConnection } from '#platform/redis';
import type { Price } from '../admission.js';

const SCRIPTS = [
  'reserve-limits',
  'release-limits',
  'settle-limits',
  'price-messages',
  'note-outcomes',
] as const;

/** The slot of one tenant's shared counters, or of the platform's. */
export type LimitSlot = `{lim:${string}}:` | '{lim}:';

export interface SharedCheck {
  kind: 'window' | 'prefix' | 'distinct' | 'country' | 'circuit' | 'budget';
  shadow: boolean;
  /** Without the slot. */
  key: string;
  args: readonly (string | number)[];
}

/** Numbers of checks are positions in the list that was asked about. */
export interface ReserveReply {
  refusedBy: number | undefined;
  waitMs: number;
  shadowed: number[];
  notices: { what: 'soft' | 'hard' | 'near'; check: number }[];
}

/** A reservation and the message that was sent under it. */
export interface Settlement {
  operation: string;
  messageId: Identifier;
}

export interface Outcome {
  what: 'wrong' | 'approved' | 'failed';
  at: number;
  openedAt: number;
  receiver: string | undefined;
  /** Where its conversion is counted; absent when the prefix is unknown. */
  counted: { circuit: string; prefix: string } | undefined;
}

export interface OutcomeNotice {
  what: 'low' | 'open' | 'closed' | 'spray';
  /** Position of the outcome; −1 when the notice is about all of them. */
  outcome: number;
}

const SCAN_COUNT = 1_000;
const LETTER_OF_OUTCOME = { wrong: 'w', approved: 'a', failed: 'x' } as const;

/** The scripts over the shared counters. Each call is one round trip on one slot. */
@Injectable()
export class LimitStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  async reserve(slot: LimitSlot, operation: string, checks: readonly SharedCheck[]): Promise<ReserveReply> {
    const [outcome, refusing, wait, shadowed, notices] = (await this.scripts.run(
      'reserve-limits',
      [`${slot}res:${operation}`, `${slot}pending`, ...checks.map(({ key }) => slot + key)],
      [
        this.clock.offsetMs,
        operation,
        ...checks.flatMap(({ kind, shadow, args }) => [kind, shadow ? 's' : 'e', args.length, ...args]),
      ],
    )) as [string, number, string, string, string];
    return {
      refusedBy: outcome === 'refused' ? Number(refusing) - 1 : undefined,
      waitMs: Number(wait),
      shadowed: split(shadowed).map((number) => Number(number) - 1),
      notices: split(notices).map((notice) => {
        const [what, number] = notice.split(':');
        return { what: what as 'soft' | 'hard' | 'near', check: Number(number) - 1 };
      }),
    };
  }

  async release(slot: LimitSlot, operation: string): Promise<void> {
    await this.scripts.run('release-limits', [`${slot}pending`], [operation]);
  }

  async settle(slot: LimitSlot, settlements: readonly Settlement[]): Promise<void> {
    await this.scripts.run(
      'settle-limits',
      [`${slot}pending`],
      settlements.flatMap(({ operation, messageId }) => [operation, messageId]),
    );
  }

  /** Of messages whose reservation was settled, or is about to be. */
  async price(slot: LimitSlot, prices: ReadonlyMap<Identifier, Price>): Promise<void> {
    await this.scripts.run(
      'price-messages',
      [`${slot}pending`],
      [...prices].flatMap(([message, { micros, currency }]) => [message, micros, currency]),
    );
  }

  async noteOutcomes(slot: LimitSlot, outcomes: readonly Outcome[]): Promise<OutcomeNotice[]> {
    const notices = (await this.scripts.run(
      'note-outcomes',
      [
        `${slot}spray`,
        `${slot}spray:wrong`,
        `${slot}spray:right`,
        ...outcomes.flatMap(({ counted }) =>
          counted ? [slot + counted.circuit, slot + counted.prefix] : [],
        ),
      ],
      [
        this.clock.offsetMs,
        ...outcomes.flatMap(({ what, at, openedAt, receiver, counted }) => [
          LETTER_OF_OUTCOME[what],
          at,
          openedAt,
          receiver ?? '',
          counted ? 1 : 0,
        ]),
      ],
    )) as string[];
    return notices.map((notice) => {
      const [what, number] = notice.split(':');
      return { what: what as OutcomeNotice['what'], outcome: Number(number) - 1 };
    });
  }

  /**
   * Takes a receiver out of whatever counts it: by its digest, and by its names for the detectors. Looks at every key of
   * the slot, so it is not for a request.
   */
  async forget(slot: LimitSlot, counted: string, refs: readonly string[]): Promise<void> {
    const { client } = this.redis;
    await client.del(`${slot}calls:${counted}`);
    for (const what of ['wrong', 'right']) await client.zrem(`${slot}spray:${what}`, ...refs);
    for await (const keys of client.scanStream({ match: `${slot}*`, count: SCAN_COUNT })) {
      for (const key of keys as string[]) {
        if (key.endsWith(':receivers')) await client.zrem(key, counted);
        if (key.startsWith(`${slot}res:`)) await this.forgetReserved(key, counted);
      }
    }
  }

  private async forgetReserved(key: string, counted: string): Promise<void> {
    const lines = await this.redis.client.lrange(key, 0, -1);
    for (const line of lines.filter((text) => text.includes(counted)))
      await this.redis.client.lrem(key, 0, line);
  }

  /** Whether the tenant's receivers are being sprayed with guesses right now. */
  async isSprayed(slot: LimitSlot): Promise<boolean> {
    return (await this.redis.client.exists(`${slot}spray`)) === 1;
  }
}

function split(list: string): string[] {
  return list === '' ? [] : list.split(',');
}
