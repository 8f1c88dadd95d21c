// Sends as specs ask for them, and challenges as the journal tells of them.
import { randomBytes } from 'node:crypto';
import type { House } from '../../test/support/house.js';
import { until } from '../../test/support/house.js';
import { journalBacklog } from '../../test/support/journal.js';
import { TenantsService } from '#tenants';
import { type Identifier, newChallengeId, newId } from '#platform/identifiers';
import type { Admission, SendRequest } from './admission.js';

/** A tenant of its own, so that no test meets another's counters. */
export async function newTenant(house: House): Promise<Identifier> {
  const name = `spec ${randomBytes(6).toString('hex')}`;
  return (await house.api.app.get(TenantsService, { strict: false }).createTenant(name)).id;
}

let sends = 0;

/** A send that only the limits named in `changes` apply to: no country, no prefix, no address. */
export function sendOf(tenantId: Identifier, changes: Partial<SendRequest> = {}): SendRequest {
  return {
    tenantId,
    mode: 'live',
    operation: `spec${++sends}`,
    channel: 'whatsapp',
    accountId: newId(),
    purpose: 'authentication',
    receiver: { canonical: `+5255${String(sends).padStart(8, '0')}` },
    ...changes,
  };
}

/** `admitted`, or the limit that refused. */
export function verdictOf(admission: Admission): string {
  return 'admitted' in admission ? 'admitted' : admission.limit;
}

export interface ToldChallenge {
  outcome?: 'approved' | 'expired' | 'locked' | 'canceled';
  wrongAnswers?: number;
  receiver?: string;
  prefixRef?: string;
  country?: string;
  /** When it was opened, ms; now otherwise. */
  openedAt?: number;
  mode?: 'test';
}

/** Writes challenges into the journal as their scripts would, and waits until the worker has read them. */
export async function tellJournal(
  house: House,
  tenantId: Identifier,
  challenges: readonly ToldChallenge[],
  now = Date.now(),
): Promise<void> {
  for (const told of challenges) await append(house, tenantId, told, now);
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
  );
}

async function append(house: House, tenantId: Identifier, told: ToldChallenge, now: number): Promise<void> {
  const id = newChallengeId(0);
  const generator = newId();
  let sequence = 0;
  const write = (type: string, at: number, data: Record<string, string>): Promise<unknown> => {
    const header = { v: '1', t: type, c: id, q: String(++sequence), n: tenantId, at: String(at) };
    return house.redis.xadd('{p00}:journal', '*', ...Object.entries({ ...header, ...data }).flat());
  };
  const { receiver = id, prefixRef, country, openedAt = now, mode } = told;
  await write('challenge.requested', openedAt, {
    g: `${generator}:1`,
    k: 'c',
    r: receiver,
    sr: 'sealed',
    e: String(openedAt + 600_000),
    ch: 'w',
    ...(country && { cc: country }),
    ...(prefixRef && { px: prefixRef }),
    ...(mode && { y: mode }),
  });
  for (let wrong = 1; wrong <= (told.wrongAnswers ?? 0); wrong++)
    await write('challenge.answer_refused', now, { f: String(wrong) });
  if (told.outcome) await write(`challenge.${told.outcome}`, now, {});
}
