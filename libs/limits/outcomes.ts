import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JournalEntry } from '#journal';
import { type Identifier, renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { type LimitSlot, LimitStore, type Outcome, type OutcomeNotice } from './hot-store/limit-store.js';
import { LimitEvents } from './limit-events.js';
import { LimitPolicies } from './limit-policies.service.js';
import type { LimitPolicy } from './limit-policy.js';
import { circuitKey, prefixKey } from './shared-checks.js';

/** Pending ones are no outcome yet; what was canceled or never arrived says nothing about who asked. */
const OUTCOME_OF_EVENT: Record<string, Outcome['what']> = {
  'challenge.answer_refused': 'wrong',
  'challenge.approved': 'approved',
  'challenge.expired': 'failed',
  'challenge.locked': 'failed',
};
const MOST_PER_CALL = 500;
const NOTICES = {
  low: 'limit.conversion_low',
  open: 'limit.conversion_denied',
  closed: 'limit.conversion_restored',
} as const;

interface Request {
  openedAt: number;
  /** As `challenge.requested` tells it; a channel, country or prefix that is absent is unknown. */
  data: Record<string, string>;
}

/**
 * Feeds the detectors from the journal: what became of each challenge, by channel, country and prefix. At least once,
 * and never in the way: PostgreSQL has the request, so nothing is kept per challenge.
 */
@Injectable()
export class OutcomeDetectors {
  private readonly logger = loggerFor('limits');

  constructor(
    private readonly store: LimitStore,
    private readonly policies: LimitPolicies,
    private readonly events: LimitEvents,
  ) {}

  /** A projection of the journal. `nameChannel` reads a channel as the entries spell it. */
  async apply(
    entries: readonly JournalEntry[],
    manager: EntityManager,
    nameChannel: (letter: string) => string | undefined,
  ): Promise<void> {
    const told = entries.filter(({ type }) => OUTCOME_OF_EVENT[type] !== undefined);
    if (told.length === 0) return;
    const requests = await findRequests(told, entries, manager);
    const byTenant = new Map<Identifier, JournalEntry[]>();
    for (const entry of told) {
      // The simulator's receivers are nobody's: test keys would spoil what live ones are judged by.
      if (requests.get(entry.challengeId)?.data['y'] === 'test') continue;
      byTenant.set(entry.tenantId, [...(byTenant.get(entry.tenantId) ?? []), entry]);
    }
    for (const [tenantId, own] of byTenant) {
      // Statistics must not hold up the record of what happened.
      await this.note(tenantId, own, requests, nameChannel).catch((error: unknown) =>
        this.logger.warn({ error: describeError(error), entries: own.length }, 'outcomes not counted'),
      );
    }
  }

  private async note(
    tenantId: Identifier,
    entries: readonly JournalEntry[],
    requests: ReadonlyMap<Identifier, Request>,
    nameChannel: (letter: string) => string | undefined,
  ): Promise<void> {
    const policy = await this.policies.of(tenantId);
    const slot: LimitSlot = `{lim:${tenantId}}:`;
    for (let from = 0; from < entries.length; from += MOST_PER_CALL) {
      const some = entries.slice(from, from + MOST_PER_CALL);
      const outcomes = some.map((entry) =>
        toOutcome(entry, requests.get(entry.challengeId), policy, nameChannel),
      );
      for (const notice of await this.store.noteOutcomes(slot, outcomes)) {
        const { ch, cc } = requests.get(some[notice.outcome]?.challengeId ?? '')?.data ?? {};
        this.tell(tenantId, notice, ch && (nameChannel(ch) ?? ch), cc);
      }
    }
  }

  private tell(tenantId: Identifier, { what }: OutcomeNotice, channel?: string, country?: string): void {
    if (what === 'spray') this.events.record('limit.spray_detected', tenantId, { limit: 'answers.spray' });
    else
      this.events.record(NOTICES[what], tenantId, {
        limit: 'conversion.prefix',
        ...(channel && { channel }),
        ...(country && { country }),
      });
  }
}

/** In the same batch, when the journal catches up; otherwise PostgreSQL has them. */
async function findRequests(
  told: readonly JournalEntry[],
  batch: readonly JournalEntry[],
  manager: EntityManager,
): Promise<Map<Identifier, Request>> {
  const requests = new Map(
    batch
      .filter(({ type }) => type === 'challenge.requested')
      .map(({ challengeId, occurredAt, data }) => [challengeId, { openedAt: occurredAt.getTime(), data }]),
  );
  const ids = new Set(told.map(({ challengeId }) => challengeId).filter((id) => !requests.has(id)));
  if (ids.size === 0) return requests;
  const byUuid = new Map([...ids].map((id) => [renderUuid(id), id]));
  const rows: { challenge_id: string; occurred_at: Date; data: Record<string, string> }[] =
    await manager.query(
      `SELECT challenge_id, occurred_at, data FROM journal
       WHERE challenge_id = ANY($1::uuid[]) AND type = 'challenge.requested'`,
      [[...byUuid.keys()]],
    );
  for (const row of rows)
    requests.set(byUuid.get(row.challenge_id)!, { openedAt: row.occurred_at.getTime(), data: row.data });
  return requests;
}

function toOutcome(
  { type, occurredAt }: JournalEntry,
  request: Request | undefined,
  { modes }: LimitPolicy,
  nameChannel: (letter: string) => string | undefined,
): Outcome {
  const what = OUTCOME_OF_EVENT[type]!;
  const { r, ch, cc, px } = request?.data ?? {};
  const counts = what !== 'wrong' && modes['conversion.prefix'] !== 'off';
  return {
    what,
    at: occurredAt.getTime(),
    openedAt: request?.openedAt ?? 0,
    receiver: modes['answers.spray'] === 'off' ? undefined : r,
    counted:
      counts && ch && px
        ? { circuit: circuitKey(nameChannel(ch) ?? ch, cc ?? '', px), prefix: prefixKey(px) }
        : undefined,
  };
}
