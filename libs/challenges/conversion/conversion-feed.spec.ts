import { expect, it } from 'vitest';
import type { EntityManager } from 'typeorm';
import type { JournalEntry } from '#journal';
import type { AccountsService } from '#providers';
import { newChallengeId, newId, renderUuid } from '#platform/identifiers';
import { ConversionFeed } from './conversion-feed.js';
import type { CarriedMessage, ConversionRates } from './conversion-rates.js';
import type { ReportQueue } from './report-queue.js';

const CHALLENGE = newChallengeId(7);
const TENANT = newId();
const ACCOUNT = newId();
const MESSAGE = { m: '1', ch: 'w', ac: ACCOUNT, try: '1' };
const LIFE: [string, Record<string, string>][] = [
  ['challenge.requested', { cc: 'MX', ch: 'w' }],
  ['message.queued', MESSAGE],
  ['message.sending', MESSAGE],
  ['message.accepted', { ...MESSAGE, pid: 'wamid.1' }],
  ['message.delivered', MESSAGE],
  ['challenge.approved', { f: '0', ch: 'w' }],
];
const ENTRIES = LIFE.map(([type, data], at): JournalEntry => ({
  eventId: `${CHALLENGE}-${at + 1}`,
  type,
  challengeId: CHALLENGE,
  tenantId: TENANT,
  sequence: at + 1,
  occurredAt: new Date(1_790_000_000_000 + at),
  data,
}));
const OUTCOME = {
  accountId: ACCOUNT,
  channelLetter: 'w',
  country: 'MX',
  endedAt: 1_790_000_000_005,
  answered: true,
  price: undefined,
};

/** What is counted of these batches, and how often the journal was read for it. */
async function feed(...batches: (readonly JournalEntry[])[]): Promise<[CarriedMessage[], number]> {
  const noted: CarriedMessage[] = [];
  let reads = 0;
  const rates = { note: async (messages: CarriedMessage[]) => void noted.push(...messages) };
  const accounts = { load: async () => undefined };
  const conversions = new ConversionFeed(
    rates as unknown as ConversionRates,
    accounts as unknown as AccountsService,
    {} as ReportQueue,
  );
  const manager = {
    query: async (_sql: string, [ids]: [string[]]) => {
      reads++;
      expect(ids).toEqual([renderUuid(CHALLENGE)]);
      return ENTRIES.map(({ type, data }) => ({ challenge_id: renderUuid(CHALLENGE), type, data }));
    },
  };
  for (const batch of batches) await conversions.apply(batch, manager as unknown as EntityManager);
  return [noted, reads];
}

it('a life within one batch is counted without reading the journal', async () => {
  expect(await feed(ENTRIES)).toEqual([[OUTCOME], 0]);
});

it('one that spans batches is counted the same, by the journal', async () => {
  expect(await feed(ENTRIES.slice(0, 3), ENTRIES.slice(3))).toEqual([[OUTCOME], 1]);
});

it('one with a gap, or a transition told twice, is read from the journal', async () => {
  expect(await feed(ENTRIES.filter((_, at) => at !== 3))).toEqual([[OUTCOME], 1]);
  expect(await feed([...ENTRIES.slice(0, 4), ENTRIES[3]!, ...ENTRIES.slice(4)])).toEqual([[OUTCOME], 1]);
});
