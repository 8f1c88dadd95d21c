import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type AuditAction, type Author } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { HttpClient } from '#platform/http-client';
import { type Identifier, newId, renderNative, renderUuid } from '#platform/identifiers';
import { refuseForbiddenUrl } from './endpoint-url.js';
import { type CurrentSecret, WebhookSecrets } from './webhook-secrets.js';
import { WebhookEndpointEntity } from './webhook.entity.js';

export interface EndpointInput {
  url: string;
  description?: string;
  events: string[];
  secret?: string;
}

export interface EndpointChange {
  url?: string;
  description?: string;
  events?: string[];
  enabled?: boolean;
}

export const CLOUDEVENTS = 'cloudevents';
const MOST_ENDPOINTS = 500;

/** Where a tenant wants events posted. */
@Injectable()
export class EndpointsService {
  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecrets,
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  async create(
    tenantId: Identifier,
    { secret, ...input }: EndpointInput,
    by: Author,
  ): Promise<{ endpoint: WebhookEndpointEntity; secret: string }> {
    await refuseForbiddenUrl(input.url, this.http);
    const id = newId();
    return this.database.transaction(async (manager) => {
      await refuseTooMany(tenantId, manager);
      await manager.insert(WebhookEndpointEntity, {
        id,
        tenantId,
        ...input,
        format: CLOUDEVENTS,
        createdAt: this.clock.date(),
      });
      const text = await this.secrets.create({ id, tenantId }, secret, manager);
      const endpoint = await manager.findOneByOrFail(WebhookEndpointEntity, { id });
      await this.note(manager, by, 'endpoint.created', { after: endpoint });
      return { endpoint, secret: text };
    });
  }

  list(tenantId: Identifier): Promise<WebhookEndpointEntity[]> {
    return this.database
      .repository(WebhookEndpointEntity)
      .find({ where: { tenantId }, order: { createdAt: 'DESC', id: 'DESC' } });
  }

  async get(tenantId: Identifier, id: Identifier): Promise<WebhookEndpointEntity> {
    const endpoint = await this.database.repository(WebhookEndpointEntity).findOneBy({ id, tenantId });
    if (!endpoint) throw new Problem('webhook.endpoint_not_found');
    return endpoint;
  }

  /** Enabling forgets the failures; what was waiting is due again. */
  async update(
    tenantId: Identifier,
    id: Identifier,
    { enabled, ...input }: EndpointChange,
    by: Author,
  ): Promise<WebhookEndpointEntity> {
    const known = await this.get(tenantId, id);
    if (Object.values(input).some((value) => value !== undefined)) refuseCallback(known);
    if (input.url !== undefined) await refuseForbiddenUrl(input.url, this.http);
    const change: Partial<WebhookEndpointEntity> = { ...input };
    if (enabled === true)
      Object.assign(change, { disabledAt: null, disabledWhy: null, failingSince: null, failedAt: null });
    if (enabled === false && known.disabledAt === null)
      Object.assign(change, { disabledAt: this.clock.date(), disabledWhy: 'manual' });
    return this.database.transaction(async (manager) => {
      if (Object.values(change).some((value) => value !== undefined))
        await manager.update(WebhookEndpointEntity, { id, tenantId }, change);
      const endpoint = await manager.findOneBy(WebhookEndpointEntity, { id, tenantId });
      if (!endpoint) throw new Problem('webhook.endpoint_not_found');
      await this.note(manager, by, 'endpoint.updated', { before: known, after: endpoint });
      return endpoint;
    });
  }

  /** With its log and all that is on its way. */
  async delete(tenantId: Identifier, id: Identifier, by: Author): Promise<void> {
    const known = await this.get(tenantId, id);
    refuseCallback(known);
    await this.database.transaction(async (manager) => {
      await manager.delete(WebhookEndpointEntity, { id, tenantId });
      await this.secrets.forget(id, manager);
      await this.note(manager, by, 'endpoint.deleted', { before: known });
    });
  }

  async rotateSecret(
    tenantId: Identifier,
    id: Identifier,
    given: string | undefined,
    overlapMs: number,
    by: Author,
  ): Promise<CurrentSecret> {
    refuseCallback(await this.get(tenantId, id));
    return this.secrets.rotate({ id, tenantId }, given, overlapMs, by);
  }

  private note(
    manager: EntityManager,
    by: Author,
    action: AuditAction,
    states: { before?: WebhookEndpointEntity; after?: WebhookEndpointEntity },
  ): Promise<void> {
    const { before, after } = states;
    const { id, tenantId } = (after ?? before)!;
    return this.audit.record(manager, by, {
      tenantId,
      action,
      subject: renderNative('endpoint', id),
      before: before && stateOf(before),
      after: after && stateOf(after),
    });
  }
}

function stateOf({ url, description, events, disabledAt }: WebhookEndpointEntity): object {
  return { url, description, events, enabled: disabledAt === null };
}

/** What a generator's `callbackUrl` made goes as it came: by the generator. */
function refuseCallback({ generatorId }: WebhookEndpointEntity): void {
  if (generatorId !== null) throw new Problem('webhook.endpoint_of_generator');
}

async function refuseTooMany(tenantId: Identifier, manager: EntityManager): Promise<void> {
  // The tenant's row is the lock: two at a time must not both be the last.
  await manager.query('SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE', [renderUuid(tenantId)]);
  const [{ count }] = (await manager.query(
    'SELECT count(*)::int AS count FROM webhook_endpoints WHERE tenant_id = $1 AND generator_id IS NULL',
    [renderUuid(tenantId)],
  )) as [{ count: number }];
  if (count >= MOST_ENDPOINTS) throw new Problem('webhook.endpoint_limit');
}
