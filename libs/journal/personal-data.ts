import type { EntityManager } from 'typeorm';
import { type Identifier, renderUuid } from '#platform/identifiers';

/**
 * What of an entry's data leads to a person: references of the receiver (`r`, `rs`, `i`), the sealed receiver (`sr`), the
 * provider's id of the message, which in WhatsApp's case spells the number (`pid`), and what the caller attached, which
 * may be anything (`md`). A new field of `record.lua` that leads to one belongs here, and in a new index.
 */
const PERSONAL_FIELDS = ['i', 'md', 'pid', 'r', 'rs', 'sr'];
/** Entries about a receiver and no challenge, whose id is their own. As the index `journal_receivers` spells them. */
const ABOUT_RECEIVER = `type IN ('receiver.unblocked', 'consent.withdrawn')`;
const FIELDS = `ARRAY[${PERSONAL_FIELDS.map((field) => `'${field}'`).join(', ')}]`;

/** As the index `journal_personal` spells it. */
export const IS_PERSONAL = `data ?| ${FIELDS}`;
export const WITHOUT_PERSONAL = `data - ${FIELDS}`;

export interface ErasedReceiver {
  tenantId: Identifier;
  challengeIds: readonly Identifier[];
  /** The receiver's names in the journal. */
  receiverRefs: readonly string[];
  /** Takes their place: random, and remembered nowhere. */
  subject: string;
}

/**
 * Takes the receiver out of the journal, in whose rows a random subject stands for it: what happened, and to how many,
 * can still be told (SEC-18).
 */
export async function anonymiseJournal(
  manager: EntityManager,
  { tenantId, challengeIds, receiverRefs, subject }: ErasedReceiver,
): Promise<void> {
  const anonymous = `(${WITHOUT_PERSONAL}) || CASE WHEN data ? 'r' THEN jsonb_build_object('r', $3::text) ELSE '{}' END`;
  await manager.query(
    `UPDATE journal SET data = ${anonymous} WHERE tenant_id = $1 AND challenge_id = ANY ($2::uuid[]) AND ${IS_PERSONAL}`,
    [renderUuid(tenantId), challengeIds.map(renderUuid), subject],
  );
  await manager.query(
    `UPDATE journal SET data = ${anonymous} WHERE tenant_id = $1 AND ${ABOUT_RECEIVER} AND data ->> 'r' = ANY ($2::text[])`,
    [renderUuid(tenantId), receiverRefs, subject],
  );
}
