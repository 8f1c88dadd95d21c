import { describe, expect, it } from 'vitest';
import {
  judgeGenerator,
  lifeSecondsFor,
  needsVerifiedNumber,
  type Profiled,
  PROFILES,
  purposesOf,
  refusedUse,
} from './profiles.js';

const sound: Profiled = {
  codeLength: 6,
  alphabet: 'numeric',
  lifeSeconds: 600,
  maxAttempts: 5,
  plan: [{ channel: 'whatsapp' }],
};
const by = (...channels: string[]): Pick<Profiled, 'plan'> => ({
  plan: channels.map((channel) => ({ channel })),
});
const faults = (rules: Partial<Profiled>): string[] =>
  judgeGenerator({ ...sound, ...rules }).map(({ pointer, code }) => `${pointer.slice(2)} ${code}`);
const STRICT = PROFILES.filter((profile) => profile !== 'default');

it('every profile takes six digits for ten minutes with five attempts, in which it agrees with the defaults', () => {
  for (const profile of PROFILES) expect([profile, faults({ profile })]).toEqual([profile, []]);
});

describe('a code under a standard (STD-01)', () => {
  it.each(STRICT)('%s wants six digits, or five of the 23 unambiguous characters: 20 bits', (profile) => {
    expect(faults({ profile, codeLength: 5 })).toEqual(['codeLength too_small']);
    expect(faults({ profile, codeLength: 4, alphabet: 'alphanumeric' })).toEqual(['codeLength too_small']);
    expect(faults({ profile, codeLength: 5, alphabet: 'alphanumeric' })).toEqual([]);
    expect(5 * Math.log2(23)).toBeGreaterThan(20);
    expect(4 * Math.log2(23)).toBeLessThan(20);
    expect(faults({ profile, maxAttempts: 6 })).toEqual(['maxAttempts too_large']);
    expect(faults({ profile, callerCodes: true })).toEqual(['callerCodes not_allowed']);
  });

  it('default takes four characters, ten attempts and codes of the caller’s own', () => {
    expect(faults({ codeLength: 4, maxAttempts: 10, callerCodes: true })).toEqual([]);
    expect(faults({ codeLength: 3 })).toEqual(['codeLength too_small']);
    expect(faults({ maxAttempts: 11 })).toEqual(['maxAttempts too_large']);
  });

  it('a refusal names the profile and what it wants', () => {
    const [found] = judgeGenerator({ ...sound, profile: 'nist', codeLength: 5 });
    expect(found!.detail).toBe('profile nist (SP 800-63B-4): at least 6 numeric characters');
  });
});

describe('how long a code lives', () => {
  it.each(STRICT)('%s gives ten minutes and no second more (STD-03)', (profile) => {
    for (const channel of ['whatsapp', 'sms', 'voice']) {
      const consent = { riskAcceptedBy: 'the board', alternative: 'passkeys' };
      expect(faults({ profile, ...by(channel), ...consent })).toEqual([]);
      expect(faults({ profile, ...by(channel), ...consent, lifeSeconds: 601 })).toEqual([
        'lifeSeconds too_large',
      ]);
    }
  });

  it.each(STRICT)(
    '%s gives a recovery code by e-mail 24 hours, by anything else ten minutes (STD-15)',
    (profile) => {
      const purposes = ['recovery', 'address_verification'] as const;
      expect(faults({ profile, purposes, ...by('email'), lifeSeconds: 86_400 })).toEqual([]);
      expect(faults({ profile, purposes, ...by('email'), lifeSeconds: 86_401 })).toEqual([
        'lifeSeconds too_large',
      ]);
      expect(faults({ profile, purposes, ...by('email', 'whatsapp'), lifeSeconds: 601 })).toEqual([
        'lifeSeconds too_large',
      ]);
      if (profile !== 'nist')
        expect(faults({ profile, ...by('email'), lifeSeconds: 601 })).toEqual(['lifeSeconds too_large']);
    },
  );

  it('default gives 90 minutes on WhatsApp and 24 hours by e-mail', () => {
    expect(faults({ lifeSeconds: 5_400 })).toEqual([]);
    expect(faults({ lifeSeconds: 5_401 })).toEqual(['lifeSeconds too_large']);
    expect(faults({ ...by('email'), lifeSeconds: 86_400 })).toEqual([]);
    expect(faults({ ...by('email', 'whatsapp'), lifeSeconds: 5_401 })).toEqual(['lifeSeconds too_large']);
  });

  it('binds a generator that was saved under a wider table', () => {
    const old = { profile: 'nist', lifeSeconds: 86_400 } as const;
    expect(lifeSecondsFor(old, 'authentication', 'whatsapp')).toBe(600);
    expect(lifeSecondsFor(old, 'recovery', 'email')).toBe(86_400);
  });
});

