import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SENDER, SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { json, type Play, ScriptedServer } from '../../conformance/scripted-server.fixtures.js';
import type { NumberResult, ProviderContext } from '../../message-provider.js';
import { configAt, graphError, simulatedConfig, simulatedSender, WABA } from './meta-cloud.fixtures.js';
import { metaCloud } from './meta-cloud.provider.js';

const PIN = '480713';
const NOW = Date.UTC(2026, 4, 17);
const numbers = metaCloud.numbers!;
const http = new HttpClient();
const context: ProviderContext = { http, now: () => NOW, webhookUrl: 'https://ours.example/hook' };
afterAll(() => http.onApplicationShutdown());

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.stop());

const register = (play: Play): Promise<NumberResult> => {
  server.will(play);
  return numbers.register('77', PIN, configAt(server.url), context);
};

describe('meta-cloud numbers: what each error means', () => {
  const HOUR = 3_600;
  /** Code and subcode, the HTTP status of Meta's page, the word for it and how long to wait, in seconds. */
  const REFUSALS: [
    code: number,
    subcode: number | undefined,
    status: number,
    reason: string,
    wait?: number,
  ][] = [
    [0, undefined, 401, 'token_invalid'],
    [3, undefined, 500, 'no_permission'],
    [10, undefined, 403, 'no_permission'],
    [33, undefined, 400, 'unknown_number'],
    [100, undefined, 400, 'invalid_parameter'],
    [100, 33, 400, 'unknown_number'],
    [100, 2207051, 400, 'not_registered'],
    [190, undefined, 401, 'token_invalid'],
    [200, undefined, 403, 'no_permission'],
    [299, undefined, 403, 'no_permission'],
    [368, undefined, 403, 'policy_block'],
    [131005, undefined, 403, 'no_permission'],
    [131008, undefined, 400, 'invalid_parameter'],
    [131009, undefined, 400, 'invalid_parameter'],
    [131031, undefined, 403, 'account_locked'],
    [133000, undefined, 500, 'incomplete_deregistration'],
    [133005, undefined, 400, 'pin_mismatch'],
    [133006, undefined, 400, 'not_verified'],
    [133008, undefined, 400, 'pin_too_many_guesses', HOUR],
    [133009, undefined, 400, 'pin_guessed_too_fast', 60],
    [133010, undefined, 400, 'not_registered'],
    [133015, undefined, 400, 'deleted_recently', 300],
    [133016, undefined, 400, 'registration_limit', 72 * HOUR],
    [136024, undefined, 400, 'code_not_sent'],
    [136024, 2388091, 400, 'code_too_soon', 60],
    [136025, undefined, 400, 'code_wrong'],
    [139200, undefined, 400, 'meta_139200'],
  ];

  it.each(REFUSALS)('%i/%s (%i) is %s, and is asked once', async (code, subcode, status, reason, wait) => {
    for (const each of [status, 400, 429, 500]) {
      // A code that Meta's page does not have is judged by its status too.
      if (reason.startsWith('meta_') && each !== status) continue;
      const before = server.received.length;
      const result = await register(graphError(code, { status: each, error_subcode: subcode }));
      expect(result).toEqual({
        outcome: 'refused',
        reason,
        ...(wait !== undefined && { waitSeconds: wait }),
      });
      expect(server.received.length - before).toBe(1);
    }
  });

  it.each([1, 2, 4, 80007, 131000, 131016, 131057, 133004])('%i may pass', async (code) => {
    expect(await register(graphError(code))).toEqual({ outcome: 'unavailable', reason: `meta_${code}` });
  });

  it.each([
    ['an unknown code that Meta calls transient', graphError(199_999, { is_transient: true }), 'meta_199999'],
    ['a page of a proxy', ((response) => response.writeHead(502).end('<html>')) as Play, 'status_502'],
    ['an answer without success', json(200, {}), 'answer_without_success'],
    ['a success that is none', json(200, { success: false }), 'answer_without_success'],
    ['half an answer', ((response) => response.writeHead(200).end('{"succ')) as Play, 'status_200'],
  ])('%s says nothing of the number', async (_what, play, reason) => {
    expect(await register(play)).toEqual({ outcome: 'unavailable', reason });
  });

  it('Meta’s own delay is kept before ours', async () => {
    const result = await register(graphError(133008, { headers: { 'retry-after': '7' } }));
    expect(result).toMatchObject({ waitSeconds: 7 });
  });

  it('SEC-11 no reason repeats what was sent', async () => {
    for (const [code] of REFUSALS) {
      const result = await register(
        graphError(code, { message: `PIN ${PIN} is wrong`, error_user_msg: PIN }),
      );
      expect(JSON.stringify(result)).not.toContain(PIN);
    }
  });
});

