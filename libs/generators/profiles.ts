import type { FieldError } from '#platform/errors';
import type { Alphabet } from './code-maker.js';
import { judgeKind, type Kinded } from './kind-rules.js';
import { type Purpose, PURPOSES } from './purposes.js';
import { type Autofilled, judgeAutofill } from './sms-autofill.js';
import { judgeWording, type Wording } from './wording.js';

/**
 * Which standard a generator keeps. One table says what each allows; it is read when a generator is saved and again
 * when a challenge is opened, so that a table that became stricter also binds generators that were saved before.
 */
export const PROFILES = ['default', 'nist', 'asvs-l2', 'psd2'] as const;
export type Profile = (typeof PROFILES)[number];

interface ProfileRules {
  /** Of what the standard says, for refusals. */
  source: string;
  leastLength: Record<Alphabet, number>;
  mostAttempts: number;
  /** From opening to end, over all messages. */
  lifeSeconds: number;
  /** By e-mail, for these purposes. */
  emailLife: { seconds: number; purposes: readonly Purpose[] };
  emailRefusedFor: readonly Purpose[];
  /** Codes that are not ours are not known to be random. */
  callerCodes: boolean;
  /** SMS and voice need the tenant's written acceptance of their risk, and a named alternative (STD-08). */
  telephoneRestricted: boolean;
  /** Authentication by SMS or voice needs a number that was verified before (STD-12). */
  telephoneVerifiedBefore: boolean;
  voip: boolean;
  /** A transaction always carries amount, currency and payee. */
  bindsTransactions: boolean;
  /** A change of number or address is proven with the old one (STD-36). */
  provesChanges: boolean;
  /** Every refused answer reads alike (STD-32). */
  oneRefusal: boolean;
}

const DAY_SECONDS = 86_400;

/** Six digits; of the 23 unambiguous characters five make 22.6 bits, four only 18.1. */
const STRICT = {
  leastLength: { numeric: 6, alphanumeric: 5 },
  mostAttempts: 5,
  lifeSeconds: 600,
  emailLife: { seconds: DAY_SECONDS, purposes: ['address_verification', 'recovery'] },
  emailRefusedFor: [],
  callerCodes: false,
  telephoneRestricted: false,
  telephoneVerifiedBefore: false,
  voip: true,
  bindsTransactions: false,
  provesChanges: true,
  oneRefusal: false,
} as const;

const RULES: Record<Profile, ProfileRules> = {
  default: {
    ...STRICT,
    source: 'profile default',
    leastLength: { numeric: 4, alphanumeric: 4 },
    mostAttempts: 10,
    // The footer of a WhatsApp template counts to 90 minutes.
    lifeSeconds: 90 * 60,
    emailLife: { seconds: DAY_SECONDS, purposes: PURPOSES },
    callerCodes: true,
    provesChanges: false,
  },
  nist: {
    ...STRICT,
    source: 'profile nist (SP 800-63B-4)',
    emailRefusedFor: ['authentication', 'transaction'],
    telephoneRestricted: true,
  },
  'asvs-l2': {
    ...STRICT,
    source: 'profile asvs-l2 (ASVS 5.0 V6)',
    telephoneRestricted: true,
    telephoneVerifiedBefore: true,
  },
  psd2: {
    ...STRICT,
    source: 'profile psd2 (RTS 2018/389)',
    voip: false,
    bindsTransactions: true,
    oneRefusal: true,
  },
};

/** The longest life any profile gives on any channel. */
export const MOST_LIFE_SECONDS = DAY_SECONDS;

const TELEPHONE = ['sms', 'voice'];

/** What of a generator its profile speaks about. */
export interface Profiled extends Kinded {
  profile?: Profile;
  codeLength: number;
  alphabet: Alphabet;
  lifeSeconds: number;
  maxAttempts: number;
  riskAcceptedBy?: string;
  alternative?: string;
  plan: readonly ({ channel: string; wording?: Wording; template?: unknown } & Autofilled)[];
}

type Used = Pick<Profiled, 'profile' | 'purposes' | 'plan'>;

export function profileRules({ profile }: Pick<Profiled, 'profile'>): ProfileRules {
  return RULES[profile ?? 'default'];
}

/** The purposes a challenge may have: those that were named, or all that every channel of the plan may serve. */
export function purposesOf(generator: Used): readonly Purpose[] {
  return generator.purposes ?? PURPOSES.filter((purpose) => permitsPlan(generator, purpose));
}

/** What an unnamed purpose lost to a channel of the plan, in words: a fallback must never meet a forbidden channel. */
export function unservedPurposes(generator: Profiled): string[] {
  const served = purposesOf(generator);
  return generator.purposes
    ? []
    : PURPOSES.filter((purpose) => !served.includes(purpose)).map(
        (purpose) =>
          `${profileRules(generator).source}: a channel of the plan may not serve ${purpose}, so no challenge can be for it`,
      );
}

/** Why a challenge may not be opened for this purpose on this channel; undefined when it may. */
export function refusedUse(
  generator: Used,
  purpose: Purpose,
  channel: string,
): 'channel_not_permitted' | 'purpose_not_allowed' | undefined {
  if (!permits(generator, purpose, channel)) return 'channel_not_permitted';
  return purposesOf(generator).includes(purpose) ? undefined : 'purpose_not_allowed';
}

/** A generator's life, within what its profile gives to this purpose on this channel. */
export function lifeSecondsFor(
  generator: Pick<Profiled, 'profile' | 'lifeSeconds'>,
  purpose: Purpose,
  channel: string,
): number {
  return Math.min(generator.lifeSeconds, mostLifeSeconds(generator, purpose, channel));
}

