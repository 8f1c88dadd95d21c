import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Kind } from '#generators';
import type { JournalEntry } from '#journal';
import type { Channel } from '#providers';
import { Database } from '#platform/database';
import { type Identifier, parseUuid, renderUuid } from '#platform/identifiers';
import type { Challenge, Decision, Message, Purpose } from './challenge.js';
import {
  type ChallengeState,
  messageStateAfter,
  type MessageState,
  STATE_AFTER_EVENT,
} from './challenge-state.js';
import { channelOfLetter } from './channel-letters.js';
import { kindOfLetter } from './kind-letters.js';
import { priceOf } from './message-prices.js';

export interface HistoryFilter {
  receiverRefs?: readonly string[];
  state?: ChallengeState;
  since?: Date;
  until?: Date;
  limit: number;
  /** Where the page before ended. */
  after?: { openedAt: Date; id: Identifier };
}

/** One step of a challenge's life, as its script wrote it down. */
export interface Transition {
  sequence: number;
  type: string;
  occurredAt: number;
  /** Short field names as in `record.lua`. */
  data: Readonly<Record<string, string>>;
}

interface ChallengeRow {
  id: string;
  tenant_id: string;
  generator_id: string;
  generator_version: number;
  kind: Kind;
  mode: 'live' | 'test';
  purpose: Purpose;
  state: ChallengeState;
  reason: string | null;
  sealed_receiver: string;
  test_number: boolean;
  language: string | null;
  metadata: Record<string, unknown> | null;
  failures: number;
  opened_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  max_attempts: number | null;
  resend_after: Date | null;
  decided_by: Decision['by'] | null;
  decided_message: number | null;
  shown: string | null;
  received_at: Date | null;
  received_channel: Channel | null;
}

interface MessageRow {
  challenge_id: string;
  number: number;
  channel: Channel;
  state: MessageState;
  reason: string | null;
  attempts: number;
  duplicate_possible: boolean;
  /** A bigint, which the driver reads as text. */
  price_micros: string | null;
  price_currency: string | null;
}

/** Challenges as PostgreSQL remembers them: folded from the journal, read for lists and for what left Redis. */
@Injectable()
export class ChallengeHistory {
  constructor(private readonly database: Database) {}

  async find(tenantId: Identifier, id: Identifier): Promise<Challenge | undefined> {
    if (this.database.state !== 'ready') return undefined;
    const rows: ChallengeRow[] = await this.database.manager.query(
      'SELECT * FROM challenges WHERE tenant_id = $1 AND id = $2',
      [renderUuid(tenantId), renderUuid(id)],
    );
    return (await this.withMessages(rows))[0];
  }

  /** Of any tenant, in no order; those that history lacks are left out. */
  async findMany(ids: readonly Identifier[]): Promise<Challenge[]> {
    if (ids.length === 0) return [];
    const rows: ChallengeRow[] = await this.database.manager.query(
      'SELECT * FROM challenges WHERE id = ANY($1::uuid[])',
      [ids.map(renderUuid)],
    );
    return this.withMessages(rows);
  }

  /** `<generator>:<version>` that each was opened under. */
  async generatorsOf(
    ids: readonly Identifier[],
    manager: EntityManager,
  ): Promise<ReadonlyMap<Identifier, string>> {
    const rows: { id: string; generator_id: string; generator_version: number }[] = await manager.query(
      'SELECT id, generator_id, generator_version FROM challenges WHERE id = ANY($1::uuid[])',
      [ids.map(renderUuid)],
    );
    return new Map(
      rows.map((row) => [parseUuid(row.id)!, `${parseUuid(row.generator_id)!}:${row.generator_version}`]),
    );
  }

  /** Newest first. */
  async list(tenantId: Identifier, filter: HistoryFilter): Promise<Challenge[]> {
    const values: unknown[] = [renderUuid(tenantId)];
    const clauses = ['tenant_id = $1'];
    const add = (clause: (at: string) => string, value: unknown): void => {
      values.push(value);
      clauses.push(clause(`$${values.length}`));
    };
    if (filter.receiverRefs) add((at) => `receiver_ref = ANY(${at}::text[])`, filter.receiverRefs);
    if (filter.state) add((at) => `state = ${at}`, filter.state);
    if (filter.since) add((at) => `opened_at >= ${at}`, filter.since);
    if (filter.until) add((at) => `opened_at < ${at}`, filter.until);
    if (filter.after) {
      values.push(filter.after.openedAt, renderUuid(filter.after.id));
      clauses.push(`(opened_at, id) < ($${values.length - 1}, $${values.length}::uuid)`);
    }
    values.push(filter.limit);
    const rows: ChallengeRow[] = await this.database.manager.query(
      `SELECT * FROM challenges WHERE ${clauses.join(' AND ')} ORDER BY opened_at DESC, id DESC LIMIT $${values.length}`,
      values,
    );
    return this.withMessages(rows);
  }

