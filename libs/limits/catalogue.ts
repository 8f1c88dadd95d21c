/** What a limit does when it is reached. For lists, `shadow` is what is elsewhere called flag, and `enforce` deny. */
export const LIMIT_MODES = ['enforce', 'shadow', 'off'] as const;
export type LimitMode = (typeof LIMIT_MODES)[number];

export interface LimitWindow {
  most: number;
  seconds: number;
  /** What a tenant may raise `most` to. */
  maximum: number;
}

export interface LimitDefinition {
  requirement: string;
  /** One sentence, as in docs/limits.md. */
  counts: string;
  mode: LimitMode;
  windows: readonly LimitWindow[];
  /** Set by the installation: it protects tenants from each other. */
  fixed?: true;
}

const HOUR = 3_600;
const DAY = 86_400;

/** Every limit there is. docs/limits.md has an entry for each; a spec holds the two together (STD-17). */
export const LIMITS = {
  'sends.cool_down': {
    requirement: 'FR-01',
    counts: 'the time since the last message of the same challenge',
    mode: 'enforce',
    windows: [],
  },
  'sends.receiver': {
    requirement: 'FR-02',
    counts: 'messages to one receiver of one tenant',
    mode: 'enforce',
    windows: [
      { most: 3, seconds: 600, maximum: 10 },
      { most: 5, seconds: HOUR, maximum: 20 },
      { most: 10, seconds: DAY, maximum: 50 },
    ],
  },
  'sends.receiver_platform': {
    requirement: 'FR-03',
    counts: 'messages to one receiver of all tenants together',
    mode: 'enforce',
    windows: [{ most: 20, seconds: DAY, maximum: 20 }],
    fixed: true,
  },
  'failures.receiver_platform': {
    requirement: 'FR-03',
    counts: 'failed answers of one receiver in a row, over all tenants',
    mode: 'enforce',
    windows: [{ most: 100, seconds: DAY, maximum: 100 }],
    fixed: true,
  },
  'sends.ip': {
    requirement: 'FR-04',
    counts: 'messages asked for from one IPv4 address or one IPv6 /64',
    mode: 'enforce',
    windows: [
      { most: 10, seconds: 600, maximum: 1_000 },
      { most: 30, seconds: HOUR, maximum: 5_000 },
    ],
  },
  'receivers.ip': {
    requirement: 'FR-04',
    counts: 'different receivers asked for from one IPv4 address or one IPv6 /64',
    mode: 'enforce',
    windows: [{ most: 5, seconds: HOUR, maximum: 1_000 }],
  },
  'sends.prefix': {
    requirement: 'FR-05',
    counts: 'messages to numbers that differ in their last four digits only, unless such numbers convert',
    mode: 'enforce',
    windows: [
      { most: 10, seconds: HOUR, maximum: 1_000 },
      { most: 30, seconds: DAY, maximum: 10_000 },
    ],
  },
  'sends.country': {
    requirement: 'FR-06',
    counts:
      'messages to one country, until there are thirty days of history to take three times the median of',
    mode: 'enforce',
    windows: [{ most: 200, seconds: DAY, maximum: 1_000_000 }],
  },
  'receiver.disposable': {
    requirement: 'FR-08',
    counts: 'receivers on the lists of disposable e-mail domains and temporary numbers',
    mode: 'off',
    windows: [],
  },
  'conversion.prefix': {
    requirement: 'FR-09',
    counts: 'the share of finished challenges that were approved, by channel, country and prefix',
    mode: 'enforce',
    windows: [],
  },
  'budget.tenant': {
    requirement: 'FR-10',
    counts: 'messages or money of one tenant in a day or a month',
    mode: 'enforce',
    windows: [],
  },
  'budget.platform': {
    requirement: 'FR-10',
    counts: 'messages or money of all tenants in a day or a month',
    mode: 'enforce',
    windows: [],
    fixed: true,
  },
  'calls.country': {
    requirement: 'FR-11',
    counts: 'countries that may be called: none, unless the tenant lists them',
    mode: 'enforce',
    windows: [],
  },
  'calls.receiver': {
    requirement: 'FR-11',
    counts: 'calls to one number',
    mode: 'enforce',
    windows: [{ most: 2, seconds: DAY, maximum: 5 }],
  },
  'risk.score': {
    requirement: 'FR-12',
    counts: 'points that the tenant’s score rules give a request',
    mode: 'enforce',
    windows: [],
  },
  'answers.spray': {
    requirement: 'FR-14',
    counts: 'different receivers with a wrong code, while few get it right',
    mode: 'enforce',
    windows: [],
  },
} as const satisfies Record<string, LimitDefinition>;

export type LimitId = keyof typeof LIMITS;
export const LIMIT_IDS = Object.keys(LIMITS) as LimitId[];

export function definitionOf(id: LimitId): LimitDefinition {
  return LIMITS[id];
}

/** A country with a history is never capped below this: a quiet one would close for good. */
export const COUNTRY_FLOOR = 20;
export const COUNTRY_FACTOR = 3;
