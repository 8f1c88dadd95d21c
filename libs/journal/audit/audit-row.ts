import { type ChainedEvent, chainName } from './audit-chain.js';
import type { AuditEventEntity } from './audit-event.entity.js';

/** A row with its number, as it is hashed and exported. */
export function toChained(row: AuditEventEntity & { seq: number }): ChainedEvent {
  return {
    chain: chainName(row.chain),
    seq: row.seq,
    at: row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    ...(row.before !== null && { before: row.before }),
    ...(row.after !== null && { after: row.after }),
    ...(row.requestId !== null && { requestId: row.requestId }),
  };
}
