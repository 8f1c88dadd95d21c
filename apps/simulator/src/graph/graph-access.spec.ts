import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authTemplate, SENDER, SimulatorUnderTest, WABA } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
});

afterEach(() => simulator.stop());

describe('who may see what', () => {
  const other = {
    wabaId: '900',
    accessToken: 'other-token',
    appSecret: 's',
    phoneNumbers: [{ id: '901', displayNumber: '15550001111' }],
  };
  const unknown = { code: 100, error_subcode: 33, type: 'GraphMethodException' };

  it('answers 401 code 190 without and with a wrong bearer', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }] as Record<string, string>[]) {
      const { status, json } = await simulator.call(
        'GET',
        `/v23.0/${WABA}/message_templates`,
        undefined,
        headers,
      );
      expect([status, json.error.code, json.error.type]).toEqual([401, 190, 'OAuthException']);
    }
  });

  it('answers 400 100/33 for what belongs to another account, whatever it is', async () => {
    await simulator.control('PUT', 'accounts', other);
    const { id } = (await simulator.createTemplate()).json;
    const tries: [string, string, unknown?][] = [
      ['GET', `${WABA}/message_templates`],
      ['POST', `${WABA}/message_templates`, authTemplate()],
      ['GET', id],
      ['POST', id, { components: [] }],
      ['GET', SENDER],
      ['POST', `${SENDER}/messages`, {}],
      ['POST', SENDER, { pin: '123456' }],
      ['GET', 'nonsense'],
    ];
    for (const [method, path, body] of tries) {
      const { status, json } = await simulator.graph(method, path, body, 'other-token');
      expect([path, status, json.error]).toEqual([path, 400, expect.objectContaining(unknown)]);
    }
    expect((await simulator.graph('GET', '901', undefined, 'other-token')).json.display_phone_number).toBe(
      '+1 555 000 1111',
    );
  });

  it('answers code 2500 without a version, and for an edge it does not know', async () => {
    const headers = { authorization: 'Bearer simulator-access-token' };
    for (const path of [
      `/${WABA}/message_templates`,
      `/v23.0/${WABA}/nonsense`,
      '/v23.0/%zz',
      `/v23.0/${'9'.repeat(600)}`,
    ]) {
      const { status, json } = await simulator.call('GET', path, undefined, headers);
      expect([path, status, json.error.code]).toEqual([path, 400, 2500]);
    }
    expect((await simulator.graph('POST', `${WABA}/nonsense`, {})).json.error).toMatchObject(unknown);
  });

  it('tells what a token may do', async () => {
    const { json } = await simulator.graph('GET', 'debug_token?input_token=simulator-access-token');

    expect(json.data).toMatchObject({ is_valid: true, type: 'SYSTEM_USER', expires_at: 0 });
    expect(json.data.scopes).toContain('whatsapp_business_messaging');
    await simulator.control('PUT', 'accounts', { wabaId: WABA, tokenExpiresAt: 1_800_000_000 });
    const ending = await simulator.graph('GET', 'debug_token?input_token=simulator-access-token');
    expect(ending.json.data.expires_at).toBe(1_800_000_000);
    expect((await simulator.graph('GET', 'debug_token?input_token=x')).json.data.is_valid).toBe(false);
  });
});
