import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../../apps/simulator/src/simulator.config.js';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';

const KEY = new SimulatorConfig().dialog360ApiKey;
const SENDER = new SimulatorConfig().senderAddress;
const HEADER = 'X-Countersign-Key';
const SECRET = 'webhook-secret-of-ours-1';

/** An On-Premise number echoes nothing of ours in its receipts: the provider's own id has to lead to the message. */
describe('receipts without a correlation id', () => {
  let house: House;
  let generator: string;
  let webhook: string;
  let number = 4_410_000;

  beforeAll(async () => {
    house = await openHouse();
    const key = await ask('PUT', `${house.simulator.url}/_sim/dialog360`, {
      apiKey: KEY,
      kind: 'on-premise',
    });
    // Another tenant, because the demo's own account has the same number as its sender.
    const { key: apiKey } = await house.newTenantKey('on-premise');
    const as = { authorization: `Bearer ${apiKey}` };
    const post = async (path: string, body: object): Promise<Answer['json']> => {
      const answer = await ask('POST', house.api.url + path, body, as);
      expect(answer.status, answer.text).toBe(201);
      return answer.json;
    };
    const account = await post('/v1/accounts', {
      name: 'on-premise',
      provider: 'dialog360',
      config: {
        kind: 'on-premise',
        baseUrl: `${house.simulator.url}/dialog360`,
        apiKey: KEY,
        namespace: key.json.namespace,
        webhookHeader: { name: HEADER },
        webhookSecrets: [SECRET],
      },
      countries: ['*'],
      senders: [{ channel: 'whatsapp', address: SENDER }],
    });
    expect(JSON.stringify(account)).not.toContain(SECRET);
    webhook = account.webhook.url;
    const set = await ask(
      'POST',
      account.webhook.configureAt,
      { url: webhook, headers: { [account.webhook.header]: SECRET } },
      { 'D360-API-KEY': KEY },
    );
    expect(set.status, set.text).toBe(200);
    const template = await post('/v1/templates', {
      account: account.id,
      name: 'on_premise',
      category: 'AUTHENTICATION',
      languages: [{ language: 'en' }],
    });
    await until(
      () => ask('POST', `${house.api.url}/v1/templates/${template.id}/sync`, {}, as),
      (answer) => answer.json.languages[0].status === 'approved',
    );
    generator = (
      await post('/v1/generators', {
        name: 'on-premise',
        channels: [{ channel: 'whatsapp', sender: SENDER, template: template.id }],
      })
    ).id;
    call = (method, path, body) => ask(method, house.api.url + path, body, as);
  });
  afterAll(() => house.close());

  let call: (method: string, path: string, body?: object) => Promise<Answer>;
  const behave = (behavior: object): Promise<Answer> =>
    ask('PUT', `${house.simulator.url}/_sim/behavior`, behavior);
  const receiver = (): string => `+52551${number++}`;
  const open = async (to = receiver()): Promise<string> => {
    const { status, json, text } = await call('POST', '/v1/challenges', { generator, receiver: to });
    expect(status, text).toBe(201);
    return json.id;
  };
  const message = async (id: string): Promise<Answer['json']> =>
    (await call('GET', `/v1/challenges/${id}`)).json.messages[0];

  it('are matched by the id that the provider gave the message', async () => {
    const id = await open();
    await until(
      () => message(id),
      ({ status }) => status === 'delivered',
    );
  });

  it('a failure that is told later fails the message, with the code of the On-Premise API', async () => {
    const id = await open('+12025550126');
    const failed = await until(
      () => message(id),
      ({ status }) => status === 'failed',
    );
    expect(failed.reason).toBe('onprem_1026');
  });

  it('FI-34 that come before the provider has answered are believed once it has', async () => {
    await behave({ latencyMs: 1_500, statuses: { sentAfterMs: 5, deliveredAfterMs: 10 } });
    const id = await open();
    const settled = await until(
      () => message(id),
      ({ status }) => status === 'delivered',
    );
    await behave({ latencyMs: 0 });
    expect(settled).toMatchObject({ attempts: 1 });
  });

  it('ATK-15 under no, another or half a secret: 401, and nothing moves', async () => {
    await behave({ webhooks: { mute: true } });
    const to = receiver();
    const id = await open(to);
    const [sent] = await until(
      () => house.simulated(to),
      (found) => found.length > 0,
    );
    await until(
      () => message(id),
      ({ status }) => status === 'accepted',
    );
    const body = { statuses: [{ id: sent!.wamid, status: 'delivered', timestamp: '1750030073' }] };
    for (const secret of ['', SECRET.slice(0, -1), `${SECRET}2`, SECRET.toUpperCase(), `Bearer ${SECRET}`]) {
      const { status, json } = await ask('POST', webhook, body, { [HEADER]: secret });
      expect([status, json.code]).toEqual([401, 'webhook.invalid_signature']);
    }
    expect((await ask('POST', webhook, body)).status).toBe(401);
    expect((await message(id)).status).toBe('accepted');
    for (let time = 0; time < 2; time++)
      expect((await ask('POST', webhook, body, { [HEADER]: SECRET })).status).toBe(200);
    expect((await message(id)).status).toBe('delivered');
  });

  it('FI-35 about a message that nobody knows: 200, and what is kept of it ends by itself', async () => {
    const body = { statuses: [{ id: 'gBEG-nobody', status: 'delivered', timestamp: '1750030073' }] };
    for (let time = 0; time < 40; time++)
      expect((await ask('POST', webhook, body, { [HEADER]: SECRET })).status).toBe(200);
    const [key] = await house.redis.keys('{r:*gBEG-nobody}:early');
    expect(await house.redis.llen(key!)).toBeLessThanOrEqual(16);
    expect(await house.redis.ttl(key!)).toBeGreaterThan(0);
  });
});
