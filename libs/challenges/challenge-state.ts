/**
 * The life of a challenge, as pure data. The scripts in `hot-store/` move it; nothing else does. What was refused
 * never lived: `refused` is a state of history alone.
 */
export const CHALLENGE_STATES = [
  'pending',
  'approving',
  'approved',
  'expired',
  'locked',
  'canceled',
  'denied',
  'undeliverable',
  'refused',
] as const;
export type ChallengeState = (typeof CHALLENGE_STATES)[number];

export const MESSAGE_STATES = [
  'queued',
  'sending',
  'accepted',
  'sent',
  'delivered',
  'read',
  'failed',
  'unknown',
  'dropped',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** One letter each in Redis, where every byte of a live challenge counts. */
export const STATE_OF_LETTER: Record<string, ChallengeState> = {
  P: 'pending',
  G: 'approving',
  A: 'approved',
  X: 'expired',
  L: 'locked',
  C: 'canceled',
  D: 'denied',
  U: 'undeliverable',
};

export const MESSAGE_STATE_OF_LETTER: Record<string, MessageState> = {
  q: 'queued',
  s: 'sending',
  a: 'accepted',
  t: 'sent',
  d: 'delivered',
  r: 'read',
  f: 'failed',
  u: 'unknown',
  x: 'dropped',
};

/** Where each event of the journal leaves the challenge; events that are not here leave it as it was. */
export const STATE_AFTER_EVENT: Record<string, ChallengeState> = {
  'challenge.requested': 'pending',
  'challenge.approved': 'approved',
  'challenge.expired': 'expired',
  'challenge.locked': 'locked',
  'challenge.canceled': 'canceled',
  'challenge.denied': 'denied',
  'challenge.undeliverable': 'undeliverable',
};

/** `message.sent` → `sent`. */
export function messageStateAfter(event: string): MessageState | undefined {
  const state = event.startsWith('message.') ? event.slice('message.'.length) : '';
  return MESSAGE_STATES.find((known) => known === state);
}
