import { deleteOlder, type RetentionRule } from '#journal';

/** What was approved under `strictApproval`, and which tests there were, is history like the rest. */
export const challengeRetention: RetentionRule[] = [
  {
    name: 'challenges.personal',
    keep: 'personal',
    sql: `WITH touched AS (
        UPDATE challenges SET receiver_ref = '', sealed_receiver = '', metadata = NULL
        WHERE ctid = ANY (ARRAY (SELECT ctid FROM challenges WHERE opened_at < $1 AND sealed_receiver <> '' LIMIT $2))
        RETURNING id
      ), sent AS (
        UPDATE messages SET provider_message_id = NULL FROM touched
        WHERE challenge_id = touched.id AND provider_message_id IS NOT NULL
      ) SELECT count(*)::int AS touched FROM touched`,
  },
  {
    name: 'challenges',
    keep: 'history',
    sql: `WITH touched AS (
        DELETE FROM challenges
        WHERE ctid = ANY (ARRAY (SELECT ctid FROM challenges WHERE opened_at < $1 LIMIT $2))
        RETURNING id
      ), sent AS (
        DELETE FROM messages USING touched WHERE challenge_id = touched.id
      ) SELECT count(*)::int AS touched FROM touched`,
  },
  { name: 'approvals', keep: 'history', sql: deleteOlder('approvals', 'approved_at') },
  { name: 'erasures', keep: 'history', sql: deleteOlder('erasures', 'done_at') },
  { name: 'test_numbers.deleted', keep: 'history', sql: deleteOlder('test_numbers', 'deleted_at') },
];
