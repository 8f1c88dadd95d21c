import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Audit, type Author } from '#journal';
import { Clock } from '#platform/clock';
import { KeyRing, shortDigest } from '#platform/crypto';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { ConfigPublisher, type Publication, PublishedConfig } from '#platform/published-config';
import { LimitEvents } from './limit-events.js';
import { SwitchEntity } from './limit.entity.js';
import { findSwitch, type Send, type Switch, type SwitchScope } from './switch.js';

export interface SwitchInput {
  scope: SwitchScope;
  target: string;
  reason: string;
  until?: Date;
}

const ALL = 'all';
const AGAIN_MS = 500;

/**
 * Kill switches (FR-16): what must not be sent for now, and why. All of them are one published record, which every
 * process holds in memory and reads again as soon as it moves.
 */
@Injectable()
export class SwitchesService implements OnModuleInit, OnApplicationBootstrap {
  private readonly logger = loggerFor('switches');
  private switches: readonly Switch[] = [];

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly clock: Clock,
    private readonly keyRing: KeyRing,
    private readonly events: LimitEvents,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.publisher.register('switches', {
      read: (manager) => this.readAll(manager),
      list: () => Promise.resolve([ALL]),
    });
    this.published.onDrop((kind) => {
      if (kind === 'switches') this.reload();
    });
    this.published.onForget(() => this.reload());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.load();
  }

  /** The switch that stops this send; undefined when none does. From memory. */
  blocked(send: Send): Switch | undefined {
    if (this.switches.length === 0) return undefined;
    return findSwitch(this.switches, send, this.clock.now(), (prefix) => this.digestOf(prefix));
  }

  /** Switches off; the same scope and target again replaces reason and end. `tenantId` null is every tenant. */
  async put(tenantId: Identifier | null, input: SwitchInput, by: Author): Promise<SwitchEntity> {
    const id = newId();
    const now = this.clock.date();
    if (input.until && input.until <= now) throw Problem.field('until', 'too_small', 'until must lie ahead');
    await this.publisher.commit(async (manager, owe) => {
      const same = { tenantId: tenantId ?? IsNull(), scope: input.scope, target: input.target };
      const replaced = await manager.findOneBy(SwitchEntity, { ...same, liftedAt: IsNull() });
      await manager.update(SwitchEntity, { ...same, liftedAt: IsNull() }, { liftedAt: now });
      await manager.insert(SwitchEntity, {
        id,
        tenantId,
        ...input,
        until: input.until ?? null,
        createdAt: now,
      });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'switch.off',
        subject: renderNative('switch', id),
        before: replaced ? stateOf(replaced) : undefined,
        after: stateOf({ ...input, until: input.until ?? null }),
        guessable: true,
      });
      owe('switches', ALL);
    });
    this.tell(tenantId, id, input.scope, 'off');
    return this.database.repository(SwitchEntity).findOneByOrFail({ id });
  }

  /** Lets go again. */
  async lift(tenantId: Identifier | null, id: Identifier, by: Author): Promise<void> {
    const row = await this.publisher.commit(async (manager, owe) => {
      const where = { id, tenantId: tenantId ?? IsNull(), liftedAt: IsNull() };
      const found = await manager.findOneBy(SwitchEntity, where);
      if (!found) throw new Problem('switch.not_found');
      await manager.update(SwitchEntity, where, { liftedAt: this.clock.date() });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'switch.on',
        subject: renderNative('switch', id),
        before: stateOf(found),
        guessable: true,
      });
      owe('switches', ALL);
      return found;
    });
    this.tell(tenantId, id, row.scope, 'on');
  }

  /** Those in force, newest first. */
  list(tenantId: Identifier | null): Promise<SwitchEntity[]> {
    return this.database
      .repository(SwitchEntity)
      .find({ where: { tenantId: tenantId ?? IsNull(), liftedAt: IsNull() }, order: { createdAt: 'DESC' } });
  }

  private tell(tenantId: Identifier | null, id: Identifier, scope: SwitchScope, state: 'on' | 'off'): void {
    this.events.record('switch.changed', tenantId, { switch: renderNative('switch', id), scope, state });
  }

  private reload(): void {
    this.load().catch((error: unknown) => {
      // What was known stays in force meanwhile.
      this.logger.warn({ error: describeError(error) }, 'switches not read; trying again');
      setTimeout(() => this.reload(), AGAIN_MS).unref();
    });
  }

  private async load(): Promise<void> {
    this.switches = (await this.published.get('switches', ALL, (payload) => payload as Switch[])) ?? [];
  }

  /** Rows are only added and lifted, so their number and that of the lifted ones never go back: the revision. */
  private async readAll(manager: EntityManager): Promise<Publication> {
    const rows = await manager.find(SwitchEntity, { order: { createdAt: 'ASC' } });
    const lifted = rows.filter(({ liftedAt }) => liftedAt !== null).length;
    return {
      revision: rows.length + lifted + 1,
      payload: rows.filter(({ liftedAt }) => liftedAt === null).map((row) => this.toPublished(row)),
    };
  }

  private toPublished({ id, tenantId, scope, target, reason, until }: SwitchEntity): Switch {
    return {
      id,
      tenantId: tenantId ?? undefined,
      scope,
      target: scope === 'prefix' ? this.digestOf(target) : target,
      length: scope === 'prefix' ? target.length : undefined,
      reason,
      until: until?.getTime(),
    };
  }

  private digestOf(prefix: string): string {
    return shortDigest(this.keyRing.installationKey, ['prefix', prefix]);
  }
}

/** A prefix may be all of a number but its last digits. */
function stateOf({
  scope,
  target,
  reason,
  until,
}: Pick<SwitchEntity, 'scope' | 'target' | 'reason' | 'until'>): object {
  return { scope, target, reason, until };
}