/** Whether a transaction must name amount, currency and payee: by profile, or because the generator is said to serve it. */
export function bindsTransactions(generator: Pick<Profiled, 'profile' | 'purposes'>): boolean {
  return profileRules(generator).bindsTransactions || (generator.purposes?.includes('transaction') ?? false);
}

/** `restricted` where the standard calls the channel so (STD-08). */
export function channelClass(
  generator: Pick<Profiled, 'profile'>,
  channel: string,
): 'restricted' | undefined {
  return profileRules(generator).telephoneRestricted && TELEPHONE.includes(channel)
    ? 'restricted'
    : undefined;
}

export function needsVerifiedNumber(
  generator: Pick<Profiled, 'profile'>,
  purpose: Purpose,
  channel: string,
): boolean {
  return (
    profileRules(generator).telephoneVerifiedBefore &&
    TELEPHONE.includes(channel) &&
    purpose === 'authentication'
  );
}

/** Everything in a generator that its profile or its wording forbids, each with the field and the rule. */
export function judgeGenerator(generator: Profiled): FieldError[] {
  return [
    ...judgeKind(generator),
    ...judgeCode(generator),
    ...judgePurposes(generator),
    ...judgeLife(generator),
    ...judgeTelephone(generator),
    ...(generator.kind === 'confirm' ? [] : judgeWordings(generator)),
    ...judgeAutofill(generator),
  ];
}

function judgeCode({ codeLength, alphabet, maxAttempts, callerCodes, ...generator }: Profiled): FieldError[] {
  const rules = profileRules(generator);
  const errors: FieldError[] = [];
  const least = rules.leastLength[alphabet];
  if (codeLength < least)
    errors.push(
      fault('codeLength', 'too_small', `${rules.source}: at least ${least} ${alphabet} characters`),
    );
  if (maxAttempts > rules.mostAttempts)
    errors.push(fault('maxAttempts', 'too_large', `${rules.source}: at most ${rules.mostAttempts} attempts`));
  if (callerCodes && !rules.callerCodes)
    errors.push(fault('callerCodes', 'not_allowed', `${rules.source}: codes are made here, at random`));
  return errors;
}

function judgePurposes(generator: Profiled): FieldError[] {
  const { source } = profileRules(generator);
  if (purposesOf(generator).length === 0)
    return [fault('channels', 'channel_not_permitted', `${source}: no purpose may use these channels`)];
  return generator.plan.flatMap(({ channel }, at) =>
    (generator.purposes ?? [])
      .filter((purpose) => !permits(generator, purpose, channel))
      .map((purpose) =>
        fault(`channels/${at}/channel`, 'channel_not_permitted', `${source}: no ${purpose} by ${channel}`),
      ),
  );
}

/** The shortest life that any of its purposes may have on any of its channels. */
function judgeLife(generator: Profiled): FieldError[] {
  // Nothing is sent: how long somebody may take to write to us is a matter of the purpose.
  if (generator.kind === 'inbound') return [];
  const { source } = profileRules(generator);
  const uses = purposesOf(generator).flatMap((purpose) =>
    generator.plan.map(({ channel }) => ({
      purpose,
      channel,
      most: mostLifeSeconds(generator, purpose, channel),
    })),
  );
  const short = uses.find(({ most }) => generator.lifeSeconds > most);
  if (!short) return [];
  const { purpose, channel, most } = short;
  return [fault('lifeSeconds', 'too_large', `${source}: at most ${most} s for ${purpose} by ${channel}`)];
}

function judgeTelephone(generator: Profiled): FieldError[] {
  const rules = profileRules(generator);
  if (!rules.telephoneRestricted || !generator.plan.some(({ channel }) => TELEPHONE.includes(channel)))
    return [];
  return (['riskAcceptedBy', 'alternative'] as const)
    .filter((name) => !generator[name])
    .map((name) => fault(name, 'required', `${rules.source}: SMS and voice are restricted channels`));
}

function judgeWordings(generator: Profiled): FieldError[] {
  const purposes = purposesOf(generator);
  const serves = bindsTransactions(generator) && purposes.includes('transaction');
  const carried = generator.kind === 'link' ? 'link' : 'code';
  return generator.plan.flatMap(({ wording }, at) => {
    if (!wording) return [];
    const faults = serves ? judgeWording(wording, 'required', carried) : [];
    if (!serves || purposes.length > 1) faults.push(...judgeWording(wording, 'forbidden', carried));
    const unique = new Map(faults.map((found) => [`${found.field} ${found.detail}`, found]));
    return [...unique.values()].map(({ field, code, detail }) =>
      fault(`channels/${at}/wording/${field}`, code, detail),
    );
  });
}

function mostLifeSeconds(generator: Pick<Profiled, 'profile'>, purpose: Purpose, channel: string): number {
  const { lifeSeconds, emailLife } = profileRules(generator);
  return channel === 'email' && emailLife.purposes.includes(purpose) ? emailLife.seconds : lifeSeconds;
}

function permits(generator: Pick<Profiled, 'profile'>, purpose: Purpose, channel: string): boolean {
  return channel !== 'email' || !profileRules(generator).emailRefusedFor.includes(purpose);
}

function permitsPlan(generator: Used, purpose: Purpose): boolean {
  return generator.plan.every(({ channel }) => permits(generator, purpose, channel));
}

function fault(field: string, code: string, detail: string): FieldError {
  return { pointer: `#/${field}`, code, detail };
}
