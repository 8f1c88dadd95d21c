import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EntityManager, IsNull, MoreThan } from 'typeorm';
import { Audit, type Author, CLI } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { ConfigPublisher, type Publication } from '#platform/published-config';
import { type KeyMode, makeKey, parseKey, type Scope, SCOPES } from './api-key.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { PublishedKey } from './key-store.js';
import { TenantEntity } from './tenant.entity.js';

const DEFAULT_LIFE_DAYS = 180;
const DAY_MS = 86_400_000;

/**
 * Given on purpose or not at all: reading codes or numbers in clear, loosening what holds back the key's own sends,
 * making more keys,
 * forgetting people.
 */
const UNUSUAL_SCOPES: readonly Scope[] = [
  'codes:reveal',
  'consents:export',
  'limits:write',
  'switches:write',
  'keys:write',
  'privacy:erase',
];
export const USUAL_SCOPES = SCOPES.filter((scope) => !UNUSUAL_SCOPES.includes(scope));

/** More than these work at a time only while one takes over from another. */
const MOST_KEYS = 100;

export interface NewKey {
  tenantId: Identifier;
  name: string;
  mode: KeyMode;
  scopes?: readonly Scope[];
  /** In CIDR form; accepted from everywhere when there are none. */
  networks?: readonly string[];
  /** Otherwise `lifeDays` from now. */
  expiresAt?: Date;
  lifeDays?: number;
}

/** What is shown of a key this once. */
export interface MadeKey {
  id: Identifier;
  text: string;
}

