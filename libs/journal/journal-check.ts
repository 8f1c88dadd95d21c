import { renderUuid, type Identifier, parseUuid } from '#platform/identifiers';

/** Transitions of one challenge that are nowhere: a journal without gaps has 1, 2, 3, … of each. */
export interface JournalGap {
  challengeId: Identifier;
  from: number;
  to: number;
  /** When the one before them happened, and the one after; undefined at either end. */
  after?: Date;
  before?: Date;
}

type Query = (sql: string, values: unknown[]) => Promise<unknown>;

/** Gaps in challenges of which anything happened since then. Looks at every row of theirs. */
export async function findGaps(query: Query, since: Date): Promise<JournalGap[]> {
  const rows = (await query(
    `SELECT challenge_id, previous + 1 AS "from", sequence - 1 AS "to", previous_at AS after, occurred_at AS before
     FROM (
       SELECT challenge_id, sequence, occurred_at,
         lag(sequence, 1, 0) OVER ordered AS previous, lag(occurred_at) OVER ordered AS previous_at
       FROM journal WHERE challenge_id IN (SELECT challenge_id FROM journal WHERE occurred_at >= $1)
       WINDOW ordered AS (PARTITION BY challenge_id ORDER BY sequence)
     ) AS steps
     WHERE sequence > previous + 1 ORDER BY occurred_at`,
    [since],
  )) as (Omit<JournalGap, 'challengeId' | 'after'> & { challenge_id: string; after: Date | null })[];
  return rows.map(({ challenge_id: id, after, ...gap }) => ({
    challengeId: parseUuid(id)!,
    ...gap,
    after: after ?? undefined,
  }));
}

/** Of challenges that Redis still knows, with the sequence it has reached: what PostgreSQL lacks at the end. */
export async function findLostEnds(
  query: Query,
  reached: ReadonlyMap<Identifier, number>,
): Promise<JournalGap[]> {
  const ids = [...reached.keys()];
  const rows = (await query(
    `SELECT id, coalesce(max(sequence), 0) AS last, max(occurred_at) AS at
     FROM unnest($1::uuid[]) AS known (id) LEFT JOIN journal ON challenge_id = id GROUP BY id`,
    [ids.map(renderUuid)],
  )) as { id: string; last: number; at: Date | null }[];
  return rows.flatMap(({ id: uuid, last, at }) => {
    const id = parseUuid(uuid)!;
    const to = reached.get(id)!;
    return last < to ? [{ challengeId: id, from: last + 1, to, after: at ?? undefined }] : [];
  });
}
