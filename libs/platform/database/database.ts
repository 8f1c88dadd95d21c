import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  QueryFailedError,
  type Repository,
} from 'typeorm';
import { Config } from '#platform/config';
import { dependencyUnavailable } from '#platform/errors';
import { describeError, loggerFor } from '#platform/logging';
import { MIGRATIONS } from './migrations/index.js';

export type Entity = EntityTarget<ObjectLiteral> & (abstract new (...args: never[]) => unknown);
export type DatabaseState = 'connecting' | 'ready' | 'outdated';

const RETRY_MS = 1_000;
const STATEMENT_TIMEOUT_MS = 2_000;

export interface DataSourceOptions {
  /** A pooled connection that dies while idle must not take the process with it. */
  onPoolError?: (error: unknown) => void;
  /** 0 for no limit: a migration takes as long as it takes. */
  statementTimeoutMs?: number;
}

export function createDataSource(
  url: string,
  entities: readonly Entity[],
  { onPoolError = () => undefined, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: DataSourceOptions = {},
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities: [...entities] as never,
    migrations: MIGRATIONS as never,
    migrationsTableName: 'migrations',
    synchronize: false,
    poolErrorHandler: onPoolError,
    extra: {
      max: 10,
      connectionTimeoutMillis: 2_000,
      statement_timeout: statementTimeoutMs,
      ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + 500 }),
      keepAlive: true,
    },
  });
}

/**
 * PostgreSQL, which may be away: a process starts without it, connects in the background, and answers 503
 * for administrative calls meanwhile. The hot path never comes here.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly logger = loggerFor('database');
  private readonly source: DataSource;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: (() => Promise<void>)[] = [];
  state: DatabaseState = 'connecting';

  constructor(config: Config, entities: readonly Entity[]) {
    this.source = createDataSource(config.database.url, entities, {
      onPoolError: (error) => this.logger.warn({ error: describeError(error) }, 'database connection lost'),
    });
  }

  /**
   * Tries once now, then in the background. Resolves after the first try, whatever its outcome.
   * Returns the names of migrations that this build knows and the database lacks.
   */
  async start(): Promise<string[]> {
    try {
      return await this.connect();
    } catch (error) {
      this.logger.warn(
        { error: describeError(error) },
        'PostgreSQL is away; administrative calls answer 503 until it is back',
      );
      this.retryLater();
      return [];
    }
  }

  /** Runs `listener` when the database is first reached; at once if it already was. */
  onReady(listener: () => Promise<void>): void {
    if (this.state === 'ready') void this.notify(listener);
    else this.listeners.push(listener);
  }

  get manager(): EntityManager {
    if (this.state !== 'ready') throw dependencyUnavailable('postgres');
    return this.source.manager;
  }

  repository<T extends ObjectLiteral>(entity: EntityTarget<T>): Repository<T> {
    return this.manager.getRepository(entity);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.manager.transaction(work);
  }

  /** A small query, for health: throws when the database is away. */
  async ping(): Promise<void> {
    await this.manager.query('SELECT 1');
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    if (this.source.isInitialized) await this.source.destroy().catch(() => undefined);
  }

  private async connect(): Promise<string[]> {
    if (!this.source.isInitialized) await this.source.initialize();
    const missing = await missingMigrations(this.source);
    this.state = missing.length > 0 ? 'outdated' : 'ready';
    if (this.state === 'ready') for (const listener of this.listeners.splice(0)) void this.notify(listener);
    return missing;
  }

  private retryLater(): void {
    this.timer = setTimeout(() => {
      if (this.stopped) return;
      this.connect().then(
        (missing) => {
          if (missing.length === 0) return;
          this.logger.error(
            { missing },
            'the database lacks migrations of this build: run `npm run cli -- migrate`',
          );
          this.retryLater();
        },
        () => this.retryLater(),
      );
    }, RETRY_MS);
    this.timer.unref();
  }

  private async notify(listener: () => Promise<void>): Promise<void> {
    await listener().catch((error: unknown) =>
      this.logger.error({ error: describeError(error) }, 'start-up work on the database failed'),
    );
  }
}

/** Migrations this build knows and the database has not run. Newer ones in the database are tolerated: they only expand. */
export async function missingMigrations(source: DataSource): Promise<string[]> {
  const table: { found: string | null }[] = await source.query(
    "SELECT to_regclass('migrations')::text AS found",
  );
  if (!table[0]?.found) return source.migrations.map((migration) => migration.name ?? '');
  const rows: { name: string }[] = await source.query('SELECT name FROM migrations');
  const done = new Set(rows.map((row) => row.name));
  return source.migrations.map((migration) => migration.name ?? '').filter((name) => !done.has(name));
}

const CONNECTION_TROUBLE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|57P0|08|53|25006|55P03)/;

/** True when PostgreSQL was out of reach, restarting, full or too slow, rather than a statement being wrong. */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const driverError =
    error instanceof QueryFailedError ? (error.driverError as { code?: unknown; message?: string }) : error;
  const code = (driverError as { code?: unknown }).code;
  if (typeof code === 'string' && (CONNECTION_TROUBLE.test(code) || code === '57014')) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/.test(
    driverError.message ?? '',
  );
}

/** The SQLSTATE of a failed statement; `23505` is a unique violation. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const code = (error.driverError as { code?: unknown }).code;
  return typeof code === 'string' ? code : undefined;
}
