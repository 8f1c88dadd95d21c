import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JournalEntry } from '#journal';
import { AccountsService } from '#providers';
import { type Identifier, messageId, parseUuid, renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import { answeredOf, type Carried, carriedBy, type ToldTransition } from './carried-messages.js';
import { type CarriedMessage, ConversionRates } from './conversion-rates.js';
import { ReportQueue } from './report-queue.js';

/** What was canceled says nothing about the way its messages took. */
const ENDINGS = ['challenge.approved', 'challenge.expired', 'challenge.locked', 'challenge.undeliverable'];

/**
 * Feeds the rates from the journal: what the messages of each challenge came to, once it has ended. A right answer is
 * owed to one of them, whose provider is told of it. At least once, and never in the way of the journal itself.
 */
@Injectable()
export class ConversionFeed {
  private readonly logger = loggerFor('conversion');

  constructor(
    private readonly rates: ConversionRates,
    private readonly accounts: AccountsService,
    private readonly reports: ReportQueue,
  ) {}

  /** A projection of the journal. */
  async apply(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
    const endings = entries.filter(({ type }) => ENDINGS.includes(type));
    if (endings.length === 0) return;
    const lives = await findLives(endings, entries, manager);
    const messages: CarriedMessage[] = [];
    const answered: { challengeId: Identifier; message: Carried }[] = [];
    for (const { challengeId, type, occurredAt } of endings) {
      const life = lives.get(challengeId) ?? [];
      const carried = carriedBy(life);
      const answer = type === 'challenge.approved' ? answeredOf(carried) : undefined;
      const country = life.find((transition) => transition.type === 'challenge.requested')?.data['cc'];
      messages.push(...carried.map((message) => toOutcome(message, country, occurredAt, message === answer)));
      if (answer) answered.push({ challengeId, message: answer });
    }
    // Statistics must not hold up the record of what happened.
    await Promise.all([this.rates.note(messages), ...answered.map((answer) => this.report(answer))]).catch(
      (error: unknown) =>
        this.logger.warn({ error: describeError(error), messages: messages.length }, 'outcomes not counted'),
    );
  }

  private async report({
    challengeId,
    message,
  }: {
    challengeId: Identifier;
    message: Carried;
  }): Promise<void> {
    const account = await this.accounts.load(message.accountId);
    if (account?.provider.reportConversion) await this.reports.add(messageId(challengeId, message.number));
  }
}

/** Every transition of these challenges: most of them from the journal; one that lived in this batch alone, from it. */
async function findLives(
  endings: readonly JournalEntry[],
  batch: readonly JournalEntry[],
  manager: EntityManager,
): Promise<Map<Identifier, readonly ToldTransition[]>> {
  const whole = wholeLives(endings, batch);
  const others = endings.filter(({ challengeId }) => !whole.has(challengeId));
  return others.length === 0 ? whole : new Map([...whole, ...(await readLives(others, manager))]);
}

/** As many transitions as the number of the last one says, and none of them twice. */
function wholeLives(
  endings: readonly JournalEntry[],
  batch: readonly JournalEntry[],
): Map<Identifier, readonly ToldTransition[]> {
  const ids = new Set(endings.map(({ challengeId }) => challengeId));
  const lives = new Map<Identifier, JournalEntry[]>();
  for (const entry of batch) {
    if (!ids.has(entry.challengeId)) continue;
    const life = lives.get(entry.challengeId);
    if (life) life.push(entry);
    else lives.set(entry.challengeId, [entry]);
  }
  for (const [id, life] of lives) if (life.some(({ sequence }, at) => sequence !== at + 1)) lives.delete(id);
  return lives;
}

async function readLives(
  endings: readonly JournalEntry[],
  manager: EntityManager,
): Promise<Map<Identifier, ToldTransition[]>> {
  const rows: { challenge_id: string; type: string; data: Record<string, string> }[] = await manager.query(
    `SELECT challenge_id, type, data FROM journal
     WHERE challenge_id = ANY($1::uuid[]) AND (type = 'challenge.requested' OR starts_with(type, 'message.'))
     ORDER BY challenge_id, sequence`,
    [endings.map(({ challengeId }) => renderUuid(challengeId))],
  );
  const lives = new Map<Identifier, ToldTransition[]>();
  for (const { challenge_id: uuid, type, data } of rows) {
    const id = parseUuid(uuid)!;
    const life = lives.get(id);
    if (life) life.push({ type, data });
    else lives.set(id, [{ type, data }]);
  }
  return lives;
}

function toOutcome(
  { channelLetter, accountId, price }: Carried,
  country: string | undefined,
  endedAt: Date,
  answered: boolean,
): CarriedMessage {
  return {
    accountId,
    channelLetter,
    // The country is that of a number; an e-mail address has none.
    country: channelLetter === LETTER_OF_CHANNEL.email ? undefined : country,
    endedAt: endedAt.getTime(),
    answered,
    price,
  };
}