  /** Every transition of one challenge, in order: what happened, when, and why. Never a code. */
  async timeline(tenantId: Identifier, id: Identifier): Promise<Transition[]> {
    const rows: { sequence: number; type: string; occurred_at: Date; data: Record<string, string> }[] =
      await this.database.manager.query(
        'SELECT sequence, type, occurred_at, data FROM journal WHERE challenge_id = $1 AND tenant_id = $2 ORDER BY sequence',
        [renderUuid(id), renderUuid(tenantId)],
      );
    return rows.map(({ sequence, type, occurred_at: at, data }) => ({
      sequence,
      type,
      occurredAt: at.getTime(),
      data,
    }));
  }

  /** The journal's projection: insert what was opened, then move what moved. Bears repeats. */
  async apply(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
    // A refusal without a receiver is about a challenge that is there: it moves nothing.
    await insertChallenges(
      entries.filter((entry) => entry.type === 'limit.refused' && entry.data['r'] !== undefined),
      'refused',
      manager,
    );
    await insertChallenges(
      entries.filter((entry) => entry.type === 'challenge.requested'),
      'pending',
      manager,
      new Map(entries.filter(isEnd).map((entry) => [entry.challengeId, entry])),
    );
    await noteReceivers(
      entries.filter((entry) => entry.type === 'challenge.received'),
      manager,
    );
    await moveChallenges(entries, manager);
    await moveMessages(entries, manager);
    await priceMessages(entries, manager);
  }

  private async withMessages(rows: readonly ChallengeRow[]): Promise<Challenge[]> {
    if (rows.length === 0) return [];
    const messages: MessageRow[] = await this.database.manager.query(
      'SELECT * FROM messages WHERE challenge_id = ANY($1::uuid[]) ORDER BY number',
      [rows.map((row) => row.id)],
    );
    return rows.map((row) =>
      toChallenge(
        row,
        messages.filter((message) => message.challenge_id === row.id),
      ),
    );
  }
}

function isEnd({ type }: JournalEntry): boolean {
  return STATE_AFTER_EVENT[type] !== undefined && type !== 'challenge.requested';
}

/**
 * A request that was refused may be granted under the same id, when it is repeated after a crash: then it was opened.
 * One whose end is in the same batch, as in most of those that wait while PostgreSQL is away, is written once.
 */
async function insertChallenges(
  list: readonly JournalEntry[],
  state: 'pending' | 'refused',
  manager: EntityManager,
  ends: ReadonlyMap<Identifier, JournalEntry> = new Map(),
): Promise<void> {
  if (list.length === 0) return;
  const entries = [...new Map(list.map((entry) => [entry.challengeId, entry])).values()];
  const version = (entry: JournalEntry): [string, string] => entry.data['g']!.split(':') as [string, string];
  const endOf = ({ challengeId }: JournalEntry): JournalEntry | undefined => ends.get(challengeId);
  const time = (text: string | undefined): Date | null =>
    text === undefined ? null : new Date(Number(text));
  await manager.query(
    `INSERT INTO challenges (id, tenant_id, generator_id, generator_version, kind, mode, purpose, state, receiver_ref, sealed_receiver,
       language, metadata, opened_at, expires_at, sequence, reason, ended_at, max_attempts, resend_after, test_number)
     SELECT id, tenant_id, generator_id, generator_version, kind, mode, purpose, state, receiver_ref, sealed_receiver, language, metadata,
       opened_at, expires_at, sequence, reason, ended_at, max_attempts, resend_after, test_number
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[],
       $11::timestamptz[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::int[], $17::timestamptz[], $18::bool[], $19::timestamptz[], $20::text[])
       AS t (id, tenant_id, generator_id, generator_version, mode, purpose, receiver_ref, sealed_receiver, language, metadata, opened_at, expires_at, sequence,
         state, reason, max_attempts, resend_after, test_number, ended_at, kind)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, ended_at = excluded.ended_at, opened_at = excluded.opened_at,
       expires_at = excluded.expires_at, max_attempts = excluded.max_attempts, resend_after = excluded.resend_after
       WHERE challenges.state = 'refused' AND excluded.state <> 'refused'`,
    [
      entries.map((entry) => renderUuid(entry.challengeId)),
      entries.map((entry) => renderUuid(entry.tenantId)),
      entries.map((entry) => renderUuid(version(entry)[0])),
      entries.map((entry) => Number(version(entry)[1])),
      entries.map((entry) => entry.data['y'] ?? 'live'),
      entries.map((entry) => entry.data['p'] ?? 'authentication'),
      // A challenge that people write to us about has its receiver later.
      entries.map((entry) => entry.data['r'] ?? ''),
      entries.map((entry) => entry.data['sr'] ?? ''),
      entries.map((entry) => entry.data['lg'] ?? null),
      entries.map((entry) => entry.data['md'] ?? null),
      entries.map((entry) => entry.occurredAt),
      entries.map((entry) => time(entry.data['e']) ?? entry.occurredAt),
      entries.map((entry) => (endOf(entry) ?? entry).sequence),
      entries.map((entry) => STATE_AFTER_EVENT[endOf(entry)?.type ?? ''] ?? state),
      entries.map((entry) => (endOf(entry) ?? entry).data['why'] ?? null),
      entries.map((entry) => (entry.data['fm'] === undefined ? null : Number(entry.data['fm']))),
      entries.map((entry) => time(entry.data['ra'])),
      entries.map((entry) => entry.data['tn'] === '1'),
      entries.map((entry) => (state === 'refused' ? entry : endOf(entry))?.occurredAt ?? null),
      entries.map((entry) => kindOfLetter(entry.data['k'])),
    ],
  );
}