describe('meta-cloud numbers: what Meta is asked', () => {
  it.each([
    ['setPin', '77', () => numbers.setPin('77', PIN, configAt(server.url), context), { pin: PIN }],
    [
      'register',
      '77/register',
      () => numbers.register('77', PIN, configAt(server.url), context),
      { messaging_product: 'whatsapp', pin: PIN },
    ],
    ['deregister', '77/deregister', () => numbers.deregister('77', configAt(server.url), context), {}],
    [
      'requestCode',
      '77/request_code',
      () => numbers.requestCode('77', { method: 'VOICE', language: 'es_MX' }, configAt(server.url), context),
      { code_method: 'VOICE', language: 'es_MX' },
    ],
    [
      'verifyCode',
      '77/verify_code',
      () => numbers.verifyCode('77', '123456', configAt(server.url), context),
      { code: '123456' },
    ],
  ] as const)('%s', async (_what, path, call, body) => {
    server.will(json(200, { success: true }));
    expect(await call()).toEqual({ outcome: 'done' });
    const { method, url, body: sent, headers } = server.received.at(-1)!;
    expect([method, url, JSON.parse(sent)]).toEqual(['POST', `/v23.0/${path}`, body]);
    expect(headers.authorization).toMatch(/^Bearer ./);
  });

  it('an id of somebody’s making stays inside its part of the address', async () => {
    server.will(json(200, { success: true }));
    await numbers.register('../../x?y', PIN, configAt(server.url), context);
    expect(server.received.at(-1)!.url).toBe('/v23.0/..%2F..%2Fx%3Fy/register');
  });

  const listed = async (rows: unknown[]): Promise<unknown> => {
    server.will(json(200, { data: rows }));
    return numbers.list(configAt(server.url), context);
  };
  const row = { id: '77', display_phone_number: '+1 555-078-3881', verified_name: 'Shop' };

  it.each([
    [
      { code_verification_status: 'VERIFIED', platform_type: 'CLOUD_API', quality_rating: 'YELLOW' },
      { verified: true, registered: true, quality: 'medium' },
    ],
    [
      { code_verification_status: 'EXPIRED', platform_type: 'NOT_APPLICABLE', throughput: { level: 'HIGH' } },
      { verified: true, registered: false, messagesPerSecond: 1_000 },
    ],
    [
      { code_verification_status: 'NOT_VERIFIED', status: 'CONNECTED' },
      { verified: false, registered: true },
    ],
    [
      { status: 'DISCONNECTED', quality_rating: 'constructor' },
      { registered: false, quality: undefined },
    ],
    [{}, { verified: undefined, registered: undefined }],
  ])('a number as Meta writes it: %j', async (more, expected) => {
    expect(await listed([{ ...row, ...more }])).toEqual([
      expect.objectContaining({ externalId: '77', address: '15550783881', name: 'Shop', ...expected }),
    ]);
  });

  it('rows that name no number are left out', async () => {
    expect(await listed([{ id: 5 }, { display_phone_number: '1' }, null, row])).toHaveLength(1);
  });

  it.each([
    ['nobody', [], false],
    ['an app with a callback of its dashboard', [{ whatsapp_business_api_data: { id: '1' } }], true],
    ['an app that posts here', [{ override_callback_uri: context.webhookUrl }], true],
    ['an app that posts elsewhere', [{ override_callback_uri: 'https://theirs.example/' }], false],
  ])('subscribed is %s', async (_what, data, expected) => {
    server.will(json(200, { data }));
    expect(await numbers.isSubscribed(configAt(server.url), context)).toBe(expected);
    expect(server.received.at(-1)!.url).toBe(`/v23.0/${WABA}/subscribed_apps`);
  });

  it('what cannot be asked is told as that', async () => {
    server.will(graphError(190, { status: 401 }));
    for (const ask of [numbers.list, numbers.isSubscribed])
      expect(await ask(configAt(server.url), context)).toEqual({ unavailable: 'meta_190' });
  });
});

describe('meta-cloud numbers: at the simulator', () => {
  let simulator: SimulatorUnderTest;
  beforeEach(async () => {
    simulator = await SimulatorUnderTest.start();
  });
  afterEach(() => simulator.stop());

  it('a number is verified, given a PIN, registered and given up', async () => {
    const config = simulatedConfig(simulator);
    const phoneNumbers = [
      { id: SENDER, displayNumber: simulatedSender.address, verified: false, registered: false },
    ];
    await simulator.control('PUT', 'accounts', { wabaId: config.wabaId, phoneNumbers });
    const state = async (): Promise<unknown> => numbers.list(config, context);
    expect(await state()).toMatchObject([{ externalId: SENDER, registered: false, verified: false }]);
    expect(await numbers.register(SENDER, PIN, config, context)).toMatchObject({ reason: 'not_verified' });

    const by = { method: 'SMS', language: 'en_US' } as const;
    expect(await numbers.requestCode(SENDER, by, config, context)).toEqual({ outcome: 'done' });
    expect(await numbers.requestCode(SENDER, by, config, context)).toMatchObject({ reason: 'code_too_soon' });
    const { json: seen } = await simulator.control('GET', 'accounts');
    const { verificationCode } = seen.accounts[0].phoneNumbers[0];
    expect(await numbers.verifyCode(SENDER, '000000', config, context)).toMatchObject({
      reason: 'code_wrong',
    });
    expect(await numbers.verifyCode(SENDER, verificationCode, config, context)).toEqual({ outcome: 'done' });

    expect(await numbers.setPin(SENDER, PIN, config, context)).toEqual({ outcome: 'done' });
    expect(await numbers.register(SENDER, '998877', config, context)).toMatchObject({
      reason: 'pin_mismatch',
    });
    expect(await numbers.register(SENDER, PIN, config, context)).toEqual({ outcome: 'done' });
    expect(await state()).toMatchObject([{ registered: true, verified: true }]);
    expect(await numbers.deregister(SENDER, config, context)).toEqual({ outcome: 'done' });
    expect(await numbers.deregister(SENDER, config, context)).toMatchObject({ reason: 'not_registered' });
  });
});
