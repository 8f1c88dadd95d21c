import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { LuaScripts, RedisConnection } from '#platform/redis';

/** WhatsApp's own numbers: 80 messages a second per sender, one per 6 s to a receiver with 45 at once. */
const PER_SECOND = 80;
const PAIR_EVERY_MS = 6_000;
/** One less than the provider lets through: it may have counted one that we do not know of. */
const PAIR_AT_ONCE = 44;
/** A worker that waits has one message less in hand; one that comes back is claimed, and told in the journal, once more. */
const LONGEST_WAIT_MS = 1_000;

export interface TurnRequest {
  senderId: Identifier;
  pair: string | undefined;
  /** False where nobody limits it: the simulator, until it is told to. A rate that was told holds all the same. */
  limited: boolean;
}

export interface Turn {
  waitMs: number;
  taken: boolean;
}

/** Turns of senders, shared by all workers, so that a provider's limits are kept rather than hit. */
@Injectable()
export class SendTurns {
  private readonly scripts: LuaScripts<'take-turn'>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['take-turn']);
  }

  /**
   * When this sender may send: a turn that is near is taken, and has to be waited for; for one that is further off the
   * message should rather come back. `pair` names the receiver, not in clear.
   */
  async take(accountId: Identifier, { senderId, pair, limited }: TurnRequest): Promise<Turn> {
    const sender = keyOf(accountId, senderId);
    const [waitMs, taken] = (await this.scripts.run(
      'take-turn',
      [sender, `${sender}:rate`, ...(pair === undefined ? [] : [`${sender}:${pair}`])],
      [this.clock.offsetMs, limited ? PER_SECOND : 0, PAIR_EVERY_MS, PAIR_AT_ONCE, LONGEST_WAIT_MS],
    )) as [number, number];
    return { waitMs, taken: taken === 1 };
  }

  /** What the provider says that this sender may send from now on. */
  async setRate(accountId: Identifier, senderId: Identifier, messagesPerSecond: number): Promise<void> {
    await this.redis.client.set(`${keyOf(accountId, senderId)}:rate`, Math.max(1, messagesPerSecond));
  }
}

function keyOf(accountId: Identifier, senderId: Identifier): string {
  return `{turn:${accountId}}:${senderId}`;
}
