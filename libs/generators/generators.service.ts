import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Audit, type Author } from '#journal';
import { Clock } from '#platform/clock';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative, renderUuid } from '#platform/identifiers';
import { ConfigPublisher, type Loaded, type Publication, PublishedConfig } from '#platform/published-config';
import { GeneratorEntity, GeneratorVersionEntity } from './generator.entity.js';
import type { ChannelStep, GeneratorPolicy, UnknownPolicy } from './generator-policy.js';
import { judgeGenerator, unservedPurposes } from './profiles.js';
import type { Wording } from './wording.js';

/** A channel step as a caller writes it: by address and template, before it is resolved into ids. */
export interface StepInput {
  channel: string;
  sender: string;
  template?: { id: Identifier } | { externalId: string };
  wording?: Wording;
  language?: string;
  webOtpDomain?: string;
  androidAppHash?: string;
  placeholder?: string;
  fallbackAfterSeconds?: number;
  onUnknown?: UnknownPolicy;
}

export interface GeneratorInput extends Omit<GeneratorPolicy, 'plan'> {
  name: string;
  plan: StepInput[];
}

/** A generator version as the hot path reads it. */
export interface PublishedGenerator extends GeneratorPolicy {
  id: Identifier;
  version: number;
  tenantId: Identifier;
  number: number;
}

/** What a save answers beside the generator: things that work but are probably not meant. */
export interface SavedGenerator {
  generator: GeneratorEntity;
  warnings: string[];
}

/**
 * Resolves a plan's addresses and templates into ids and judges it. Set by the room that knows senders and
 * templates: this one may not import them. Throws a Problem naming the field that cannot work.
 */
export type PlanResolver = (
  tenantId: Identifier,
  plan: readonly StepInput[],
  policy: Omit<GeneratorPolicy, 'plan'>,
  strict: boolean,
) => Promise<{ plan: ChannelStep[]; warnings: string[] }>;

const UNIQUE_VIOLATION = '23505';
/** A superseded version stays for the challenges opened under it, well past the longest life. */
const OLD_VERSION_SECONDS = 2 * 86_400;

