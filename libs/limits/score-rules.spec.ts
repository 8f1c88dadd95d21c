import { describe, expect, it } from 'vitest';
import { score, type ScoreCondition, type ScoreRule } from './score-rules.js';

const rule = (name: string, points: number, ...when: ScoreCondition[]): ScoreRule => ({ name, points, when });

describe('FR-12: score rules', () => {
  it('add up the points of every rule whose conditions all hold', () => {
    const rules = [
      rule('emulator', 40, { signal: 'platform', is: 'one_of', values: ['Emulator', 'rooted'] }),
      rule('no_device', 25, { signal: 'deviceId', is: 'missing' }),
      rule(
        'abroad',
        30,
        { signal: 'country', is: 'not_one_of', values: ['MX', 'DE'] },
        { signal: 'ip', is: 'present' },
      ),
      rule('known', -50, { signal: 'trusted', is: 'one_of', values: ['true'] }),
    ];
    expect(score(rules, { platform: 'emulator', country: 'SO', ip: '192.0.2.1' })).toEqual({
      points: 95,
      matched: ['emulator', 'no_device', 'abroad'],
    });
    expect(score(rules, { platform: 'ios', deviceId: 'x', country: 'SO' })).toEqual({
      points: 0,
      matched: [],
    });
    expect(score(rules, { deviceId: 'x', country: 'DE', trusted: 'true' })).toEqual({
      points: -50,
      matched: ['known'],
    });
  });

  it.each([
    ['one_of', 'MX', true],
    ['one_of', 'mx', true],
    ['one_of', 'DE', false],
    ['one_of', undefined, false],
    ['not_one_of', 'DE', true],
    ['not_one_of', 'MX', false],
    ['not_one_of', undefined, true],
    ['contains', 'XMXX', true],
    ['contains', 'M', false],
    ['contains', undefined, false],
    ['present', 'DE', true],
    ['present', undefined, false],
    ['missing', undefined, true],
    ['missing', 'DE', false],
  ] as const)('%s of MX, asked about %s, is %s', (is, country, holds) => {
    expect(score([rule('r', 1, { signal: 'country', is, values: ['MX'] })], { country }).points).toBe(
      holds ? 1 : 0,
    );
  });

  it('without values compare with nothing', () => {
    expect(score([rule('r', 1, { signal: 'country', is: 'one_of' })], { country: 'MX' }).points).toBe(0);
    expect(score([], { country: 'MX' })).toEqual({ points: 0, matched: [] });
  });
});
