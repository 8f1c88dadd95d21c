import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { Housekeeping } from '#platform/queue';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** SEC-17. Longer than a delivery is tried for. */
const DELIVERIES_MS = 7 * DAY_MS;
/** How far back the feed and a replay go. */
const EVENTS_MS = 30 * DAY_MS;
const PER_STATEMENT = 5_000;
const MOST_STATEMENTS = 200;

/** Deliveries with their log go after seven days, events after thirty. What a round leaves, the next one takes. */
@Injectable()
export class PruneEvents implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({ name: 'prune-events', everyMs: HOUR_MS, run: () => this.run() });
  }

  async run(): Promise<void> {
    const now = this.clock.now();
    await this.prune('webhook_deliveries', 'id', 'created_at', new Date(now - DELIVERIES_MS));
    await this.prune('events', 'position', 'at', new Date(now - EVENTS_MS));
  }

  private async prune(table: string, key: string, column: string, before: Date): Promise<void> {
    for (let statement = 0; statement < MOST_STATEMENTS; statement++) {
      const [, deleted] = (await this.database.manager.query(
        `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${column} < $1 LIMIT ${PER_STATEMENT})`,
        [before],
      )) as [unknown, number];
      if (deleted < PER_STATEMENT) return;
    }
  }
}
