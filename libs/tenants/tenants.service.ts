import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId } from '#platform/identifiers';
import { ConfigPublisher, type Publication } from '#platform/published-config';
import { type KeyMode, makeKey, parseKey, type Scope, SCOPES } from './api-key.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { PublishedKey } from './key-store.js';
import { TenantEntity } from './tenant.entity.js';

const DEFAULT_LIFE_DAYS = 180;
const DAY_MS = 86_400_000;

/** Given on purpose or not at all: reading codes, and loosening what holds back the key's own sends. */
const UNUSUAL_SCOPES: readonly Scope[] = ['codes:reveal', 'limits:write', 'switches:write'];
export const USUAL_SCOPES = SCOPES.filter((scope) => !UNUSUAL_SCOPES.includes(scope));

export interface NewKey {
  tenantId: Identifier;
  name: string;
  mode: KeyMode;
  scopes?: readonly Scope[];
  lifeDays?: number;
}

/** Tenants and their API keys. */
@Injectable()
export class TenantsService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.publisher.register('key', {
      read: (manager, id) => readKey(manager, id),
      list: async (manager) =>
        (await manager.find(ApiKeyEntity, { select: { id: true } })).map((key) => key.id),
    });
  }

  async createTenant(name: string): Promise<TenantEntity> {
    return this.database.repository(TenantEntity).save({ id: newId(), name, createdAt: this.clock.date() });
  }

  listTenants(): Promise<TenantEntity[]> {
    return this.database.repository(TenantEntity).find({ order: { createdAt: 'ASC' } });
  }

  findTenantByName(name: string): Promise<TenantEntity | null> {
    return this.database.repository(TenantEntity).findOneBy({ name });
  }

  /** The key's text is returned here and never again. */
  async createKey({
    tenantId,
    name,
    mode,
    scopes = USUAL_SCOPES,
    lifeDays = DEFAULT_LIFE_DAYS,
  }: NewKey): Promise<{ id: Identifier; text: string }> {
    const key = makeKey(mode);
    await this.publisher.commit(async (manager, owe) => {
      await manager.insert(ApiKeyEntity, {
        id: key.id,
        tenantId,
        name,
        mode,
        secretHash: key.secretHash,
        scopes: [...scopes],
        expiresAt: new Date(this.clock.now() + lifeDays * DAY_MS),
        revision: 1,
      });
      owe('key', key.id);
    });
    return { id: key.id, text: key.text };
  }

  listKeys(tenantId: Identifier): Promise<ApiKeyEntity[]> {
    return this.database.repository(ApiKeyEntity).find({ where: { tenantId }, order: { createdAt: 'ASC' } });
  }

  /** Ends a key for good. Every process refuses it within 5 s. */
  async revokeKey(id: Identifier): Promise<void> {
    await this.publisher.commit(async (manager, owe) => {
      const key = await manager.findOne(ApiKeyEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!key) throw new Problem('key.not_found');
      await manager.update(
        ApiKeyEntity,
        { id },
        { revokedAt: key.revokedAt ?? this.clock.date(), revision: key.revision + 1 },
      );
      owe('key', id);
    });
  }

  /** True when the text is a key of this tenant that works now. */
  async keyWorks(tenantId: Identifier, text: string): Promise<boolean> {
    const parsed = parseKey(text);
    if (!parsed) return false;
    const key = await this.database
      .repository(ApiKeyEntity)
      .findOneBy({ id: parsed.id, tenantId, secretHash: parsed.secretHash });
    return key !== null && key.revokedAt === null && key.expiresAt > this.clock.date();
  }
}

async function readKey(manager: EntityManager, id: Identifier): Promise<Publication | undefined> {
  const key = await manager.findOneBy(ApiKeyEntity, { id });
  if (!key) return undefined;
  const payload: PublishedKey = {
    tenantId: key.tenantId,
    mode: key.mode,
    secretHash: key.secretHash,
    scopes: key.scopes,
    expiresAt: key.expiresAt.getTime(),
  };
  return { revision: key.revision, payload: key.revokedAt ? undefined : payload };
}
