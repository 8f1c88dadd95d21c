import { Injectable } from '@nestjs/common';
import type { JournalEntry } from '#journal';
import { LimitsService, type Price } from '#limits';
import type { StatusNotice } from '#providers';
import { type Identifier, messageId } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';

const MICROS = 1_000_000;
/** More for one message is a mistake of whoever told it. */
const AMOUNT = /^\d{1,6}(\.\d{1,12})?$/;
const CURRENCY = /^[A-Z]{3}$/;

/** What a receipt says of the price, to the nearest millionth; undefined for what cannot be one. */
export function readPrice(told: StatusNotice['price']): Price | undefined {
  if (!told || !AMOUNT.test(told.amount) || !CURRENCY.test(told.currency)) return undefined;
  return { micros: Math.round(Number(told.amount) * MICROS), currency: told.currency };
}

/** The price that a transition tells, by its fields in the journal. */
export function priceOf({ pm, pc }: Readonly<Record<string, string>>): Price | undefined {
  return pm !== undefined && pc !== undefined ? { micros: Number(pm), currency: pc } : undefined;
}

/** Settles budgets on what providers charged, from the journal: a process that dies in between loses no price. */
@Injectable()
export class MessagePrices {
  private readonly logger = loggerFor('prices');

  constructor(private readonly limits: LimitsService) {}

  /** A projection of the journal. Bears repeats: a budget is settled on the price, not by it. */
  async apply(entries: readonly JournalEntry[]): Promise<void> {
    const byTenant = new Map<Identifier, Map<Identifier, Price>>();
    for (const { tenantId, challengeId, data } of entries) {
      const price = priceOf(data);
      if (!price || data['m'] === undefined) continue;
      const own = byTenant.get(tenantId) ?? new Map<Identifier, Price>();
      byTenant.set(tenantId, own.set(messageId(challengeId, Number(data['m'])), price));
    }
    for (const [tenantId, prices] of byTenant) {
      // What was sent must not wait in Redis because a budget could not be corrected: it stays on the assumed price.
      await this.limits
        .priceMessages(tenantId, prices)
        .catch((error: unknown) =>
          this.logger.warn({ error: describeError(error), messages: prices.size }, 'budgets not settled'),
        );
    }
  }
}
