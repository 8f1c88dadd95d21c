// A second WhatsApp account of the demo tenant at the simulator, for plans of several steps.
import { ask, type House, until } from './house.js';

export interface SecondAccount {
  id: string;
  senderAddress: string;
  phoneNumberId: string;
  /** An approved English template on it. */
  template: string;
}

const WABA_ID = '100000000000002';
const PHONE_NUMBER_ID = '200000000000002';
const SENDER = '584122222222';

/** `baseUrl` is another way to the same simulator. */
export async function addSecondAccount(house: House, baseUrl = house.simulator.url): Promise<SecondAccount> {
  const accessToken = 'second-access-token';
  const appSecret = 'second-app-secret';
  await expectStatus(200, 'PUT', `${house.simulator.url}/_sim/accounts`, {
    wabaId: WABA_ID,
    accessToken,
    appSecret,
    phoneNumbers: [{ id: PHONE_NUMBER_ID, displayNumber: SENDER, registered: true, verified: true }],
  });
  const created = await house.call('POST', '/v1/accounts', {
    name: 'second',
    provider: 'meta-cloud',
    config: { baseUrl, wabaId: WABA_ID, accessToken, appSecrets: [appSecret] },
    countries: ['*'],
    senders: [{ channel: 'whatsapp', address: SENDER, externalId: PHONE_NUMBER_ID }],
  });
  if (created.status !== 201) throw new Error(`account: ${created.text}`);
  const { url, verifyToken } = created.json.webhook;
  await expectStatus(
    200,
    'POST',
    `${house.simulator.url}/v25.0/${WABA_ID}/subscribed_apps`,
    { override_callback_uri: url, verify_token: verifyToken },
    { authorization: `Bearer ${accessToken}` },
  );
  const template = await house.call('POST', '/v1/templates', {
    account: created.json.id,
    name: 'second',
    category: 'AUTHENTICATION',
    languages: [{ language: 'en' }],
  });
  if (template.status !== 201) throw new Error(`template: ${template.text}`);
  await until(
    () => house.call('GET', `/v1/templates/${template.json.id}`),
    (answer) => answer.json.languages[0].status === 'approved',
  );
  return {
    id: created.json.id,
    senderAddress: SENDER,
    phoneNumberId: PHONE_NUMBER_ID,
    template: template.json.id,
  };
}

/** A generator that tries the demo's account first and this one after. `first` and `rules` are merged in. */
export async function newPlan(
  house: House,
  second: SecondAccount,
  first: Record<string, unknown> = {},
  rules: Record<string, unknown> = {},
): Promise<string> {
  const single = await house.call('GET', `/v1/generators/${await house.newGenerator()}`);
  const [step] = single.json.channels;
  const created = await house.call('POST', '/v1/generators', {
    name: 'plan',
    channels: [
      { ...step, ...first },
      { channel: 'whatsapp', sender: second.senderAddress, template: second.template },
    ],
    ...rules,
  });
  if (created.status !== 201) throw new Error(`generator: ${created.text}`);
  return created.json.id;
}

/** What the simulator's next calls on one sender run into. */
export function behave(house: House, behavior: Record<string, unknown>): Promise<void> {
  return expectStatus(200, 'PUT', `${house.simulator.url}/_sim/behavior`, behavior);
}

async function expectStatus(
  wanted: number,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const { status, text } = await ask(method, url, body, headers);
  if (status !== wanted) throw new Error(`${method} ${url}: ${status} ${text}`);
}
