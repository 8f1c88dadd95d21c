import type { Identifier } from '#platform/identifiers';

export const SWITCH_SCOPES = ['global', 'tenant', 'channel', 'country', 'prefix', 'account'] as const;
export type SwitchScope = (typeof SWITCH_SCOPES)[number];

/** A switch as processes hold it in memory. */
export interface Switch {
  id: Identifier;
  /** Whose sends it stops; absent when an operator stops everybody's. */
  tenantId?: Identifier;
  scope: SwitchScope;
  /** A tenant, a channel, a country, an account; of a prefix its digest. Empty when the scope says it all. */
  target: string;
  /** Of a prefix: its length, so that the same part of a number is compared. */
  length?: number;
  reason: string;
  until?: number;
}

export interface Send {
  tenantId: Identifier;
  channel: string;
  country?: string;
  /** The number without its last four digits. */
  prefix?: string;
  accountId: Identifier;
}

/** The first switch that stops this send. `digestOf` names a prefix as the switch does. */
export function findSwitch(
  switches: readonly Switch[],
  send: Send,
  now: number,
  digestOf: (prefix: string) => string,
): Switch | undefined {
  return switches.find(
    (one) =>
      (one.tenantId === undefined || one.tenantId === send.tenantId) &&
      (one.until === undefined || now < one.until) &&
      matches(one, send, digestOf),
  );
}

function matches(
  { scope, target, length }: Switch,
  send: Send,
  digestOf: (prefix: string) => string,
): boolean {
  switch (scope) {
    case 'global':
      return true;
    case 'tenant':
      return target === send.tenantId;
    case 'channel':
      return target === send.channel;
    case 'country':
      return target === send.country;
    case 'account':
      return target === send.accountId;
    case 'prefix':
      return (
        send.prefix !== undefined &&
        send.prefix.length >= length! &&
        digestOf(send.prefix.slice(0, length)) === target
      );
  }
}
