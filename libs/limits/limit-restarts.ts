import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TenantsService } from '#tenants';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { RedisConnection, RedisWatch } from '#platform/redis';
import { LimitEvents } from './limit-events.js';

/** Since when this Redis counts; whoever finds it missing tells of it, once. */
const KEY = '{cfg}:limits-since';

/** Tells each tenant when its limits and budgets have begun anew, because Redis was emptied or replaced. */
@Injectable()
export class LimitRestarts implements OnApplicationBootstrap {
  constructor(
    private readonly redis: RedisConnection,
    private readonly watch: RedisWatch,
    private readonly database: Database,
    private readonly tenants: TenantsService,
    private readonly events: LimitEvents,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.database.onReady(() => this.look());
    this.watch.onRollback(() => this.look());
  }

  private async look(): Promise<void> {
    if ((await this.redis.client.set(KEY, this.clock.now(), 'NX')) === null) return;
    // Nothing has begun anew where nothing had begun.
    const [begun] = await this.database.manager.query('SELECT 1 FROM journal LIMIT 1');
    if (begun === undefined) return;
    for (const { id } of await this.tenants.listTenants()) this.events.record('limit.restarted', id, {});
  }
}
