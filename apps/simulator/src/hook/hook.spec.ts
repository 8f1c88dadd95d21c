import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../simulator.config.js';
import { RECEIVER, SimulatorUnderTest } from '../simulator.fixtures.js';
import { signatureOf } from './hook-signature.js';

const SECRET = new SimulatorConfig().hookSecret;
const DOCUMENT = {
  v: 1,
  id: 'msg-1',
  channel: 'line',
  to: `+${RECEIVER}`,
  from: 'Example',
  code: '012345',
  text: 'Your code is 012345.',
};

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
afterAll(() => simulator.stop());

function post(document: object, { secret = SECRET, ageSeconds = 0, signed = JSON.stringify(document) } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1_000) - ageSeconds);
  return simulator.call('POST', '/hook/codes', JSON.stringify(document), {
    'webhook-id': 'msg-1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOf('msg-1', timestamp, signed, secret),
  });
}

describe('the hook', () => {
  it('takes what is signed, and the phone shows it in its channel', async () => {
    const { status, json } = await post(DOCUMENT);
    expect([status, json.id]).toEqual([202, expect.stringMatching(/^hook-/)]);
    await simulator.logged('delivered');
    const phone = await simulator.control('GET', `phones/${RECEIVER}`);
    expect(phone.json.messages.at(-1)).toMatchObject({ channel: 'line', text: DOCUMENT.text });
  });

  it.each([
    ['another secret', { secret: 'whsec_b3RoZXItc2VjcmV0LW9mLW5vYm9keS0wMQ==' }],
    ['another body', { signed: JSON.stringify({ ...DOCUMENT, to: '+1' }) }],
    ['long ago', { ageSeconds: 301 }],
    ['far ahead', { ageSeconds: -302 }],
  ])('believes nothing that is signed with %s', async (_what, options) => {
    expect((await post(DOCUMENT, options)).status).toBe(401);
  });

  it.each([
    [{ v: 2 }, 'bug', 'unknown_version'],
    [{ channel: 'pigeon' }, 'bug', 'incomplete'],
    [{ code: 12345 }, 'bug', 'incomplete'],
    [{ to: 'nowhere' }, 'receiver', 'no_address'],
  ])('refuses %j in the words of the contract', async (changes, refused, reason) => {
    const { status, json } = await post({ ...DOCUMENT, ...changes });
    expect([status, json]).toEqual([422, { refused, reason }]);
  });
});
