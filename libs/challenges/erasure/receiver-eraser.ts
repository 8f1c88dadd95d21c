import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { anonymiseJournal, TenantEvents } from '#journal';
import { ReceiverCounters } from '#limits';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, newId, parseUuid, renderNative, renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import type { CanonicalReceiver } from '#platform/phone';
import { readWritten } from '../addresses.js';
import { CodeVault } from '../code-vault.js';
import { ErasureStore } from '../hot-store/erasure-store.js';
import { ProviderMessageIds } from '../hot-store/provider-message-ids.js';
import { ReceiverAliases } from '../receiver-aliases.js';
import { ErasureEntity } from './erasure.entity.js';
import { ErasuresService } from './erasures.service.js';

/** Records leave Redis a quarter of an hour after their end; the clocks of processes differ. */
const MAY_BE_LIVE_MS = 3_600_000;
/** The clock of Redis, by which challenges are dated, and that of a process may differ by so much; boot checks it. */
const MOST_SKEW_MS = 2_000;

interface Known {
  id: Identifier;
  expiresAt: Date;
}

/**
 * Makes the service forget a receiver of one tenant (SEC-18): live challenges are canceled, what Redis keeps of it goes,
 * and in history a random subject takes its place. Redis comes first, since history tells what to look for there; each
 * step may be done again, so that a kill anywhere costs a repeat.
 */
@Injectable()
export class ReceiverEraser {
  private readonly logger = loggerFor('erasures');

  constructor(
    private readonly erasures: ErasuresService,
    private readonly store: ErasureStore,
    private readonly vault: CodeVault,
    private readonly aliases: ReceiverAliases,
    private readonly providerIds: ProviderMessageIds,
    private readonly counters: ReceiverCounters,
    private readonly events: TenantEvents,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** One round. What cannot be done yet, or fails, is left for the next. */
  async run(): Promise<void> {
    for (const erasure of await this.erasures.pending()) {
      await this.erase(erasure).catch((error: unknown) =>
        this.logger.warn(
          { erasure: renderNative('erasure', erasure.id), error: describeError(error) },
          'receiver not erased yet; the next round tries again',
        ),
      );
    }
  }

  private async erase(erasure: ErasureEntity): Promise<void> {
    const { tenantId } = erasure;
    const to = readWritten(this.erasures.receiverOf(erasure));
    if (!to) return this.finish(erasure, [], []);
    const refs = this.vault.receiverRefs(tenantId, to.canonical);
    const places = this.aliases.placesOf(tenantId, to.canonical);
    const until = new Date(erasure.requestedAt.getTime() + MOST_SKEW_MS);
    // What was journalled before the request has to be in history, which is where it is looked for.
    if (await this.store.isBehind(places, until)) return;
    const known = await this.findChallenges(tenantId, refs, until);
    if (!(await this.eraseLive(tenantId, known))) return;
    await this.forgetProviderIds(known);
    await this.forgetReceiver(tenantId, to, refs);
    await this.finish(
      erasure,
      known.map(({ id }) => id),
      refs,
    );
  }

  private async findChallenges(tenantId: Identifier, refs: readonly string[], until: Date): Promise<Known[]> {
    const rows: { id: string; expires_at: Date }[] = await this.database.manager.query(
      'SELECT id, expires_at FROM challenges WHERE tenant_id = $1 AND receiver_ref = ANY ($2::text[]) AND opened_at <= $3',
      [renderUuid(tenantId), refs, until],
    );
    return rows.map(({ id, expires_at: expiresAt }) => ({ id: parseUuid(id)!, expiresAt }));
  }

  /** False while an approval or a message of it is under way: that is let through first. */
  private async eraseLive(tenantId: Identifier, known: readonly Known[]): Promise<boolean> {
    const since = this.clock.now() - MAY_BE_LIVE_MS;
    const live = known.filter(({ expiresAt }) => expiresAt.getTime() > since);
    const erased = await Promise.all(live.map(({ id }) => this.store.eraseChallenge(id, tenantId)));
    return erased.every(Boolean);
  }

  private async forgetProviderIds(known: readonly Known[]): Promise<void> {
    const rows: { account_id: string; provider_message_id: string }[] = await this.database.manager.query(
      `SELECT account_id, provider_message_id FROM messages
       WHERE challenge_id = ANY ($1::uuid[]) AND provider_message_id IS NOT NULL AND account_id IS NOT NULL`,
      [known.map(({ id }) => renderUuid(id))],
    );
    for (const row of rows)
      await this.providerIds.forget(parseUuid(row.account_id)!, row.provider_message_id);
  }

  private async forgetReceiver(
    tenantId: Identifier,
    { canonical }: CanonicalReceiver,
    refs: readonly string[],
  ): Promise<void> {
    for (const place of this.aliases.placesOf(tenantId, canonical))
      await this.store.eraseReceiver(place, tenantId);
    await this.aliases.forget(tenantId, canonical);
    await this.counters.forget(tenantId, canonical, refs);
  }

  private async finish(
    { id, tenantId }: ErasureEntity,
    challengeIds: readonly Identifier[],
    receiverRefs: readonly string[],
  ): Promise<void> {
    const subject = newId();
    await this.database.transaction(async (manager) => {
      await anonymiseHistory(manager, challengeIds, subject);
      await anonymiseConsents(manager, { tenantId, receiverRefs, subject });
      await anonymiseJournal(manager, { tenantId, challengeIds, receiverRefs, subject });
      await manager.update(ErasureEntity, { id }, { sealedReceiver: null, doneAt: this.clock.date() });
      const subjectOfEvent = renderNative('erasure', id);
      await this.events.record(tenantId, { type: 'receiver.erased', subject: subjectOfEvent }, manager);
    });
  }
}

async function anonymiseHistory(
  manager: EntityManager,
  ids: readonly Identifier[],
  subject: string,
): Promise<void> {
  const uuids = ids.map(renderUuid);
  await manager.query(
    `UPDATE challenges SET receiver_ref = $2, sealed_receiver = '', metadata = NULL WHERE id = ANY ($1::uuid[])`,
    [uuids, subject],
  );
  await manager.query(
    'UPDATE messages SET provider_message_id = NULL WHERE challenge_id = ANY ($1::uuid[])',
    [uuids],
  );
  // What tenants were told of: a provider's id of a message may spell the number.
  await manager.query(
    `UPDATE events SET data = data - 'providerMessageId' WHERE challenge_id = ANY ($1::uuid[])`,
    [uuids],
  );
}

/** That somebody agreed, to which words and when, stays; who it was goes. */
async function anonymiseConsents(
  manager: EntityManager,
  of: { tenantId: Identifier; receiverRefs: readonly string[]; subject: string },
): Promise<void> {
  const values = [renderUuid(of.tenantId), of.receiverRefs, of.subject];
  for (const table of ['consents', 'consent_withdrawals'])
    await manager.query(
      `UPDATE ${table} SET receiver_ref = $3, sealed_receiver = '', message_id = ''
       WHERE tenant_id = $1 AND receiver_ref = ANY ($2::text[])`,
      values,
    );
}
