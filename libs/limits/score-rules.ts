export const SIGNALS = [
  'ip',
  'deviceId',
  'userAgent',
  'platform',
  'trusted',
  'country',
  'channel',
  'purpose',
  'numberClass',
  'domain',
] as const;
export type Signal = (typeof SIGNALS)[number];
export const COMPARISONS = ['one_of', 'not_one_of', 'contains', 'present', 'missing'] as const;

export interface ScoreCondition {
  signal: Signal;
  is: (typeof COMPARISONS)[number];
  /** Of `one_of`, `not_one_of` and `contains`; any of them will do. Upper and lower case are the same. */
  values?: string[];
}

/** All its conditions met, a rule gives its points; negative ones speak for the request. */
export interface ScoreRule {
  name: string;
  points: number;
  when: ScoreCondition[];
}

export interface ScorePolicy {
  denyAt: number;
  rules: ScoreRule[];
}

export type Signals = Partial<Record<Signal, string>>;

/** Rules are a tenant's data (FR-12): adding one needs no release. */
export function score(rules: readonly ScoreRule[], signals: Signals): { points: number; matched: string[] } {
  const met = rules.filter(({ when }) => when.every((condition) => holds(condition, signals)));
  return {
    points: met.reduce((sum, rule) => sum + rule.points, 0),
    matched: met.map(({ name }) => name),
  };
}

function holds({ signal, is, values = [] }: ScoreCondition, signals: Signals): boolean {
  const found = signals[signal]?.toLowerCase();
  const wanted = values.map((value) => value.toLowerCase());
  switch (is) {
    case 'present':
      return found !== undefined;
    case 'missing':
      return found === undefined;
    case 'one_of':
      return found !== undefined && wanted.includes(found);
    case 'not_one_of':
      return found === undefined || !wanted.includes(found);
    case 'contains':
      return found !== undefined && wanted.some((value) => found.includes(value));
  }
}