/** A challenge that people write to us about gets its receiver by the first of them. */
async function noteReceivers(received: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  if (received.length === 0) return;
  await manager.query(
    `UPDATE challenges c SET receiver_ref = t.ref, sealed_receiver = t.sealed, received_at = t.at, received_channel = t.channel
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS t (id, ref, sealed, at, channel) WHERE c.id = t.id`,
    [
      received.map((entry) => renderUuid(entry.challengeId)),
      received.map((entry) => entry.data['r']),
      received.map((entry) => entry.data['sr']),
      received.map((entry) => entry.occurredAt),
      received.map((entry) => channelOfLetter(entry.data['ch']!)),
    ],
  );
}

/** Every entry moves the sequence; only some move the state. The highest sequence of a batch wins, per column. */
async function moveChallenges(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  const moves = entries.filter(isEnd);
  const answers = entries.filter(
    (entry) => entry.data['f'] !== undefined && !entry.type.startsWith('message.'),
  );
  const resends = entries.filter(
    (entry) => entry.type === 'message.queued' && entry.data['ra'] !== undefined,
  );
  if (resends.length > 0) {
    await manager.query(
      `UPDATE challenges c SET resend_after = GREATEST(c.resend_after, t.at)
       FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) GROUP BY id) t WHERE c.id = t.id`,
      [
        resends.map((entry) => renderUuid(entry.challengeId)),
        resends.map((entry) => new Date(Number(entry.data['ra']))),
      ],
    );
  }
  if (moves.length > 0) {
    await manager.query(
      `UPDATE challenges c SET state = t.state, reason = t.reason, ended_at = t.at, sequence = GREATEST(c.sequence, t.sequence),
         decided_by = t.decided_by, decided_message = t.decided_message, shown = t.shown
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::text[], $7::int[], $8::text[])
         AS t (id, state, reason, at, sequence, decided_by, decided_message, shown)
       WHERE c.id = t.id AND c.state = 'pending'`,
      [
        moves.map((entry) => renderUuid(entry.challengeId)),
        moves.map((entry) => STATE_AFTER_EVENT[entry.type]),
        moves.map((entry) => entry.data['why'] ?? null),
        moves.map((entry) => entry.occurredAt),
        moves.map((entry) => entry.sequence),
        moves.map((entry) => entry.data['via'] ?? null),
        moves.map((entry) => (entry.data['via'] === undefined ? null : Number(entry.data['m']))),
        moves.map((entry) => entry.data['wd'] ?? null),
      ],
    );
  }
  if (answers.length > 0) {
    await manager.query(
      `UPDATE challenges c SET failures = GREATEST(c.failures, t.failures)
       FROM (SELECT id, max(failures) AS failures FROM unnest($1::uuid[], $2::int[]) AS u (id, failures) GROUP BY id) t WHERE c.id = t.id AND c.failures < t.failures`,
      [
        answers.map((entry) => renderUuid(entry.challengeId)),
        answers.map((entry) => Number(entry.data['f'])),
      ],
    );
  }
}