describe('which channel serves which purpose', () => {
  it('nist sends no code for authentication by e-mail, at saving and at opening (STD-09)', () => {
    const named = { profile: 'nist', purposes: ['authentication'], ...by('email') } as const;
    expect(faults(named)).toEqual(['channels/0/channel channel_not_permitted']);
    const unnamed = { profile: 'nist', ...by('email') } as const;
    expect(faults(unnamed)).toEqual([]);
    expect(purposesOf(unnamed)).toEqual(['address_verification', 'recovery']);
    expect(refusedUse(unnamed, 'authentication', 'email')).toBe('channel_not_permitted');
    expect(refusedUse(unnamed, 'recovery', 'email')).toBeUndefined();
    for (const profile of ['default', 'asvs-l2', 'psd2'] as const)
      expect(refusedUse({ profile, ...by('email') }, 'authentication', 'email')).toBeUndefined();
  });

  it('a fallback never meets a channel that is forbidden to the purpose', () => {
    const mixed = { profile: 'nist', ...by('whatsapp', 'email') } as const;
    expect(refusedUse(mixed, 'authentication', 'whatsapp')).toBe('purpose_not_allowed');
    expect(refusedUse(mixed, 'recovery', 'whatsapp')).toBeUndefined();
  });

  it('a generator serves the purposes it names', () => {
    const login = { purposes: ['authentication'], ...by('whatsapp') } as const;
    expect(refusedUse(login, 'authentication', 'whatsapp')).toBeUndefined();
    expect(refusedUse(login, 'recovery', 'whatsapp')).toBe('purpose_not_allowed');
  });

  it.each(['nist', 'asvs-l2'] as const)(
    '%s sends by telephone when its risk was accepted and something else is offered (STD-08)',
    (profile) => {
      for (const channel of ['sms', 'voice']) {
        expect(faults({ profile, ...by(channel) })).toEqual([
          'riskAcceptedBy required',
          'alternative required',
        ]);
        expect(faults({ profile, ...by('whatsapp', channel), riskAcceptedBy: 'the board' })).toEqual([
          'alternative required',
        ]);
        expect(
          faults({ profile, ...by(channel), riskAcceptedBy: 'the board', alternative: 'passkeys' }),
        ).toEqual([]);
      }
      expect(faults({ profile })).toEqual([]);
    },
  );

  it('asvs-l2 alone wants a number verified before it authenticates by telephone (STD-12)', () => {
    const asks = PROFILES.filter((profile) => needsVerifiedNumber({ profile }, 'authentication', 'sms'));
    expect(asks).toEqual(['asvs-l2']);
    expect(needsVerifiedNumber({ profile: 'asvs-l2' }, 'address_verification', 'sms')).toBe(false);
    expect(needsVerifiedNumber({ profile: 'asvs-l2' }, 'authentication', 'whatsapp')).toBe(false);
  });
});

describe('wording of a step about a transaction (STD-33)', () => {
  const step = (text: string): Pick<Profiled, 'plan'> => ({
    plan: [{ channel: 'email', wording: { text } }],
  });
  const whole = '{{code}} pays {{amount}} {{currency}} to {{payee}}';

  it.each([{ profile: 'psd2' }, {}] as const)('holds amount, currency and payee: %o', (rules) => {
    const purposes = ['transaction'] as const;
    expect(faults({ ...rules, purposes, ...step(whole) })).toEqual([]);
    for (const name of ['amount', 'currency', 'payee'])
      expect(faults({ ...rules, purposes, ...step(whole.replace(`{{${name}}}`, name)) })).toEqual([
        'channels/0/wording/text placeholder_required',
      ]);
  });

  it('is about transactions alone: a sign-in has no payee', () => {
    expect(faults({ purposes: ['authentication', 'transaction'], ...step(whole) })).toHaveLength(3);
    expect(faults(step(whole))).toHaveLength(3);
    expect(faults({ profile: 'psd2', purposes: ['authentication'], ...step('{{code}}') })).toEqual([]);
  });
});
