import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type Author } from '#journal';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, renderNative } from '#platform/identifiers';
import { ConfigPublisher, type Publication, PublishedConfig } from '#platform/published-config';
import { LimitPolicyEntity } from './limit.entity.js';
import {
  findOutOfBounds,
  type LimitOverrides,
  type LimitPolicy,
  PLATFORM,
  toPolicy,
} from './limit-policy.js';

const MOST_REMEMBERED = 10_000;

/** What each tenant changed about its limits, within what the platform allows. */
@Injectable()
export class LimitPolicies implements OnModuleInit {
  /** Also of tenants that changed nothing, whom `PublishedConfig` would ask Redis about each time. */
  private readonly memory = new Map<string, LimitPolicy>();
  private changes = 0;

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.publisher.register('limits', {
      read: readPolicy,
      list: async (manager) => (await manager.find(LimitPolicyEntity)).map(({ ref }) => ref),
    });
    this.published.onDrop((kind, ref) => {
      if (kind === 'limits') this.forget(() => this.memory.delete(ref));
    });
    this.published.onForget(() => this.forget(() => this.memory.clear()));
  }

  /** What holds for a tenant, or for the platform; at once, when memory has it. */
  of(ref: Identifier | typeof PLATFORM): LimitPolicy | Promise<LimitPolicy> {
    return this.memory.get(ref) ?? this.read(ref);
  }

  async get(ref: Identifier | typeof PLATFORM): Promise<LimitOverrides> {
    return (await this.database.repository(LimitPolicyEntity).findOneBy({ ref }))?.overrides ?? {};
  }

  /** Replaces what was changed before. */
  async save(ref: Identifier | typeof PLATFORM, overrides: LimitOverrides, by: Author): Promise<void> {
    const errors = findOutOfBounds(overrides);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    await this.publisher.commit(async (manager, owe) => {
      const known = await manager.findOneBy(LimitPolicyEntity, { ref });
      await manager.query(
        `INSERT INTO limit_policies (ref, overrides, revision) VALUES ($1, $2::jsonb, 1)
         ON CONFLICT (ref) DO UPDATE SET overrides = excluded.overrides, revision = limit_policies.revision + 1`,
        [ref, JSON.stringify(overrides)],
      );
      const platform = ref === PLATFORM;
      await this.audit.record(manager, by, {
        tenantId: platform ? null : ref,
        action: 'limits.changed',
        subject: platform ? PLATFORM : renderNative('tenant', ref),
        before: known?.overrides,
        after: overrides,
      });
      owe('limits', ref);
    });
  }

  private async read(ref: string): Promise<LimitPolicy> {
    const before = this.changes;
    const policy = toPolicy(
      (await this.published.get('limits', ref, (payload) => payload as LimitOverrides)) ?? {},
    );
    if (before === this.changes) {
      if (this.memory.size >= MOST_REMEMBERED) this.memory.clear();
      this.memory.set(ref, policy);
    }
    return policy;
  }

  private forget(drop: () => void): void {
    this.changes++;
    drop();
  }
}

async function readPolicy(manager: EntityManager, ref: string): Promise<Publication | undefined> {
  const row = await manager.findOneBy(LimitPolicyEntity, { ref });
  return row ? { revision: row.revision, payload: row.overrides } : undefined;
}
