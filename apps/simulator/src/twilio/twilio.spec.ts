import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../simulator.config.js';
import { RECEIVER, SimulatorUnderTest } from '../simulator.fixtures.js';

const { twilioAccountSid: SID, twilioAuthToken: TOKEN } = new SimulatorConfig();
const BASE = `/twilio/2010-04-01/Accounts/${SID}`;
const FIELDS = { To: `+${RECEIVER}`, From: '+15550783881', Body: 'Your code is 012345.' };

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
afterAll(() => simulator.stop());

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

function post(changes: Record<string, string | undefined> = {}, headers = basic(SID, TOKEN)) {
  const fields = Object.entries({ ...FIELDS, ...changes }).filter((field) => field[1] !== undefined);
  const body = new URLSearchParams(fields as [string, string][]).toString();
  return simulator.call('POST', `${BASE}/Messages.json`, body, {
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  });
}

describe('Twilio’s messages', () => {
  it('are created, shown by their SID, and reach the phone', async () => {
    const { status, json } = await post();
    expect([status, json.status, json.to]).toEqual([201, 'queued', `+${RECEIVER}`]);
    expect(json.sid).toMatch(/^SM[0-9a-f]{32}$/);
    await simulator.logged('delivered');
    const shown = await simulator.call(
      'GET',
      `${BASE}/Messages/${json.sid}.json`,
      undefined,
      basic(SID, TOKEN),
    );
    expect(shown.json).toMatchObject({
      sid: json.sid,
      status: 'delivered',
      body: FIELDS.Body,
      error_code: null,
    });
    const phone = await simulator.control('GET', `phones/${RECEIVER}`);
    expect(phone.json.messages.at(-1)).toMatchObject({ channel: 'sms', text: FIELDS.Body });
  });

  it.each([
    ['To', { To: undefined }, 21604],
    ['a number that is none', { To: '12' }, 21211],
    ['no sender', { From: undefined }, 21603],
    ['a sender that is none', { From: '+1' }, 21212],
    ['a service that is none', { MessagingServiceSid: 'MG1' }, 21705],
    ['no text', { Body: '' }, 21602],
    ['a text too long', { Body: 'x'.repeat(1_601) }, 21617],
    ['two channels', { To: `whatsapp:+${RECEIVER}` }, 21910],
    ['no address for callbacks', { StatusCallback: 'nowhere' }, 21609],
    [
      'a template that is none',
      { To: 'whatsapp:+525512345678', From: 'whatsapp:+15550783881', ContentSid: 'HX1' },
      21655,
    ],
  ])('are refused for %s', async (_what, changes, code) => {
    const { status, json } = await post(changes);
    expect([status, json.code, json.status]).toEqual([400, code, 400]);
    expect(json.more_info).toBe(`https://www.twilio.com/docs/errors/${code}`);
  });

  it.each([
    ['a wrong token', basic(SID, 'x')],
    ['another account', basic(`AC${'f'.repeat(32)}`, TOKEN)],
    ['nobody', { authorization: '' }],
  ])('are refused for %s', async (_what, headers) => {
    const { status, json } = await post({}, headers);
    expect([status, json.code]).toEqual([401, 20003]);
  });

  it.each([
    ['+12025550129', 429, 20429],
    ['+12025550116', 503, 20503],
    ['+12025550130', 400, 21608],
  ])('to the magic number %s are refused in Twilio’s words', async (To, status, code) => {
    const answer = await post({ To });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });
});