/** Tenants and their API keys. */
@Injectable()
export class TenantsService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.publisher.register('key', {
      read: (manager, id) => readKey(manager, id),
      list: async (manager) =>
        (await manager.find(ApiKeyEntity, { select: { id: true } })).map((key) => key.id),
    });
  }

  createTenant(name: string, by: Author = CLI): Promise<TenantEntity> {
    return this.database.transaction(async (manager) => {
      const tenant = await manager.save(TenantEntity, { id: newId(), name, createdAt: this.clock.date() });
      const subject = renderNative('tenant', tenant.id);
      await this.audit.record(manager, by, {
        tenantId: null,
        action: 'tenant.created',
        subject,
        after: { name },
      });
      return tenant;
    });
  }

  listTenants(): Promise<TenantEntity[]> {
    return this.database.repository(TenantEntity).find({ order: { createdAt: 'ASC' } });
  }

  findTenantByName(name: string): Promise<TenantEntity | null> {
    return this.database.repository(TenantEntity).findOneBy({ name });
  }

  /** The key's text is returned here and never again. */
  createKey({ tenantId, ...input }: NewKey, by: Author = CLI): Promise<MadeKey> {
    const expiresAt = input.expiresAt ?? this.inDays(input.lifeDays ?? DEFAULT_LIFE_DAYS);
    return this.publisher.commit(async (manager, owe) => {
      await this.expectRoom(manager, tenantId);
      const { name, mode, scopes = USUAL_SCOPES, networks = [] } = input;
      const made = await this.insertKey(manager, { tenantId, name, mode, scopes, networks, expiresAt });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'key.created',
        subject: renderNative('key', made.id),
        after: { name, mode, scopes, networks, expiresAt },
      });
      owe('key', made.id);
      return made;
    });
  }

  /**
   * Makes a key like this one, for as long as a new one lives; the old one works on for `overlapMs`, and not beyond its
   * own end. `allows` refuses what the caller may not give.
   */
  rotateKey(
    tenantId: Identifier,
    id: Identifier,
    { overlapMs, allows }: { overlapMs: number; allows: (key: ApiKeyEntity) => void },
    by: Author,
  ): Promise<MadeKey> {
    return this.publisher.commit(async (manager, owe) => {
      const old = await lockKey(manager, { id, tenantId });
      if (old.revokedAt !== null || old.expiresAt <= this.clock.date()) throw new Problem('key.ended');
      allows(old);
      const { name, mode, scopes, networks } = old;
      const rights = { name, mode, scopes, networks };
      const made = await this.insertKey(manager, {
        tenantId,
        ...rights,
        expiresAt: this.inDays(DEFAULT_LIFE_DAYS),
      });
      const expiresAt = new Date(Math.min(old.expiresAt.getTime(), this.clock.now() + overlapMs));
      await manager.update(ApiKeyEntity, { id }, { expiresAt, revision: old.revision + 1 });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'key.rotated',
        subject: renderNative('key', id),
        before: { ...rights, expiresAt: old.expiresAt },
        after: { ...rights, expiresAt, replacedBy: renderNative('key', made.id) },
      });
      owe('key', id);
      owe('key', made.id);
      return made;
    });
  }

  listKeys(tenantId: Identifier): Promise<ApiKeyEntity[]> {
    return this.database.repository(ApiKeyEntity).find({ where: { tenantId }, order: { createdAt: 'ASC' } });
  }

  async getKey(tenantId: Identifier, id: Identifier): Promise<ApiKeyEntity> {
    const key = await this.database.repository(ApiKeyEntity).findOneBy({ id, tenantId });
    if (!key) throw new Problem('key.not_found');
    return key;
  }

  /** Ends a key for good. Every process refuses it within 5 s. An operator may end that of any tenant. */
  async revokeKey(id: Identifier, by: Author = CLI, tenantId?: Identifier): Promise<void> {
    await this.publisher.commit(async (manager, owe) => {
      const key = await lockKey(manager, { id, ...(tenantId !== undefined && { tenantId }) });
      const revokedAt = key.revokedAt ?? this.clock.date();
      await manager.update(ApiKeyEntity, { id }, { revokedAt, revision: key.revision + 1 });
      const { name, mode, scopes, networks, expiresAt } = key;
      const before = { name, mode, scopes, networks, expiresAt, revokedAt: key.revokedAt };
      await this.audit.record(manager, by, {
        tenantId: key.tenantId,
        action: 'key.revoked',
        subject: renderNative('key', id),
        before,
        after: { ...before, revokedAt },
      });
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

  private inDays(days: number): Date {
    return new Date(this.clock.now() + days * DAY_MS);
  }

  /** The tenant is locked: two requests at once must not both be the hundredth. */
  private async expectRoom(manager: EntityManager, tenantId: Identifier): Promise<void> {
    await manager.findOne(TenantEntity, { where: { id: tenantId }, lock: { mode: 'for_no_key_update' } });
    const working = { tenantId, revokedAt: IsNull(), expiresAt: MoreThan(this.clock.date()) };
    if ((await manager.countBy(ApiKeyEntity, working)) >= MOST_KEYS)
      throw new Problem('key.limit', { detail: `${MOST_KEYS} keys of this tenant work: revoke one first.` });
  }

  private async insertKey(
    manager: EntityManager,
    {
      scopes,
      networks,
      ...row
    }: Pick<ApiKeyEntity, 'tenantId' | 'name' | 'mode' | 'expiresAt'> & {
      scopes: readonly string[];
      networks: readonly string[];
    },
  ): Promise<MadeKey> {
    const { id, text, secretHash } = makeKey(row.mode);
    await manager.insert(ApiKeyEntity, {
      id,
      ...row,
      secretHash,
      scopes: [...scopes],
      networks: [...networks],
      revision: 1,
    });
    return { id, text };
  }
}

async function lockKey(
  manager: EntityManager,
  where: { id: Identifier; tenantId?: Identifier },
): Promise<ApiKeyEntity> {
  const key = await manager.findOne(ApiKeyEntity, { where, lock: { mode: 'pessimistic_write' } });
  if (!key) throw new Problem('key.not_found');
  return key;
}

async function readKey(manager: EntityManager, id: Identifier): Promise<Publication | undefined> {
  const key = await manager.findOneBy(ApiKeyEntity, { id });
  if (!key) return undefined;
  const payload: PublishedKey = {
    tenantId: key.tenantId,
    mode: key.mode,
    secretHash: key.secretHash,
    scopes: key.scopes,
    ...(key.networks.length > 0 && { networks: key.networks }),
    expiresAt: key.expiresAt.getTime(),
  };
  return { revision: key.revision, payload: key.revokedAt ? undefined : payload };
}
