// Remembers every call and every answer, and afterwards holds the journal, the provider's log and what the processes
// have written against it: the invariants I1 to I10.
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Answer, ask, type House, until } from '../../support/house.js';
import { journalBacklog, type JournalRow, journalRows } from '../../support/journal.js';

const MAX_ATTEMPTS = 5;
const RECOVERY_MS = 30_000;
const MAX_MORE_HANDLES = 32;
const MAX_MORE_MEMORY_MB = 160;
const GIVE_BACK_MS = 10_000;

interface Opened {
  id: string;
  receiver: string;
  expiresAt: number;
  code?: string;
  approvals: number;
}

export interface Receipt {
  code: string;
  correlation: string;
  receivedAt: string;
  to: string;
}

/** Zero where the promise was kept; otherwise how often it was broken. */
export interface Verdict {
  I1: number;
  I2: number;
  I3: number;
  I4: number;
  I5: number;
  I6: number;
  I7: number;
  I8: number;
  I9: number;
  I10: number;
  opened: number;
  approved: number;
  received: number;
  taggedDuplicates: number;
  untaggedDuplicates: number;
  refused: number;
  slowestRecoveryMs: number;
  moreHandles: number;
  moreMemoryMb: number;
}

/** 24 letters of the id are those of its messages as well: the last byte is the message's number. */
const nameOf = (id: string): string => id.slice(4, 28);

export class Oracle {
  readonly challenges = new Map<string, Opened>();
  readonly recoveriesMs: number[] = [];
  private readonly badRefusals: string[] = [];
  private refused = 0;
  private readonly sinks: (() => string)[] = [];
  private readonly bases = new Map<number, { handles: number; memoryMb: number }>();

  constructor(private readonly house: House) {}

  /** Whatever a process writes: no code and no number may be in it. */
  listen(sink: () => string): void {
    this.sinks.push(sink);
  }

  /** Takes the base of I10; ask when the process is warm. */
  weigh(pid: number): void {
    const base = weightOf(pid);
    if (base) this.bases.set(pid, base);
  }

  noteOpened(answer: Answer, receiver: string): string {
    this.noteAnswer(answer);
    if (answer.status !== 201) throw new Error(`not opened: ${answer.status} ${answer.text}`);
    const { id, expiresAt } = answer.json;
    if (!this.challenges.has(id))
      this.challenges.set(id, { id, receiver, expiresAt: Date.parse(expiresAt), approvals: 0 });
    return id;
  }

  noteCode(id: string, code: string): void {
    this.challenges.get(id)!.code = code;
  }

  noteCheck(id: string, answer: Answer): void {
    this.noteAnswer(answer);
    if (answer.status === 200 && answer.json.valid === true) this.challenges.get(id)!.approvals++;
  }

  /** I8: who is refused learns how, and when to come back. */
  noteAnswer(answer: Answer): void {
    if (answer.status < 500 && answer.status !== 429) return;
    this.refused++;
    const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
    const due = answer.status === 503 || answer.status === 429;
    if (!isProblem || (due && !/^[1-9]\d*$/.test(String(answer.headers['retry-after']))))
      this.badRefusals.push(`${answer.status} ${answer.text.slice(0, 200)}`);
  }

  noteRecovery(ms: number): void {
    this.recoveriesMs.push(Math.round(ms));
  }

  /** Waits until everything has come to rest, then looks. */
  async judge(fault: string, quietMs = 60_000): Promise<Verdict> {
    await until(
      () => this.unsettled(),
      (count) => count === 0,
      quietMs,
    );
    await until(
      () => journalBacklog(this.house.redis),
      (backlog) => backlog === 0,
      quietMs,
    );
    // What idle connections hold is given back in a second or two.
    await until(
      async () => this.weights().I10,
      (broken) => broken === 0,
      GIVE_BACK_MS,
    ).catch(() => undefined);
    const verdict = this.hold(await journalRows(this.house.databaseUrl), await this.receipts());
    const broken = Object.entries(verdict).filter(([name, count]) => /^I\d+$/.test(name) && count > 0);
    console.log(
      `${fault}: ${Object.entries(verdict)
        .map(([name, figure]) => `${name} ${figure}`)
        .join(', ')}${broken.length > 0 ? `\nbroken: ${this.badRefusals.slice(0, 3).join(' | ')}` : ''}`,
    );
    record({ fault, verdict });
    return verdict;
  }

  /** What was asked and answered, held against what the journal and the provider have of it. */
  hold(rows: readonly JournalRow[], receipts: readonly Receipt[]): Verdict {
    return { ...this.compare(rows, receipts), ...this.weights() };
  }

  private async receipts(): Promise<Receipt[]> {
    const { json } = await ask('GET', `${this.house.simulator.url}/_sim/messages?limit=25000`);
    return (json.messages as Receipt[]).filter(({ correlation }) => correlation !== undefined);
  }

