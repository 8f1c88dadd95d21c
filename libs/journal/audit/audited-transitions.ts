import type { EntityManager } from 'typeorm';
import { renderNative } from '#platform/identifiers';
import type { JournalEntry } from '../journal-entry.js';
import type { AuditAction } from './audit-actions.js';

/** What somebody decided, rather than what became of it. These touch Redis only, so the journal brings them here. */
const AUDITED: Record<string, AuditAction> = {
  'challenge.disclosed': 'code.disclosed',
  'receiver.unblocked': 'receiver.unblocked',
};

/** The journal's projection into the audit trail. Bears repeats: each transition is taken once. */
export async function auditTransitions(
  entries: readonly JournalEntry[],
  manager: EntityManager,
): Promise<void> {
  const audited = entries.filter(({ type }) => AUDITED[type] !== undefined);
  if (audited.length === 0) return;
  await manager.query(
    `INSERT INTO audit_events (chain, at, actor, action, subject, source)
     SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[])
     ON CONFLICT (source) DO NOTHING`,
    [
      audited.map(({ tenantId }) => tenantId),
      audited.map(({ occurredAt }) => occurredAt),
      audited.map(({ data }) => renderNative('key', data['by']!)),
      audited.map(({ type }) => AUDITED[type]),
      audited.map(({ challengeId }) => renderNative('challenge', challengeId)),
      audited.map(({ eventId }) => eventId),
    ],
  );
}
