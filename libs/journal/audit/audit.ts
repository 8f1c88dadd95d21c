import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '#platform/clock';
import { keyedDigest, KeyRing } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import type { AuditAction } from './audit-actions.js';
import { PLATFORM_CHAIN } from './audit-chain.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { canonicalJson } from './canonical-json.js';

/** Who makes a change, and within which request. */
export interface Author {
  /** `key_…`, or one of the two below. */
  actor: string;
  requestId?: string;
}

/** A person at a shell of the installation. */
export const CLI: Author = { actor: 'cli' };

export interface AuditedChange {
  /** Null when it concerns the whole installation. */
  tenantId: Identifier | null;
  action: AuditAction;
  /** As the API names it; nothing by which a person could be found. */
  subject: string;
  /** What was there, without secrets; absent when nothing was. Only its mark is kept. */
  before?: object;
  /** What is there now; absent when nothing is. */
  after?: object;
  /** What is marked could be guessed from its mark (a phone number): it is marked under a key. */
  guessable?: boolean;
}

/** Writes down who changed what, in the transaction that changes it: there is never the one without the other. */
@Injectable()
export class Audit {
  constructor(
    private readonly clock: Clock,
    private readonly keyRing: KeyRing,
  ) {}

  async record(manager: EntityManager, by: Author, change: AuditedChange): Promise<void> {
    const { tenantId, action, subject, before, after, guessable = false } = change;
    await manager.insert(AuditEventEntity, {
      chain: tenantId ?? PLATFORM_CHAIN,
      at: this.clock.date(),
      actor: by.actor,
      action,
      subject,
      before: before ? this.mark(before, guessable) : null,
      after: after ? this.mark(after, guessable) : null,
      requestId: by.requestId ?? null,
    });
  }

  /** `sha256:<hex>` of the canonical JSON, or `hmac-sha256:<kid>:<hex>`. */
  private mark(view: object, guessable: boolean): string {
    const text = canonicalJson(view);
    if (!guessable) return `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const { kid, key } = this.keyRing.active('audit-mark');
    return `hmac-sha256:${kid}:${keyedDigest(key, [text]).toString('hex')}`;
  }
}
