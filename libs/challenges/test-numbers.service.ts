import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Audit, type Author } from '#journal';
import type { Principal } from '#tenants';
import { Clock } from '#platform/clock';
import { RetiredKey, Sealer } from '#platform/crypto';
import { loggerFor } from '#platform/logging';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { ConfigPublisher, type Loaded, type Publication, PublishedConfig } from '#platform/published-config';
import type { CanonicalReceiver } from '#platform/phone';
import { givenCodeFault } from './code-text.js';
import { TestNumberEntity } from './test-number.entity.js';
import { matchesPattern, readPattern } from './test-number-pattern.js';

/** A test number as the hot path reads it. */
export interface TestNumber {
  pattern: string;
  code: string;
  endsAt: number;
}

interface PublishedNumber {
  id: Identifier;
  pattern: string;
  sealedCode: string;
  endsAt: number;
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 400;
/** Each open looks at all of them. */
const MOST_NUMBERS = 100;
const UNIQUE_VIOLATION = '23505';
const NONE: readonly TestNumber[] = [];

/** The tenant's test numbers: receivers that get a fixed code and no message, under keys of either mode. */
@Injectable()
export class TestNumbersService implements OnModuleInit {
  private readonly logger = loggerFor('test-numbers');

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.publisher.register('test-numbers', {
      read: readNumbers,
      list: async (manager) =>
        (await manager.find(TestNumberEntity, { select: { tenantId: true } })).map((row) => row.tenantId),
    });
  }

  /** What the tenant has, at once when memory knows: also that it has none. */
  load(tenantId: Identifier): Loaded<readonly TestNumber[]> {
    return this.published.get('test-numbers', tenantId, (payload) => this.open(tenantId, payload), NONE);
  }

  /** The fixed code of a receiver; undefined for everybody else. */
  codeFor(numbers: readonly TestNumber[] | undefined, to: CanonicalReceiver): string | undefined {
    if (!numbers || numbers.length === 0) return undefined;
    const now = this.clock.now();
    return numbers.find(
      ({ pattern, endsAt }) =>
        now < endsAt && (matchesPattern(pattern, to.address) || matchesPattern(pattern, to.canonical)),
    )?.code;
  }

  async add(
    { tenantId }: Principal,
    input: { receiver: string; code: string; endsAt: Date },
    by: Author,
  ): Promise<TestNumberEntity> {
    const pattern = readPattern(input.receiver);
    if (pattern === undefined)
      throw Problem.field(
        'receiver',
        'format',
        'receiver must be E.164 ending in at most 6 stars, or an e-mail address',
      );
    const fault = givenCodeFault(input.code, false);
    if (fault) throw Problem.field('code', 'code_format', fault);
    const lifeMs = input.endsAt.getTime() - this.clock.now();
    if (!(lifeMs > 0)) throw Problem.field('endsAt', 'too_small', 'endsAt must be in the future');
    if (lifeMs > MOST_DAYS * DAY_MS)
      throw Problem.field('endsAt', 'too_large', `endsAt must be within ${MOST_DAYS} days`);
    const id = newId();
    const sealedCode = this.sealer.seal('code-seal', input.code, boundTo(tenantId, id));
    try {
      await this.publisher.commit(async (manager, owe) => {
        const known = await manager.countBy(TestNumberEntity, { tenantId, deletedAt: IsNull() });
        if (known >= MOST_NUMBERS) throw new Problem('settings.test_number_limit');
        const { endsAt } = input;
        await manager.insert(TestNumberEntity, { id, tenantId, pattern, sealedCode, endsAt });
        await this.audit.record(manager, by, {
          tenantId,
          action: 'test_number.added',
          subject: renderNative('testNumber', id),
          after: { pattern, endsAt },
          guessable: true,
        });
        owe('test-numbers', tenantId);
      });
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) throw new Problem('settings.test_number_conflict');
      throw error;
    }
    return this.database.repository(TestNumberEntity).findOneByOrFail({ id });
  }

  /** Also those whose end has come, until they are deleted. */
  list({ tenantId }: Principal): Promise<TestNumberEntity[]> {
    return this.database
      .repository(TestNumberEntity)
      .find({ where: { tenantId, deletedAt: IsNull() }, order: { createdAt: 'DESC' } });
  }

  async delete({ tenantId }: Principal, id: Identifier, by: Author): Promise<void> {
    await this.publisher.commit(async (manager, owe) => {
      const known = await manager.findOne(TestNumberEntity, {
        where: { id, tenantId, deletedAt: IsNull() },
        lock: { mode: 'pessimistic_write' },
      });
      if (!known) throw new Problem('settings.test_number_not_found');
      await manager.update(TestNumberEntity, { id }, { deletedAt: this.clock.date() });
      await this.audit.record(manager, by, {
        tenantId,
        action: 'test_number.deleted',
        subject: renderNative('testNumber', id),
        before: { pattern: known.pattern, endsAt: known.endsAt },
        guessable: true,
      });
      owe('test-numbers', tenantId);
    });
  }

  /** A number whose key was retired is a number like any other: its challenges must not fail for it. */
  private open(tenantId: Identifier, payload: unknown): TestNumber[] {
    return (payload as { numbers: PublishedNumber[] }).numbers.flatMap(
      ({ id, pattern, sealedCode, endsAt }) => {
        try {
          const code = this.sealer.open('code-seal', sealedCode, boundTo(tenantId, id));
          return [{ pattern, code, endsAt }];
        } catch (error) {
          if (!(error instanceof RetiredKey)) throw error;
          this.logger.warn(
            { testNumber: renderNative('testNumber', id) },
            'its key was retired; add it anew',
          );
          return [];
        }
      },
    );
  }
}

function boundTo(tenantId: Identifier, id: Identifier): string {
  return `${tenantId}:${id}:test-number`;
}

/** Every change adds a row or deletes one, so their count is the revision. */
async function readNumbers(manager: EntityManager, tenantId: Identifier): Promise<Publication | undefined> {
  const rows = await manager.find(TestNumberEntity, { where: { tenantId } });
  const live = rows.filter((row) => row.deletedAt === null);
  const numbers = live.map(({ id, pattern, sealedCode, endsAt }): PublishedNumber => ({
    id,
    pattern,
    sealedCode,
    endsAt: endsAt.getTime(),
  }));
  return {
    revision: rows.length + (rows.length - live.length),
    payload: numbers.length > 0 ? { numbers } : undefined,
  };
}