  /** Messages that are still queued, being sent or unknown. */
  private async unsettled(): Promise<number> {
    let count = 0;
    for (const key of await this.house.redis.keys('{p*}:ch:*')) {
      const fields = await this.house.redis.hmget(key, 's', 'm1', 'm2');
      if (fields[0] !== 'P') continue;
      count += fields.slice(1).filter((message) => message && 'qsu'.includes(message[0]!)).length;
    }
    return count;
  }

  private compare(
    rows: readonly JournalRow[],
    receipts: readonly Receipt[],
  ): Omit<Verdict, 'I10' | 'moreHandles' | 'moreMemoryMb'> {
    const mine = new Map([...this.challenges.values()].map((opened) => [nameOf(opened.id), opened]));
    const byChallenge = new Map<string, Receipt[]>();
    for (const receipt of receipts) {
      const name = receipt.correlation.slice(4, 28);
      if (mine.has(name)) byChallenge.set(name, [...(byChallenge.get(name) ?? []), receipt]);
    }
    const events = new Map<string, JournalRow[]>();
    for (const row of rows) {
      const name = row.event_id.slice(0, 24);
      events.set(name, [...(events.get(name) ?? []), row]);
    }
    const count = (name: string, type: string): number =>
      (events.get(name) ?? []).filter((row) => row.type === type).length;
    const all = [...mine];
    const several = [...byChallenge.values()].filter((list) => list.length > 1);
    const untagged = several.filter(
      (list) => list.filter(({ correlation }) => !correlation.endsWith('.d')).length > 1,
    );
    return {
      I1: all.filter(
        ([name]) =>
          !byChallenge.has(name) &&
          !(events.get(name) ?? []).some(({ type }) =>
            /^(message\.failed|challenge\.(canceled|expired|undeliverable|approved|locked))$/.test(type),
          ),
      ).length,
      I2: all.filter(([name, opened]) => count(name, 'challenge.approved') > 1 || opened.approvals > 1)
        .length,
      I3:
        several.filter((list) => new Set(list.map(({ code }) => code)).size > 1).length +
        all.filter(
          ([name, { code }]) => code && byChallenge.get(name)?.some((receipt) => receipt.code !== code),
        ).length,
      I4: all.filter(([name, { expiresAt }]) =>
        byChallenge.get(name)?.some(({ receivedAt }) => Date.parse(receivedAt) > expiresAt),
      ).length,
      I5: all.filter(([name]) => count(name, 'challenge.answer_refused') > MAX_ATTEMPTS).length,
      I6: all.filter(([name, { approvals }]) => {
        const list = events.get(name) ?? [];
        const inOrder = list.every((row, at) => row.sequence === at + 1);
        return (
          !inOrder ||
          count(name, 'challenge.requested') !== 1 ||
          count(name, 'challenge.approved') < Math.min(1, approvals)
        );
      }).length,
      I7: this.leaks(),
      I8: this.badRefusals.length,
      I9: this.recoveriesMs.filter((ms) => ms > RECOVERY_MS).length,
      opened: mine.size,
      approved: all.filter(([name]) => count(name, 'challenge.approved') > 0).length,
      received: byChallenge.size,
      taggedDuplicates: several.length - untagged.length,
      untaggedDuplicates: untagged.length,
      refused: this.refused,
      slowestRecoveryMs: Math.max(0, ...this.recoveriesMs),
    };
  }

  /** Codes stand alone between other characters; a process id is a number of its own. */
  private leaks(): number {
    const written = this.sinks
      .map((sink) => sink())
      .join('\n')
      .replaceAll(/"(pid|time|ms)":\d+/g, '');
    const numbers = new Set(written.match(/\d{6,}/g) ?? []);
    let found = 0;
    for (const { code, receiver } of this.challenges.values())
      if ((code !== undefined && numbers.has(code)) || numbers.has(receiver.slice(1))) found++;
    return found;
  }

  private weights(): Pick<Verdict, 'I10' | 'moreHandles' | 'moreMemoryMb'> {
    let [moreHandles, moreMemoryMb] = [0, 0];
    for (const [pid, base] of this.bases) {
      const now = weightOf(pid);
      if (!now) continue;
      moreHandles = Math.max(moreHandles, now.handles - base.handles);
      moreMemoryMb = Math.max(moreMemoryMb, now.memoryMb - base.memoryMb);
    }
    const I10 = Number(moreHandles > MAX_MORE_HANDLES) + Number(moreMemoryMb > MAX_MORE_MEMORY_MB);
    return { I10, moreHandles, moreMemoryMb };
  }
}

/** Expected of every verdict: no promise broken. */
export const KEPT = { I1: 0, I2: 0, I3: 0, I4: 0, I5: 0, I6: 0, I7: 0, I8: 0, I9: 0, I10: 0 };

/** For the table of `run.mjs`. */
export function record(line: object): void {
  const file = process.env['FAULT_REPORT'];
  if (file) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Open handles and resident memory; undefined for a process that is gone, or where there is no /proc. */
function weightOf(pid: number): { handles: number; memoryMb: number } | undefined {
  if (!existsSync(`/proc/${pid}/fd`)) return undefined;
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { handles: readdirSync(`/proc/${pid}/fd`).length, memoryMb: Math.round((pages * 4_096) / 1e6) };
}
