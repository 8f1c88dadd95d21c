import type { Price } from '#limits';
import type { Identifier } from '#platform/identifiers';
import { priceOf } from '../message-prices.js';

/** A transition of a challenge as the journal keeps it; short field names as in `record.lua`. */
export interface ToldTransition {
  type: string;
  data: Readonly<Record<string, string>>;
}

/** A message that a provider took. */
export interface Carried {
  number: number;
  channelLetter: string;
  accountId: Identifier;
  /** It is known to have arrived. */
  delivered: boolean;
  price?: Price;
}

const TAKEN = ['message.accepted', 'message.sent', 'message.delivered', 'message.read'];
const DELIVERED = ['message.delivered', 'message.read'];

/**
 * The messages that providers took of one challenge, by its transitions in order. What was refused at once, or passed
 * over, went nowhere, and what a test number is sent has no id of a provider.
 */
export function carriedBy(transitions: readonly ToldTransition[]): Carried[] {
  const messages = new Map<string, Carried>();
  for (const { type, data } of transitions) {
    const { m, ch, ac, pid } = data;
    if (m === undefined) continue;
    if (TAKEN.includes(type) && pid !== undefined && ch && ac && !messages.has(m))
      messages.set(m, { number: Number(m), channelLetter: ch, accountId: ac, delivered: false });
    const message = messages.get(m);
    if (!message) continue;
    if (DELIVERED.includes(type)) message.delivered = true;
    message.price = priceOf(data) ?? message.price;
  }
  return [...messages.values()];
}

/** The message that an answer is owed to: the last that is known to have arrived, else the last that was taken. */
export function answeredOf(carried: readonly Carried[]): Carried | undefined {
  return carried.findLast(({ delivered }) => delivered) ?? carried.at(-1);
}
