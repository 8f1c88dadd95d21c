import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../simulator.config.js';
import { RECEIVER, SimulatorUnderTest } from '../simulator.fixtures.js';

const TOKEN = new SimulatorConfig().telegramToken;
const PHONE = { phone_number: `+${RECEIVER}` };

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
afterAll(() => simulator.stop());

const call = async (method: string, params: object, token = TOKEN) =>
  (await simulator.call('POST', `/telegram/${method}`, params, { authorization: `Bearer ${token}` })).json;

describe('the Gateway', () => {
  it('answers the question, sends under its id once, and shows the code in Telegram’s chat', async () => {
    const { result } = await call('checkSendAbility', PHONE);
    const message = { ...PHONE, request_id: result.request_id, code: '012345', ttl: 60, payload: 'ours' };
    expect(await call('sendVerificationMessage', message)).toMatchObject({
      ok: true,
      result: { request_id: result.request_id, payload: 'ours', delivery_status: { status: 'sent' } },
    });
    await simulator.logged('delivered');
    const phone = await simulator.control('GET', `phones/${RECEIVER}`);
    expect(phone.json.messages.at(-1)).toMatchObject({
      channel: 'telegram',
      senderName: 'Verification Codes',
    });
    expect(phone.json.messages.at(-1).text).toContain('012345');
    expect(await call('sendVerificationMessage', message)).toEqual({
      ok: false,
      error: 'REQUEST_ID_INVALID',
    });
  });

  it.each([
    [{ phone_number: '12' }, 'PHONE_NUMBER_INVALID'],
    [{ code: '123' }, 'CODE_INVALID'],
    [{ code: 'A12345' }, 'CODE_INVALID'],
    [{ code: undefined }, 'CODE_INVALID'],
    [{ code: undefined, code_length: 3 }, 'CODE_LENGTH_INVALID'],
    [{ ttl: 29 }, 'TTL_INVALID'],
    [{ ttl: 3_601 }, 'TTL_INVALID'],
    [{ payload: 'x'.repeat(129) }, 'PAYLOAD_INVALID'],
    [{ callback_url: 'nowhere' }, 'CALLBACK_URL_INVALID'],
    [{ request_id: 'of-nobody' }, 'REQUEST_ID_INVALID'],
    [{ sender_username: 'a b' }, 'SENDER_USERNAME_INVALID'],
  ])('refuses %j', async (changes, error) => {
    const params = { ...PHONE, code: '012345', ...changes };
    expect(await call('sendVerificationMessage', params)).toEqual({ ok: false, error });
  });

  it('is closed to who has no token', async () => {
    expect(await call('checkSendAbility', PHONE, 'x')).toEqual({ ok: false, error: 'ACCESS_TOKEN_INVALID' });
    const { json } = await simulator.call('POST', '/telegram/checkSendAbility', PHONE);
    expect(json).toEqual({ ok: false, error: 'ACCESS_TOKEN_REQUIRED' });
  });
});
