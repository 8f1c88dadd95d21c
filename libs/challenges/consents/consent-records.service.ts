import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JournalEntry } from '#journal';
import { Database } from '#platform/database';
import { type Identifier, parseUuid, renderUuid } from '#platform/identifiers';
import { channelOfLetter } from '../channel-letters.js';

/** A consent as it stands: with the first withdrawal after it, if there is one. */
export interface Consent {
  /** Of the challenge that was answered with yes. */
  id: Identifier;
  tenantId: Identifier;
  generatorId: Identifier;
  generatorVersion: number;
  mode: 'live' | 'test';
  sealedReceiver: string;
  channel: string;
  assurance: string;
  messageId: string;
  wording: string;
  wordingHash: string;
  language?: string;
  givenAt: number;
  withdrawn?: { at: number; messageId: string };
}

export interface ConsentFilter {
  receiverRefs?: readonly string[];
  since?: Date;
  until?: Date;
  limit: number;
  /** Where the page before ended. */
  after?: { openedAt: Date; id: Identifier };
}

interface Row {
  id: string;
  tenant_id: string;
  generator_id: string;
  generator_version: number;
  mode: 'live' | 'test';
  sealed_receiver: string;
  channel: string;
  assurance: string;
  message_id: string;
  wording: string;
  wording_hash: string;
  language: string | null;
  given_at: Date;
  withdrawn_at: Date | null;
  withdrawal_message_id: string | null;
}

/**
 * Who agreed to which words, and who withdrew. Both are only ever added to, by the journal: a withdrawal counts for
 * every consent before it, in whichever order the two are written.
 */
@Injectable()
export class ConsentRecords {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async list(tenantId: Identifier, filter: ConsentFilter): Promise<Consent[]> {
    const values: unknown[] = [renderUuid(tenantId)];
    const clauses = ['c.tenant_id = $1'];
    const add = (clause: (at: string) => string, value: unknown): void => {
      values.push(value);
      clauses.push(clause(`$${values.length}`));
    };
    if (filter.receiverRefs) add((at) => `c.receiver_ref = ANY(${at}::text[])`, filter.receiverRefs);
    if (filter.since) add((at) => `c.given_at >= ${at}`, filter.since);
    if (filter.until) add((at) => `c.given_at < ${at}`, filter.until);
    if (filter.after) {
      values.push(filter.after.openedAt, renderUuid(filter.after.id));
      clauses.push(`(c.given_at, c.id) < ($${values.length - 1}, $${values.length}::uuid)`);
    }
    values.push(filter.limit);
    const rows: Row[] = await this.database.manager.query(
      `SELECT c.*, w.withdrawn_at, w.message_id AS withdrawal_message_id FROM consents c
       LEFT JOIN LATERAL (
         SELECT withdrawn_at, message_id FROM consent_withdrawals w
         WHERE w.tenant_id = c.tenant_id AND w.receiver_ref = c.receiver_ref AND w.withdrawn_at >= c.given_at
         ORDER BY withdrawn_at LIMIT 1
       ) w ON true
       WHERE ${clauses.join(' AND ')} ORDER BY c.given_at DESC, c.id DESC LIMIT $${values.length}`,
      values,
    );
    return rows.map(toConsent);
  }

  /** A projection of the journal, behind the one of challenges. Bears repeats. */
  async apply(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
    await addConsents(
      entries.filter(({ type, data }) => type === 'challenge.approved' && data['cs'] === '1'),
      manager,
    );
    await addWithdrawals(
      entries.filter(({ type }) => type === 'consent.withdrawn'),
      manager,
    );
  }
}

/** Receiver, mode and language are those of the challenge, the wording that of the generator it was opened under. */
async function addConsents(given: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  if (given.length === 0) return;
  await manager.query(
    `INSERT INTO consents (id, tenant_id, generator_id, generator_version, mode, receiver_ref, sealed_receiver, channel, assurance,
       message_id, wording, wording_hash, language, given_at)
     SELECT c.id, c.tenant_id, c.generator_id, c.generator_version, c.mode, c.receiver_ref, c.sealed_receiver, t.channel, t.assurance,
       t.message_id, v.wording, encode(sha256(convert_to(v.wording, 'UTF8')), 'hex'), c.language, t.at
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS t (id, channel, assurance, message_id, at)
     JOIN challenges c ON c.id = t.id
     JOIN LATERAL (
       SELECT policy->'inbound'->>'consentText' AS wording FROM generator_versions
       WHERE generator_id = c.generator_id AND version = c.generator_version
     ) v ON true
     ON CONFLICT (id) DO NOTHING`,
    [
      given.map((entry) => renderUuid(entry.challengeId)),
      given.map((entry) => channelOfLetter(entry.data['ch']!)),
      given.map((entry) => entry.data['as']),
      given.map((entry) => entry.data['pid']),
      given.map((entry) => entry.occurredAt),
    ],
  );
}

async function addWithdrawals(withdrawn: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  const rows = withdrawn.flatMap((entry) => entry.data['rs']!.split(',').map((ref) => ({ entry, ref })));
  if (rows.length === 0) return;
  await manager.query(
    `INSERT INTO consent_withdrawals (id, tenant_id, receiver_ref, sealed_receiver, channel, message_id, withdrawn_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      rows.map(({ entry }) => renderUuid(entry.challengeId)),
      rows.map(({ entry }) => renderUuid(entry.tenantId)),
      rows.map(({ ref }) => ref),
      rows.map(({ entry }) => entry.data['sr']),
      rows.map(({ entry }) => channelOfLetter(entry.data['ch']!)),
      rows.map(({ entry }) => entry.data['pid']),
      rows.map(({ entry }) => entry.occurredAt),
    ],
  );
}

function toConsent(row: Row): Consent {
  return {
    id: parseUuid(row.id)!,
    tenantId: parseUuid(row.tenant_id)!,
    generatorId: parseUuid(row.generator_id)!,
    generatorVersion: row.generator_version,
    mode: row.mode,
    sealedReceiver: row.sealed_receiver,
    channel: row.channel,
    assurance: row.assurance,
    messageId: row.message_id,
    wording: row.wording,
    wordingHash: row.wording_hash,
    language: row.language ?? undefined,
    givenAt: row.given_at.getTime(),
    withdrawn: row.withdrawn_at
      ? { at: row.withdrawn_at.getTime(), messageId: row.withdrawal_message_id! }
      : undefined,
  };
}