/** Generators: the policy under which codes are made. */
@Injectable()
export class GeneratorsService implements OnModuleInit {
  private resolvePlan: PlanResolver = () => Promise.reject(new Error('no plan resolver was set'));

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    const live = (manager: EntityManager): Promise<GeneratorEntity[]> =>
      manager.find(GeneratorEntity, { where: { deletedAt: IsNull() } });
    this.publisher.register('generator', {
      read: readGenerator,
      list: async (manager) => (await live(manager)).map(({ id }) => id),
    });
    this.publisher.register('generator-version', {
      read: readVersion,
      list: async (manager) =>
        (await manager.find(GeneratorVersionEntity)).map((row) => `${row.generatorId}:${row.version}`),
    });
    this.publisher.register('generator-number', {
      read: readNumber,
      list: async (manager) => (await live(manager)).map(({ tenantId, number }) => `${tenantId}:${number}`),
    });
  }

  setPlanResolver(resolver: PlanResolver): void {
    this.resolvePlan = resolver;
  }

  /** The current version for opening challenges. Redis and memory only. */
  async load(tenantId: Identifier, id: Identifier): Promise<PublishedGenerator | undefined> {
    const generator = await this.published.get('generator', id, (payload) => payload as PublishedGenerator);
    return generator?.tenantId === tenantId ? generator : undefined;
  }

  /** The id behind Messangi's integer, also of a generator that was deleted: its live codes run to their end. */
  async idOf(tenantId: Identifier, number: number): Promise<Identifier | undefined> {
    return (
      await this.published.get(
        'generator-number',
        `${tenantId}:${number}`,
        (payload) => payload as { id: Identifier },
      )
    )?.id;
  }

  /** By Messangi's integer, which names generators of codes and no others. */
  async loadByNumber(tenantId: Identifier, number: number): Promise<PublishedGenerator | undefined> {
    const id = await this.idOf(tenantId, number);
    const generator = id === undefined ? undefined : await this.load(tenantId, id);
    return generator && makesCodes(generator) ? generator : undefined;
  }

  /** The version a challenge was opened under. */
  loadVersion(idAndVersion: string): Loaded<PublishedGenerator> {
    return this.published.get('generator-version', idAndVersion, (payload) => payload as PublishedGenerator);
  }

  /**
   * `strict`: a plan that works but contradicts itself is refused; otherwise it is told as a warning.
   * `number` keeps the integer id of an imported generator.
   */
  async create(
    tenantId: Identifier,
    input: GeneratorInput,
    { strict, number }: { strict: boolean; number?: number },
    by: Author,
  ): Promise<SavedGenerator> {
    const { policy, warnings } = await this.toPolicy(tenantId, input, strict);
    const id = newId();
    try {
      await this.publisher.commit(async (manager, owe) => {
        const assigned = await this.insert(manager, { id, tenantId, name: input.name, policy, number });
        owe('generator-version', `${id}:1`);
        owe('generator', id);
        owe('generator-number', `${tenantId}:${assigned}`);
        await this.audit.record(manager, by, {
          tenantId,
          action: 'generator.created',
          subject: renderNative('generator', id),
          after: { name: input.name, version: 1, policy },
        });
      });
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION)
        throw new Problem('generator.conflict', { detail: 'The integer id is taken.' });
      throw error;
    }
    return { generator: await this.get(tenantId, id), warnings };
  }

  /** Makes a new version; live challenges keep the one they were opened under. */
  async update(
    tenantId: Identifier,
    id: Identifier,
    input: GeneratorInput,
    { strict }: { strict: boolean },
    by: Author,
  ): Promise<SavedGenerator> {
    const { policy, warnings } = await this.toPolicy(tenantId, input, strict);
    await this.publisher.commit(async (manager, owe) => {
      const known = await manager.findOne(GeneratorEntity, {
        where: { id, tenantId, deletedAt: IsNull() },
        lock: { mode: 'pessimistic_write' },
      });
      if (!known) throw new Problem('generator.not_found');
      const version = known.version + 1;
      await manager.update(GeneratorEntity, { id }, { name: input.name, version, policy: policy as never });
      await manager.insert(GeneratorVersionEntity, { generatorId: id, version, policy: policy as never });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'generator.updated',
        subject: renderNative('generator', id),
        before: stateOf(known),
        after: { name: input.name, version, policy },
      });
      owe('generator-version', `${id}:${known.version}`);
      owe('generator-version', `${id}:${version}`);
      owe('generator', id);
    });
    return { generator: await this.get(tenantId, id), warnings };
  }

  /** Nothing new is opened with it; what is live runs to its end under its own version. */
  async delete(tenantId: Identifier, id: Identifier, by: Author): Promise<void> {
    await this.publisher.commit(async (manager, owe) => {
      const known = await manager.findOne(GeneratorEntity, {
        where: { id, tenantId, deletedAt: IsNull() },
        lock: { mode: 'pessimistic_write' },
      });
      if (!known) throw new Problem('generator.not_found');
      await manager.update(GeneratorEntity, { id }, { deletedAt: this.clock.date() });
      const subject = renderNative('generator', id);
      const before = stateOf(known);
      await this.audit.record(manager, by, { tenantId, action: 'generator.deleted', subject, before });
      owe('generator', id);
    });
  }

  list(tenantId: Identifier): Promise<GeneratorEntity[]> {
    return this.database
      .repository(GeneratorEntity)
      .find({ where: { tenantId, deletedAt: IsNull() }, order: { createdAt: 'DESC' }, take: 500 });
  }

  async get(tenantId: Identifier, id: Identifier): Promise<GeneratorEntity> {
    const generator = await this.database
      .repository(GeneratorEntity)
      .findOneBy({ id, tenantId, deletedAt: IsNull() });
    if (!generator) throw new Problem('generator.not_found');
    return generator;
  }

  async getByNumber(tenantId: Identifier, number: number): Promise<GeneratorEntity> {
    const generator = await this.database
      .repository(GeneratorEntity)
      .findOneBy({ number: String(number), tenantId, deletedAt: IsNull() });
    if (!generator || !makesCodes(generator.policy)) throw new Problem('generator.not_found');
    return generator;
  }

  private async toPolicy(
    tenantId: Identifier,
    input: GeneratorInput,
    strict: boolean,
  ): Promise<{ policy: GeneratorPolicy; warnings: string[] }> {
    const { name, plan, ...rules } = input;
    const errors = judgeGenerator(input);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    const resolved = await this.resolvePlan(tenantId, plan, rules, strict);
    return {
      policy: { ...rules, plan: resolved.plan },
      warnings: [...resolved.warnings, ...unservedPurposes(input)],
    };
  }

  private async insert(
    manager: EntityManager,
    row: { id: Identifier; tenantId: Identifier; name: string; policy: GeneratorPolicy; number?: number },
  ): Promise<string> {
    const { id, tenantId, name, policy, number } = row;
    await manager.insert(GeneratorEntity, { id, tenantId, name, version: 1, policy: policy as never });
    if (number !== undefined) {
      await manager.query('UPDATE generators SET number = $1 WHERE id = $2', [number, renderUuid(id)]);
      await manager.query(
        `SELECT setval(pg_get_serial_sequence('generators', 'number'), GREATEST((SELECT max(number) FROM generators), 1))`,
      );
    }
    await manager.insert(GeneratorVersionEntity, { generatorId: id, version: 1, policy: policy as never });
    return (await manager.findOneByOrFail(GeneratorEntity, { id })).number;
  }
}

export function makesCodes({ kind = 'code' }: Pick<GeneratorPolicy, 'kind'>): boolean {
  return kind === 'code';
}

function stateOf({ name, version, policy }: GeneratorEntity): object {
  return { name, version, policy };
}

async function readGenerator(manager: EntityManager, id: Identifier): Promise<Publication | undefined> {
  const row = await manager.findOneBy(GeneratorEntity, { id });
  if (!row) return undefined;
  return row.deletedAt
    ? { revision: row.version + 1, payload: undefined }
    : { revision: row.version, payload: toPublished(row, row.version, row.policy) };
}

async function readVersion(manager: EntityManager, idAndVersion: string): Promise<Publication | undefined> {
  const [id, version] = idAndVersion.split(':') as [string, string];
  const row = await manager.findOneBy(GeneratorEntity, { id });
  const old = await manager.findOneBy(GeneratorVersionEntity, { generatorId: id, version: Number(version) });
  if (!row || !old) return undefined;
  const current = row.version === old.version && !row.deletedAt;
  return {
    revision: 1,
    payload: toPublished(row, old.version, old.policy),
    lifeSeconds: current ? undefined : OLD_VERSION_SECONDS,
  };
}

async function readNumber(manager: EntityManager, tenantAndNumber: string): Promise<Publication | undefined> {
  const [tenantId, number] = tenantAndNumber.split(':') as [string, string];
  const row = await manager.findOneBy(GeneratorEntity, { tenantId, number });
  return row ? { revision: 1, payload: { id: row.id } } : undefined;
}

function toPublished(row: GeneratorEntity, version: number, policy: GeneratorPolicy): PublishedGenerator {
  return { id: row.id, version, tenantId: row.tenantId, number: Number(row.number), ...policy };
}
