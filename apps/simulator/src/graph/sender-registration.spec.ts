import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SENDER, SimulatorUnderTest, WABA } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
});

afterEach(() => simulator.stop());

const post = async (path: string, body?: unknown) => {
  const { status, json } = await simulator.graph('POST', path, body);
  return status === 200 ? json : json.error.code;
};
const register = (pin: string) => post(`${SENDER}/register`, { messaging_product: 'whatsapp', pin });

describe('the two-step PIN', () => {
  it('has six digits, is set, and is asked for on registration', async () => {
    expect(await post(SENDER, { pin: '12345' })).toBe(100);
    expect(await post(SENDER, { pin: '123456' })).toEqual({ success: true });
    expect(await register('654321')).toBe(133005);
    expect(await register('123456')).toEqual({ success: true });
    expect((await simulator.graph('GET', `${SENDER}?fields=is_pin_enabled,status`)).json).toEqual({
      is_pin_enabled: true,
      status: 'CONNECTED',
      id: SENDER,
    });
  });

  it('allows five wrong guesses', async () => {
    await post(SENDER, { pin: '123456' });
    for (let guess = 0; guess < 5; guess += 1) expect(await register('000000')).toBe(133005);

    expect(await register('123456')).toBe(133008);
  });

  it('never shows', async () => {
    await post(SENDER, { pin: '918273' });
    const shown = [
      await simulator.control('GET', 'accounts'),
      await simulator.graph('GET', `${WABA}/phone_numbers`),
    ];

    expect(shown.map(({ text }) => text).join()).not.toMatch(
      /918273|simulator-access-token|simulator-app-secret/,
    );
  });
});

describe('registration', () => {
  it('can be given up with an empty JSON body, once', async () => {
    expect(await post(`${SENDER}/deregister`, '')).toEqual({ success: true });

    const again = await simulator.graph('POST', `${SENDER}/deregister`, '');
    expect([again.status, again.json.error.error_subcode]).toEqual([400, 2207051]);
  });

  it('is limited in 72 hours on demand', async () => {
    await simulator.control('PUT', 'behavior', { rates: { registrationsPer72Hours: 1 } });

    expect(await register('123456')).toEqual({ success: true });
    expect(await register('123456')).toBe(133016);
    simulator.clock.step(73 * 3_600_000);
    expect(await register('123456')).toEqual({ success: true });
  });

  it('needs a verified number, verified by the code that was requested', async () => {
    const phoneNumbers = [{ id: SENDER, displayNumber: '584111111111', verified: false, registered: false }];
    await simulator.control('PUT', 'accounts', { wabaId: WABA, phoneNumbers });
    expect(await register('123456')).toBe(133006);

    expect(await post(`${SENDER}/request_code?code_method=SMS&language=en_US`)).toEqual({ success: true });
    expect(await post(`${SENDER}/request_code`, { code_method: 'SMS', language: 'en_US' })).toBe(136024);
    const code = (await simulator.control('GET', 'accounts')).json.accounts[0].phoneNumbers[0]
      .verificationCode;
    expect(await post(`${SENDER}/verify_code`, { code: '12' })).toBe(136025);
    expect(await post(`${SENDER}/verify_code`, { code })).toEqual({ success: true, id: SENDER });
    expect(await register('123456')).toEqual({ success: true });
  });

  it.each([10, 133000, 133009, 133015])('answers %i to everything about a number on demand', async (code) => {
    await simulator.control('PUT', 'behavior', { numberError: code });
    const answers = [
      await post(SENDER, { pin: '480713' }),
      await register('480713'),
      await post(`${SENDER}/deregister`, ''),
      await post(`${SENDER}/request_code`, { code_method: 'SMS', language: 'en_US' }),
      await post(`${SENDER}/verify_code`, { code: '480713' }),
    ];
    expect(answers).toEqual([code, code, code, code, code]);
  });

  it('lists the numbers of an account', async () => {
    expect((await simulator.graph('GET', `${WABA}/phone_numbers`)).json).toEqual({
      data: [
        {
          verified_name: 'Countersign demo',
          code_verification_status: 'VERIFIED',
          display_phone_number: '+58 411 1111111',
          quality_rating: 'GREEN',
          platform_type: 'CLOUD_API',
          throughput: { level: 'STANDARD' },
          id: SENDER,
        },
      ],
      paging: { cursors: { before: 'MAZDZD', after: 'MAZDZD' } },
    });
  });
});
