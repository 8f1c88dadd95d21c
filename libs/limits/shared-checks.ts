import type { ErrorCode } from '#platform/errors';
import { addressBucket } from './address-bucket.js';
import type { SendRequest } from './admission.js';
import { COUNTRY_FACTOR, COUNTRY_FLOOR, type LimitId } from './catalogue.js';
import type { SharedCheck } from './hot-store/limit-store.js';
import type { Budget, LimitPolicy } from './limit-policy.js';

/** A check of `reserve-limits.lua`, and what its refusal is called. */
export interface NamedCheck extends Omit<SharedCheck, 'shadow'> {
  limit: LimitId;
  code: ErrorCode;
}

/** Names receivers, addresses and prefixes by keyed digests: no counter's key tells whom it counts. */
export type DigestOf = (label: 'address' | 'prefix' | 'counted-receiver', text: string) => string;

/** Key of the circuit of FR-09 and of the counters of FR-05, for the detectors as for the sends. */
export const circuitKey = (channel: string, country: string, prefixRef: string): string =>
  `circuit:${channel}:${country}:${prefixRef}`;
export const prefixKey = (prefixRef: string): string => `prefix:${prefixRef}`;

/** Every shared limit that applies to this send; `halved` while what we know of receivers is incomplete (FR-17). */
export function sharedChecks(
  request: SendRequest,
  policy: LimitPolicy,
  digestOf: DigestOf,
  halved: boolean,
): NamedCheck[] {
  const windowsOf = (limit: LimitId): number[] =>
    policy.windows[limit].flatMap(({ most, seconds }) => [
      halved ? Math.max(1, Math.floor(most / 2)) : most,
      seconds,
    ]);
  return [
    ...addressChecks(request, windowsOf, digestOf),
    ...prefixChecks(request, windowsOf, digestOf),
    ...countryChecks(request, windowsOf),
    ...callChecks(request, windowsOf, digestOf),
    ...budgetChecks(request, policy.budgets, 'budget.tenant'),
  ].filter(({ limit }) => policy.modes[limit] !== 'off');
}

/** FR-10, of the tenant or of all tenants together. */
export function budgetChecks(
  { channel, price }: SendRequest,
  budgets: readonly Budget[],
  limit: 'budget.tenant' | 'budget.platform',
): NamedCheck[] {
  return budgets
    .filter((budget) => budget.channel === undefined || budget.channel === channel)
    .map((budget) => ({
      limit,
      code: 'limit.budget',
      kind: 'budget',
      key: `budget:${budget.channel ?? 'all'}:${budget.unit === 'money' ? budget.currency : 'messages'}`,
      args: [
        budget.period === 'day' ? 'd' : 'm',
        budget.most,
        amountOf(budget, price),
        budget.unit === 'money' ? budget.currency! : '-',
      ],
    }));
}

function amountOf({ unit, currency, assumedMicros = 0 }: Budget, price: SendRequest['price']): number {
  if (unit === 'messages') return 1;
  return price?.currency === currency ? price!.micros : assumedMicros;
}

/** FR-04. */
function addressChecks(
  { endUser, receiver }: SendRequest,
  windowsOf: (limit: LimitId) => number[],
  digestOf: DigestOf,
): NamedCheck[] {
  const bucket = endUser?.ip === undefined ? undefined : addressBucket(endUser.ip);
  if (bucket === undefined) return [];
  const ref = digestOf('address', bucket);
  const who = digestOf('counted-receiver', receiver.canonical);
  return [
    { limit: 'sends.ip', code: 'limit.ip', kind: 'window', key: `ip:${ref}`, args: windowsOf('sends.ip') },
    {
      limit: 'receivers.ip',
      code: 'limit.ip',
      kind: 'distinct',
      key: `ip:${ref}:receivers`,
      args: [who, ...windowsOf('receivers.ip')],
    },
  ];
}

/** FR-05 and FR-09. */
function prefixChecks(
  { receiver, channel }: SendRequest,
  windowsOf: (limit: LimitId) => number[],
  digestOf: DigestOf,
): NamedCheck[] {
  if (receiver.prefix === undefined) return [];
  const ref = digestOf('prefix', receiver.prefix);
  return [
    {
      limit: 'sends.prefix',
      code: 'limit.prefix',
      kind: 'prefix',
      key: prefixKey(ref),
      args: windowsOf('sends.prefix'),
    },
    {
      limit: 'conversion.prefix',
      code: 'limit.conversion',
      kind: 'circuit',
      key: circuitKey(channel, receiver.country ?? '', ref),
      args: [],
    },
  ];
}

/** FR-06. */
function countryChecks({ receiver }: SendRequest, windowsOf: (limit: LimitId) => number[]): NamedCheck[] {
  if (receiver.country === undefined) return [];
  return [
    {
      limit: 'sends.country',
      code: 'limit.country',
      kind: 'country',
      key: `country:${receiver.country}`,
      args: [windowsOf('sends.country')[0]!, COUNTRY_FACTOR, COUNTRY_FLOOR],
    },
  ];
}

/** FR-11. */
function callChecks(
  { channel, receiver }: SendRequest,
  windowsOf: (limit: LimitId) => number[],
  digestOf: DigestOf,
): NamedCheck[] {
  if (channel !== 'voice') return [];
  return [
    {
      limit: 'calls.receiver',
      code: 'limit.calls',
      kind: 'window',
      key: `calls:${digestOf('counted-receiver', receiver.canonical)}`,
      args: windowsOf('calls.receiver'),
    },
  ];
}