async function moveMessages(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  const latest = new Map<string, JournalEntry>();
  for (const entry of entries) {
    if (messageStateAfter(entry.type) === undefined) continue;
    const key = `${entry.challengeId}:${entry.data['m']}`;
    const known = latest.get(key);
    if (!known || known.sequence < entry.sequence) latest.set(key, entry);
  }
  const moved = [...latest.values()];
  if (moved.length === 0) return;
  await manager.query(
    `INSERT INTO messages (challenge_id, number, tenant_id, channel, account_id, state, reason, attempts, duplicate_possible,
       provider_message_id, created_at, updated_at, sequence)
     SELECT challenge_id, number, tenant_id, channel, account_id, state, reason, attempts, duplicate_possible, provider_message_id, at, at, sequence
     FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::bool[], $10::text[],
       $11::timestamptz[], $12::int[])
       AS t (challenge_id, number, tenant_id, channel, account_id, state, reason, attempts, duplicate_possible, provider_message_id, at, sequence)
     ON CONFLICT (challenge_id, number) DO UPDATE SET state = excluded.state, reason = COALESCE(excluded.reason, CASE WHEN messages.state <> 'dropped' THEN messages.reason END),
       attempts = excluded.attempts, duplicate_possible = messages.duplicate_possible OR excluded.duplicate_possible,
       provider_message_id = COALESCE(excluded.provider_message_id, messages.provider_message_id), updated_at = excluded.updated_at,
       sequence = excluded.sequence
     WHERE excluded.sequence > messages.sequence`,
    [
      moved.map((entry) => renderUuid(entry.challengeId)),
      moved.map((entry) => Number(entry.data['m'])),
      moved.map((entry) => renderUuid(entry.tenantId)),
      moved.map((entry) => channelOfLetter(entry.data['ch']!)),
      moved.map((entry) => (entry.data['ac'] ? renderUuid(entry.data['ac']) : null)),
      moved.map((entry) => messageStateAfter(entry.type)),
      moved.map((entry) => entry.data['why'] ?? null),
      moved.map((entry) => Number(entry.data['try'])),
      moved.map((entry) => (entry.data['fl'] ?? '').includes('d')),
      moved.map((entry) => entry.data['pid'] ?? null),
      moved.map((entry) => entry.occurredAt),
      moved.map((entry) => entry.sequence),
    ],
  );
}

function toDecision({ decided_by: by, decided_message: message, shown }: ChallengeRow): Decision | undefined {
  return by === null || message === null ? undefined : { by, message, shown: shown ?? '' };
}

/** The last price of a batch wins, as the last one told does. */
async function priceMessages(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
  const priced = new Map(
    entries
      .filter(({ data }) => priceOf(data) !== undefined)
      .map((entry) => [`${entry.challengeId}:${entry.data['m']}`, entry]),
  );
  if (priced.size === 0) return;
  const last = [...priced.values()];
  await manager.query(
    `UPDATE messages m SET price_micros = t.micros, price_currency = t.currency
     FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[]) AS t (id, number, micros, currency)
     WHERE m.challenge_id = t.id AND m.number = t.number`,
    [
      last.map((entry) => renderUuid(entry.challengeId)),
      last.map((entry) => Number(entry.data['m'])),
      last.map((entry) => entry.data['pm']),
      last.map((entry) => entry.data['pc']),
    ],
  );
}

function toChallenge(row: ChallengeRow, messages: readonly MessageRow[]): Challenge {
  return {
    id: parseUuid(row.id)!,
    tenantId: parseUuid(row.tenant_id)!,
    generatorId: parseUuid(row.generator_id)!,
    generatorVersion: row.generator_version,
    kind: row.kind,
    state: row.state,
    reason: row.reason ?? undefined,
    mode: row.mode,
    purpose: row.purpose,
    openedAt: row.opened_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    endedAt: row.ended_at?.getTime(),
    resendFrom: row.resend_after?.getTime(),
    failures: row.failures,
    allowed: row.max_attempts ?? undefined,
    sends: messages.length,
    language: row.language ?? undefined,
    metadata: row.metadata ?? undefined,
    testNumber: row.test_number,
    sealedReceiver: row.sealed_receiver,
    decision: toDecision(row),
    received: row.received_at ? { at: row.received_at.getTime(), channel: row.received_channel! } : undefined,
    messages: messages.map((message): Message => ({
      number: message.number,
      channel: message.channel,
      state: message.state,
      attempts: message.attempts,
      duplicatePossible: message.duplicate_possible,
      reason: message.reason ?? undefined,
      price:
        message.price_micros === null || message.price_currency === null
          ? undefined
          : { micros: Number(message.price_micros), currency: message.price_currency },
    })),
  };
}
