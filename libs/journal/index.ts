import { AuditChainEntity, AuditCheckpointEntity, AuditEventEntity } from './audit/audit-event.entity.js';
import { TenantEventEntity } from './tenant-event.entity.js';

export { Audit, type Author, CLI } from './audit/audit.js';
export { AUDIT_ACTIONS, type AuditAction } from './audit/audit-actions.js';
export type { Chain } from './audit/audit-chain.js';
export type { AuditEventEntity } from './audit/audit-event.entity.js';
export { AuditLog } from './audit/audit-log.js';
export { AuditModule } from './audit/audit.module.js';
export { AuditSigner } from './audit/audit-signer.js';
export {
  type AuditFault,
  type AuditKnowledge,
  type AuditVerdict,
  AuditVerifier,
  type SignedCheckpoint,
} from './audit/audit-verifier.js';
export { EVENT_CATALOGUE, EVENT_VERSION, type EventType, isEventType, membersOf } from './event-catalogue.js';
export { EventOutbox, type OutgoingEvent, type WaitingEvent } from './event-outbox.js';
export type { JournalEntry } from './journal-entry.js';
export { findGaps, findLostEnds, type JournalGap } from './journal-check.js';
export { JournalModule } from './journal.module.js';
export { JournalWriter } from './journal-writer.js';
export { anonymiseJournal } from './personal-data.js';
export { deleteOlder, journalRetention, type RetentionRule } from './retention.js';
export { type TenantEvent, TenantEvents } from './tenant-events.js';
export type { TenantEventEntity } from './tenant-event.entity.js';
export { TenantEventsModule } from './tenant-events.module.js';

export const journalEntities = [TenantEventEntity, AuditEventEntity, AuditChainEntity, AuditCheckpointEntity];
