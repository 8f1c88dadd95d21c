import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';
import { LETTER_OF_KIND } from '../kind-letters.js';

const SCRIPTS = ['view-link', 'deny-link', 'issue-exchange', 'redeem-exchange'] as const;

/** What a link's MACs are made with beside its secrets. */
export interface LinkBounds {
  tenantId: Identifier;
  contextDigest: string;
}

export type IssueReply =
  | { outcome: 'issued'; expiresAt: number }
  | { outcome: 'spent' | 'refused' | 'unknown' }
  | { outcome: 'ended'; state: ChallengeState; why: string };

/** The transitions that links alone have; see the `.lua` files. */
@Injectable()
export class LinkStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  /** Undefined when there is no such challenge, or one of another kind. */
  async bounds(id: Identifier): Promise<LinkBounds | undefined> {
    const [kind, tenantId, contextDigest] = await this.redis.client.hmget(this.keyOf(id), 'k', 't', 'x');
    if (kind !== LETTER_OF_KIND.link) return undefined;
    return { tenantId: tenantId!, contextDigest: contextDigest ?? '' };
  }

  /** The operation of its right answer, when it had one. */
  async approvedBy(id: Identifier): Promise<string | undefined> {
    return (await this.redis.client.hget(this.keyOf(id), 'ao')) ?? undefined;
  }

  /** The fields of a pending link, for who holds its token. */
  async view(id: Identifier, candidates: readonly string[]): Promise<Map<string, string> | undefined> {
    const reply = (await this.scripts.run(
      'view-link',
      [this.keyOf(id)],
      [this.clock.offsetMs, ...candidates],
    )) as string[];
    if (reply.length === 0) return undefined;
    const record = new Map<string, string>();
    for (let at = 0; at < reply.length; at += 2) record.set(reply[at]!, reply[at + 1]!);
    return record;
  }

  /** False when it had ended already. */
  async deny(id: Identifier, candidates: readonly string[]): Promise<boolean> {
    const args = [this.clock.offsetMs, ...candidates];
    return (await this.scripts.run('deny-link', [this.keyOf(id)], args)) === 'denied';
  }

  /** `proof`: S256 of a verifier; undefined for a browser that is known by its cookie. */
  async issueExchange(
    id: Identifier,
    tenantId: Identifier,
    times: { lifeMs: number; withinMs: number },
    proof: string | undefined,
    token: { kid: string; mac: string },
  ): Promise<IssueReply> {
    const [outcome, first, why] = (await this.scripts.run(
      'issue-exchange',
      [this.keyOf(id)],
      [this.clock.offsetMs, tenantId, times.lifeMs, times.withinMs, proof ?? '', token.kid, token.mac],
    )) as [IssueReply['outcome'], string, string];
    switch (outcome) {
      case 'issued':
        return { outcome, expiresAt: Number(first) };
      case 'ended':
        return { outcome, state: STATE_OF_LETTER[first]!, why };
      default:
        return { outcome };
    }
  }

  async redeemExchange(
    id: Identifier,
    tenantId: Identifier,
    operation: string,
    proof: string | undefined,
    candidates: readonly string[],
  ): Promise<boolean> {
    const args = [this.clock.offsetMs, tenantId, operation, proof ?? '', ...candidates];
    return (await this.scripts.run('redeem-exchange', [this.keyOf(id)], args)) === 'redeemed';
  }

  private keyOf(id: Identifier): string {
    return `${this.partitions.tagOf(id)}ch:${id}`;
  }
}
