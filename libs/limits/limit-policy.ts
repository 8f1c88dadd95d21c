import type { FieldError } from '#platform/errors';
import { definitionOf, LIMIT_IDS, type LimitId, type LimitMode, type LimitWindow } from './catalogue.js';
import type { ScorePolicy } from './score-rules.js';

export interface LimitOverride {
  limit: LimitId;
  mode?: LimitMode;
  /** One number per window of the catalogue, in its order. */
  most?: number[];
}

export interface Budget {
  /** All channels together when absent. */
  channel?: string;
  period: 'day' | 'month';
  unit: 'messages' | 'money';
  /** Of money. */
  currency?: string;
  /** Messages, or millionths of the currency. */
  most: number;
  /** What a message is taken to cost when nobody knows its price. */
  assumedMicros?: number;
}

/** What a tenant changed; the rest is as in the catalogue. Replaced as a whole. */
export interface LimitOverrides {
  limits?: LimitOverride[];
  voiceCountries?: string[];
  budgets?: Budget[];
  score?: ScorePolicy;
}

/** What holds for one tenant: catalogue and overrides together. */
export interface LimitPolicy {
  modes: Readonly<Record<LimitId, LimitMode>>;
  windows: Readonly<Record<LimitId, readonly LimitWindow[]>>;
  voiceCountries: ReadonlySet<string>;
  budgets: readonly Budget[];
  score: ScorePolicy | undefined;
}

/** The tenant that stands for the installation: its budgets are those of all tenants together. */
export const PLATFORM = 'platform';

export function toPolicy(overrides: LimitOverrides): LimitPolicy {
  const changed = new Map(overrides.limits?.map((override) => [override.limit, override]));
  const each = <T>(value: (id: LimitId) => T): Record<LimitId, T> =>
    Object.fromEntries(LIMIT_IDS.map((id) => [id, value(id)])) as Record<LimitId, T>;
  return {
    modes: each((id) => changed.get(id)?.mode ?? definitionOf(id).mode),
    windows: each((id) =>
      definitionOf(id).windows.map((window, at) => ({
        ...window,
        most: changed.get(id)?.most?.[at] ?? window.most,
      })),
    ),
    voiceCountries: new Set(overrides.voiceCountries),
    budgets: overrides.budgets ?? [],
    score: overrides.score,
  };
}

/** What a tenant may not set, field by field. The shapes were checked before. */
export function findOutOfBounds(overrides: LimitOverrides): FieldError[] {
  const limits = overrides.limits ?? [];
  const ids = limits.map(({ limit }) => limit);
  return [
    ...limits.flatMap((override, at) => [
      ...(ids.indexOf(override.limit) < at
        ? [refuse(`#/limits/${at}/limit`, 'not_unique', 'each limit is set once')]
        : []),
      ...findWindowProblems(override, `#/limits/${at}`),
    ]),
    ...(overrides.budgets ?? []).flatMap((budget, at) => findBudgetProblems(budget, `#/budgets/${at}`)),
  ];
}

function findWindowProblems({ limit, most }: LimitOverride, pointer: string): FieldError[] {
  const { windows, fixed } = definitionOf(limit);
  if (fixed) return [refuse(`${pointer}/limit`, 'not_allowed', `${limit} is set by the installation`)];
  if (most === undefined) return [];
  if (most.length !== windows.length)
    return [refuse(`${pointer}/most`, 'length', `${limit} takes ${windows.length} numbers`)];
  return most.flatMap((number, at) =>
    number > windows[at]!.maximum
      ? [
          refuse(
            `${pointer}/most/${at}`,
            'too_large',
            `${limit} takes at most ${windows[at]!.maximum} in ${windows[at]!.seconds} s`,
          ),
        ]
      : [],
  );
}

function findBudgetProblems({ unit, currency, assumedMicros }: Budget, pointer: string): FieldError[] {
  if (unit === 'messages') return [];
  return [
    ...(currency === undefined
      ? [refuse(`${pointer}/currency`, 'required', 'a budget of money has a currency')]
      : []),
    // Without it a message whose price nobody knows would be free, and the budget no limit.
    ...(assumedMicros === undefined
      ? [
          refuse(
            `${pointer}/assumedMicros`,
            'required',
            'a budget of money says what a message is taken to cost',
          ),
        ]
      : []),
  ];
}

function refuse(pointer: string, code: string, detail: string): FieldError {
  return { pointer, code, detail };
}
