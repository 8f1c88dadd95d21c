import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type Author } from '#journal';
import { Clock } from '#platform/clock';
import { KeyRing, Sealer, shortDigest } from '#platform/crypto';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, renderNative, renderUuid } from '#platform/identifiers';
import { WebhookSecretEntity } from './webhook.entity.js';

const PREFIX = 'whsec_';
const OWN_BYTES = 32;
/** Of Standard Webhooks. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** Who signs: an endpoint, or a tenant for its generators' call-backs. */
export interface SecretOwner {
  id: Identifier;
  tenantId: Identifier;
}

export interface CurrentSecret {
  text: string;
  setAt: Date;
  /** The one before signs beside it until then. */
  previousUntil?: Date;
}

/** Secrets that deliveries are signed with: sealed, never the same twice in one tenant, two at a time while rotating. */
@Injectable()
export class WebhookSecrets {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly keyRing: KeyRing,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** The text is returned here, and of an endpoint never again. `given` is the caller's own. */
  async create(owner: SecretOwner, given: string | undefined, manager: EntityManager): Promise<string> {
    const text = given ?? makeSecret();
    await this.mark(owner.tenantId, text, manager);
    await manager.insert(WebhookSecretEntity, {
      ownerId: owner.id,
      tenantId: owner.tenantId,
      sealed: this.seal(owner.id, text),
      setAt: this.clock.date(),
    });
    return text;
  }

  /** Another one from now on; the one before signs beside it for so long. One that was still beside that is dropped. */
  async rotate(
    owner: SecretOwner,
    given: string | undefined,
    overlapMs: number,
    by: Author,
  ): Promise<CurrentSecret> {
    const text = given ?? makeSecret();
    return this.database.transaction(async (manager) => {
      const row = await manager.findOneOrFail(WebhookSecretEntity, {
        where: { ownerId: owner.id },
        lock: { mode: 'pessimistic_write' },
      });
      await this.mark(owner.tenantId, text, manager);
      const setAt = this.clock.date();
      const previousUntil = new Date(setAt.getTime() + overlapMs);
      await manager.update(
        WebhookSecretEntity,
        { ownerId: owner.id },
        { sealed: this.seal(owner.id, text), sealedPrevious: row.sealed, previousUntil, setAt },
      );
      const ofTenant = owner.id === owner.tenantId;
      await this.audit.record(manager, by, {
        tenantId: owner.tenantId,
        action: ofTenant ? 'callback_secret.rotated' : 'endpoint.secret_rotated',
        subject: renderNative(ofTenant ? 'tenant' : 'endpoint', owner.id),
        before: { setAt: row.setAt },
        after: { setAt, previousUntil },
      });
      return { text, setAt, ...(overlapMs > 0 && { previousUntil }) };
    });
  }

  /** A tenant's secret for call-backs, made when it is first asked for. */
  async ofTenant(tenantId: Identifier): Promise<CurrentSecret> {
    const owner = { id: tenantId, tenantId };
    let row = await this.find(tenantId);
    if (!row) {
      await this.database
        .transaction(async (manager) => void (await this.create(owner, undefined, manager)))
        // Somebody else made it meanwhile, or nobody did, which the next line tells.
        .catch(() => undefined);
      row = await this.database.repository(WebhookSecretEntity).findOneByOrFail({ ownerId: tenantId });
    }
    const { setAt, previousUntil } = row;
    const live = previousUntil !== null && previousUntil > this.clock.date();
    return {
      text: this.open(tenantId, row.sealed),
      setAt,
      ...(live && { previousUntil }),
    };
  }

  /** Those to sign with now, the newest first. */
  async signing(owner: SecretOwner): Promise<string[]> {
    if (owner.id === owner.tenantId) await this.ofTenant(owner.tenantId);
    const { sealed, sealedPrevious, previousUntil } = await this.database
      .repository(WebhookSecretEntity)
      .findOneByOrFail({ ownerId: owner.id });
    const beside = previousUntil !== null && previousUntil > this.clock.date() ? sealedPrevious : null;
    return [sealed, beside].filter((value) => value !== null).map((value) => this.open(owner.id, value));
  }

  async forget(ownerId: Identifier, manager: EntityManager): Promise<void> {
    await manager.delete(WebhookSecretEntity, { ownerId });
  }

  private find(ownerId: Identifier): Promise<WebhookSecretEntity | null> {
    return this.database.repository(WebhookSecretEntity).findOneBy({ ownerId });
  }

  /** Marks stay when secrets go: what was rotated out because it leaked must not come back. */
  private async mark(tenantId: Identifier, text: string, manager: EntityManager): Promise<void> {
    const mark = shortDigest(this.keyRing.installationKey, ['webhook-secret', tenantId, text]);
    const added: unknown[] = await manager.query(
      'INSERT INTO webhook_secret_marks (tenant_id, mark) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING mark',
      [renderUuid(tenantId), mark],
    );
    if (added.length === 0)
      throw Problem.field('secret', 'not_unique', 'secret must be one that was not used before');
  }

  private seal(ownerId: Identifier, text: string): string {
    return this.sealer.seal('webhook-seal', text, `${ownerId}:webhook`);
  }

  private open(ownerId: Identifier, sealed: string): string {
    return this.sealer.open('webhook-seal', sealed, `${ownerId}:webhook`);
  }
}

function makeSecret(): string {
  return PREFIX + randomBytes(OWN_BYTES).toString('base64');
}

/** `whsec_` and 24 to 64 bytes in base64, spelled as an encoder would. */
export function isWebhookSecret(value: unknown): boolean {
  if (typeof value !== 'string' || !value.startsWith(PREFIX)) return false;
  const encoded = value.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  const canonical = bytes.toString('base64') === encoded;
  return canonical && bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES;
}
