import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '#platform/database';
import { renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { KeyStore } from './key-store.js';

const WRITE_EVERY_MS = 60_000;

/**
 * Writes down when keys were last used, so that one nobody uses can be found and revoked (SEC-04). The hot path only
 * notes it in memory: uses during an hour in which PostgreSQL is away may be lost.
 */
@Injectable()
export class KeyUses implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('keys');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly keys: KeyStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }

  async write(): Promise<void> {
    const uses = [...this.keys.takeUses()];
    if (uses.length === 0) return;
    try {
      await this.database.manager.query(
        `UPDATE api_keys k SET last_used_at = GREATEST(k.last_used_at, t.at)
         FROM unnest($1::uuid[], $2::timestamptz[]) AS t (id, at) WHERE k.id = t.id`,
        [uses.map(([id]) => renderUuid(id)), uses.map(([, at]) => new Date(at))],
      );
    } catch (error) {
      this.logger.warn({ keys: uses.length, error: describeError(error) }, 'last uses of keys not written');
    }
  }
}
