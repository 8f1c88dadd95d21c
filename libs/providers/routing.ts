import type { LoadedAccount, LoadedSender } from './accounts.service.js';

/** One step of a generator's channel plan, resolved when the generator was saved. */
export interface RouteStep {
  accountId: string;
  senderId: string;
}

export type RouteRefusal =
  'account_missing' | 'sender_missing' | 'country_not_allowed' | 'test_key_live_account';

export type Route = { account: LoadedAccount; sender: LoadedSender } | { refused: RouteRefusal };

/** What an account may be used for, apart from its health. Countries are checked for live accounts: toll fraud. */
export function admitRoute(
  account: LoadedAccount | undefined,
  step: RouteStep,
  receiver: { address?: string; country?: string },
  caller: { mode: 'live' | 'test'; simulator: boolean },
): Route {
  if (!account) return { refused: 'account_missing' };
  const sender = account.senders.find((candidate) => candidate.id === step.senderId);
  if (!sender) return { refused: 'sender_missing' };
  if (caller.mode === 'test' && !caller.simulator) return { refused: 'test_key_live_account' };
  // An e-mail address has no country, and nobody earns by what is sent to it.
  if (receiver.address?.includes('@')) return { account, sender };
  if (!account.countries.has('*') && !(receiver.country && account.countries.has(receiver.country)))
    return { refused: 'country_not_allowed' };
  return { account, sender };
}
