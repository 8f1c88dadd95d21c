import { Injectable } from '@nestjs/common';
import { Database, sqlState } from '#platform/database';

const NAME = /^journal_(\d{4})_(\d{2})$/;
/** Another worker made it, or the default partition already has rows of that month: both are fine. */
const MADE_ALREADY = ['42P07', '23505', '23514'];
/** A drop waits for whoever reads the journal, and everybody else waits behind it: not for long. */
const LOCK_TIMEOUT_MS = 500;

export interface JournalPartition {
  /** Of its table. */
  name: string;
  /** Of the times in it: the first one, and the first one after it. */
  from: Date;
  to: Date;
}

/**
 * One table of the journal for each month, so that retention drops tables instead of deleting rows. An event belongs
 * to the month of its own time, which the script wrote down: a repeat meets its first copy in whatever month it comes.
 * `journal_default` takes what finds no month; a month with rows there stays there.
 */
@Injectable()
export class JournalPartitions {
  /** Months since the year 0. */
  private readonly made = new Set<number>();

  constructor(private readonly database: Database) {}

  /** Makes the months of these times, where they are missing. */
  async ensure(times: readonly Date[]): Promise<void> {
    for (const month of new Set(times.map(monthOf))) if (!this.made.has(month)) await this.make(month);
  }

  /** Those that are there, the oldest first; without the default. */
  async list(): Promise<JournalPartition[]> {
    const rows: { name: string }[] = await this.database.manager.query(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid
       WHERE inhparent = 'journal'::regclass ORDER BY relname`,
    );
    return rows.flatMap(({ name }) => {
      const [, year, month] = NAME.exec(name) ?? [];
      return year === undefined ? [] : [partitionOf(Number(year) * 12 + Number(month) - 1)];
    });
  }

  /** Drops a month with everything in it. Throws `55P03` when somebody holds on to the journal: try again later. */
  async drop({ name, from }: JournalPartition): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await manager.query(`DROP TABLE IF EXISTS ${name}`);
    });
    this.made.delete(monthOf(from));
  }

  private async make(month: number): Promise<void> {
    const { name, from, to } = partitionOf(month);
    try {
      await this.database.manager.query(
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF journal
         FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
      );
    } catch (error) {
      if (!MADE_ALREADY.includes(sqlState(error) ?? '')) throw error;
    }
    this.made.add(month);
  }
}

function monthOf(time: Date): number {
  return time.getUTCFullYear() * 12 + time.getUTCMonth();
}

function partitionOf(month: number): JournalPartition {
  const [from, to] = [month, month + 1].map((at) => new Date(Date.UTC(Math.floor(at / 12), at % 12))) as [
    Date,
    Date,
  ];
  return { name: `journal_${from.toISOString().slice(0, 7).replace('-', '_')}`, from, to };
}
