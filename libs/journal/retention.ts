import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { Config } from '#platform/config';
import { Database, sqlState } from '#platform/database';
import { loggerFor } from '#platform/logging';
import { type JournalPartition, JournalPartitions } from './journal-partitions.js';
import { IS_PERSONAL, WITHOUT_PERSONAL } from './personal-data.js';

/** One row of the table in docs/retention.md. Each room gives those of its own tables, and the worker hands them in. */
export interface RetentionRule {
  name: string;
  /** By which setting: until nobody can be told from it any more, or until it is gone. */
  keep: 'personal' | 'history';
  /** Touches at most $2 rows that are older than $1; answers one row with their number, `touched`. */
  sql: string;
}

export const RETENTION_RULES = Symbol('retention-rules');

const DAY_MS = 86_400_000;
/** Well within the time that a statement may take. */
const BATCH = 2_000;
/** What is left then is due in the next round: others keep house here too. */
const ROUND_MS = 60_000;
const LOCK_NOT_AVAILABLE = '55P03';

export const journalRetention: RetentionRule[] = [
  { name: 'journal.default', keep: 'history', sql: deleteOlder('journal_default', 'occurred_at') },
  { name: 'tenant_events', keep: 'history', sql: deleteOlder('tenant_events', 'at') },
  // From the front, and up to a checkpoint only: the rows after it are followed from there.
  {
    name: 'audit_events',
    keep: 'history',
    sql: countTouched(
      `DELETE FROM audit_events WHERE ctid = ANY (ARRAY (
         SELECT e.ctid FROM audit_events e
         JOIN (SELECT chain, max(seq) AS seq FROM audit_checkpoints WHERE at < $1 GROUP BY chain) c
           ON e.chain = c.chain AND e.seq <= c.seq
         ORDER BY e.seq LIMIT $2))`,
    ),
  },
];

/** A rule's statement that deletes rows by age. */
export function deleteOlder(table: string, column: string): string {
  return countTouched(`DELETE FROM ${table} WHERE ${oldest(table, `${column} < $1`)}`);
}

/** By their place in the table: no key has to be looked up twice. */
function oldest(table: string, condition: string): string {
  return `ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE ${condition} LIMIT $2))`;
}

function countTouched(statement: string): string {
  return `WITH touched AS (${statement} RETURNING 1) SELECT count(*)::int AS touched FROM touched`;
}

/** Lets go of what was kept long enough (SEC-17): months of the journal as a whole, everything else in batches. */
@Injectable()
export class Retention {
  private readonly logger = loggerFor('retention');

  constructor(
    private readonly database: Database,
    private readonly partitions: JournalPartitions,
    private readonly clock: Clock,
    private readonly config: Config,
    @Inject(RETENTION_RULES) private readonly rules: readonly RetentionRule[],
  ) {}

  /** One round. Repeating it, also after a kill in its middle, does what is left. */
  async run(): Promise<void> {
    const end = performance.now() + ROUND_MS;
    const months = await this.partitions.list();
    for (const month of months) if (month.to <= this.before('history')) await this.drop(month);
    const kept = months.filter(
      ({ from, to }) => to > this.before('history') && from < this.before('personal'),
    );
    for (const rule of [
      ...this.rules,
      ...[...kept.map(({ name }) => name), 'journal_default'].map(forgetPersonal),
    ])
      await this.apply(rule, end);
  }

  private before(keep: RetentionRule['keep']): Date {
    const { personalDays, historyDays } = this.config.retention;
    return new Date(this.clock.now() - (keep === 'personal' ? personalDays : historyDays) * DAY_MS);
  }

  private async drop(month: JournalPartition): Promise<void> {
    try {
      await this.partitions.drop(month);
      this.logger.info({ partition: month.name }, 'a month of the journal was kept long enough; it is gone');
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      this.logger.info(
        { partition: month.name },
        'the journal is being read; the next round drops this month',
      );
    }
  }

  private async apply({ name, keep, sql }: RetentionRule, end: number): Promise<void> {
    let rows = 0;
    let touched: number;
    do {
      if (performance.now() > end) return;
      [{ touched }] = (await this.database.manager.query(sql, [this.before(keep), BATCH])) as [
        { touched: number },
      ];
      rows += touched;
    } while (touched === BATCH);
    if (rows > 0) this.logger.info({ rule: name, rows }, 'kept long enough');
  }
}

function forgetPersonal(table: string): RetentionRule {
  return {
    name: 'journal.personal',
    keep: 'personal',
    sql: countTouched(
      `UPDATE ${table} SET data = ${WITHOUT_PERSONAL} WHERE ${oldest(table, `occurred_at < $1 AND ${IS_PERSONAL}`)}`,
    ),
  };
}
