import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../../apps/simulator/src/simulator.config.js';
import {
  envelope,
  post,
  signature,
  statusesBody,
  statusItem,
  webhookUrl,
} from '../../support/graph-webhooks.js';
import { ask, type House, openHouse, type SimulatedMessage, until } from '../../support/house.js';
import { journalRows } from '../../support/journal.js';
import { Metrics } from '#platform/metrics';

const SECRET = new SimulatorConfig().appSecret;
let house: House;
let generator: string;
let receivers = 0;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
  // What is said about a message is said by the spec alone.
  await ask('PUT', `${house.simulator.url}/_sim/behavior`, { webhooks: { mute: true } });
});
afterAll(() => house.close());

interface Sent {
  id: string;
  correlation: string;
  providerId: string;
}

/** A challenge whose message the provider has accepted. */
async function sent(): Promise<Sent> {
  const receiver = `+52551${3_300_000 + receivers++}`;
  const { json } = await house.call('POST', '/v1/challenges', { generator, receiver });
  const [message] = (await until(
    () => house.simulated(receiver),
    (found) => found.length > 0,
  )) as [SimulatedMessage];
  await until(
    () => state(json.id),
    (found) => found === 'accepted',
  );
  return { id: json.id, correlation: message.correlation, providerId: message.wamid };
}

async function state(id: string): Promise<string> {
  return (await house.call('GET', `/v1/challenges/${id}`)).json.messages[0].status;
}

function delivered({ correlation, providerId }: Sent): object {
  return statusItem({ id: providerId, status: 'delivered', correlation });
}

async function counted(status: string, outcome: string): Promise<number> {
  const { registry } = house.api.app.get(Metrics, { strict: false });
  const { values } = await registry.getSingleMetric('countersign_receipts_total')!.get();
  return values
    .filter(({ labels }) => labels['status'] === status && labels['outcome'] === outcome)
    .reduce((sum, { value }) => sum + value, 0);
}

describe('ATK-15 a webhook that is forged', () => {
  let message: Sent;
  let body: string;
  beforeAll(async () => {
    message = await sent();
    body = statusesBody([delivered(message)]);
  });

  const forgeries: [id: string, what: string, proof: (body: string) => string | null][] = [
    ['BI-74', 'no signature', () => null],
    ['BI-74', 'an empty signature', () => ''],
    ['BI-74', 'a signature without a value', () => 'sha256='],
    ['BI-74', 'a signature in capitals', (text) => signature(text).toUpperCase()],
    ['BI-74', 'capital hex digits', (text) => `sha256=${signature(text).slice(7).toUpperCase()}`],
    ['BI-74', 'another algorithm’s name', (text) => signature(text).replace('sha256', 'sha1')],
    ['BI-74', 'no algorithm’s name', (text) => signature(text).slice(7)],
    ['BI-74', 'half a signature', (text) => signature(text).slice(0, 39)],
    ['ATK-15', 'another app’s secret', (text) => signature(text, `${SECRET}2`)],
    ['ATK-15', 'the signature of the same JSON in other bytes', (text) => signature(` ${text}`)],
    ['ATK-15', 'the signature of no body', () => signature('')],
  ];

  it.each(forgeries)('%s %s: 401, before it is read', async (_id, _what, proof) => {
    for (const text of [body, '{"object":', 'not json', '']) {
      const answer = await post(house, text, proof(text));
      // A body of no bytes under the signature of no bytes is genuine, and says nothing.
      if (text === '' && proof('') === signature('')) continue;
      expect(answer.status, text).toBe(401);
      expect(answer.json.code).toBe('webhook.invalid_signature');
    }
    expect(await state(message.id)).toBe('accepted');
  });

  it('ATK-15 of an account that is not there, or of another provider: 404', async () => {
    const url = webhookUrl(house);
    for (const other of [
      url.replace('meta-cloud', 'smtp'),
      url.replace('meta-cloud', '__proto__'),
      `${url.slice(0, -1)}${url.endsWith('0') ? '1' : '0'}`,
      `${house.api.url}/webhooks/meta-cloud/acc_`,
      `${house.api.url}/webhooks/meta-cloud/constructor`,
    ]) {
      expect((await post(house, body, signature(body), other)).json.code, other).toBe(
        'webhook.not_configured',
      );
    }
    expect(await state(message.id)).toBe('accepted');
  });

  it('ATK-15 told by another tenant’s account, genuinely signed: nothing moves', async () => {
    const { key } = await house.newTenantKey('stranger');
    const created = await ask(
      'POST',
      `${house.api.url}/v1/accounts`,
      {
        name: 'stranger',
        provider: 'meta-cloud',
        config: {
          baseUrl: house.simulator.url,
          wabaId: '100000000000001',
          accessToken: 'simulator-access-token',
          appSecrets: ['the-strangers-secret'],
        },
        countries: ['*'],
        senders: [{ channel: 'whatsapp', address: '584111111111', externalId: '200000000000001' }],
      },
      { authorization: `Bearer ${key}` },
    );
    expect(created.status).toBe(201);
    const theirs = `${house.api.url}/webhooks/meta-cloud/${created.json.id}`;
    expect((await post(house, body, signature(body, 'the-strangers-secret'), theirs)).status).toBe(200);
    // Nor does one account's secret speak for another account's address.
    expect((await post(house, body, signature(body), theirs)).status).toBe(401);
    expect((await post(house, body, signature(body, 'the-strangers-secret'))).status).toBe(401);
    expect(await state(message.id)).toBe('accepted');
  });

  it('ATK-15 the same bytes under the account’s own secret are believed', async () => {
    expect((await post(house, body)).status).toBe(200);
    expect(await state(message.id)).toBe('delivered');
  });
});

describe('ATK-16 a webhook that is repeated or invented', () => {
  it('ATK-16 never approves anything, and moves forward only', async () => {
    const message = await sent();
    for (const status of ['read', 'delivered', 'sent', 'read', 'failed', 'approved', 'constructor']) {
      const { correlation, providerId } = message;
      const item = statusItem({ id: providerId, status, correlation, errorCode: 131026 });
      expect((await post(house, statusesBody([item]))).status).toBe(200);
      expect(await state(message.id)).toBe('read');
    }
    expect((await house.call('GET', `/v1/challenges/${message.id}`)).json.status).toBe('pending');
  });

  it('ATK-16 correlation ids that are none of ours are counted and dropped', async () => {
    const { id, correlation } = await sent();
    const before = await counted('delivered', 'gone');
    const odd = [
      '',
      '.',
      'msg_',
      correlation.slice(0, -3),
      `${correlation}`.replace('msg_', 'chl_'),
      'x'.repeat(100_000),
    ];
    const items = odd.map((text, at) =>
      statusItem({ id: `wamid.${at}`, status: 'delivered', correlation: text }),
    );
    expect((await post(house, statusesBody(items))).status).toBe(200);
    expect(await state(id)).toBe('accepted');
    expect(await counted('delivered', 'gone')).toBeGreaterThanOrEqual(before);
  });
});

describe('what a genuine webhook says', () => {
  it.each([
    ['an object of another kind', envelope('messages', { statuses: [] }, 'page')],
    ['a field that nobody knows', envelope('flows', { event: 'x' })],
    ['a status that nobody knows', statusesBody([statusItem({ id: 'wamid.X', status: 'teleported' })])],
    [
      'pictures of people',
      envelope('messages', {
        metadata: { phone_number_id: new SimulatorConfig().phoneNumberId },
        messages: [{ from: '525512345678', id: 'wamid.Y', type: 'image', image: { id: '1' } }],
      }),
    ],
    ['nothing', '{}'],
  ])('BI-75 %s: 200, ignored and counted', async (_what, body) => {
    const before = await counted('other', 'ignored');
    expect((await post(house, body)).status).toBe(200);
    expect(await counted('other', 'ignored')).toBe(before + 1);
  });

  it.each(['not json', '', '[]', 'null', '{"object":'])(
    'BI-75 %j: 200, malformed and counted',
    async (body) => {
      const before = await counted('other', 'malformed');
      expect((await post(house, body)).status).toBe(200);
      expect(await counted('other', 'malformed')).toBe(before + 1);
    },
  );

  it('BI-76 a thousand statuses, one of them malformed: the others are applied', async () => {
    const messages = await Promise.all(Array.from({ length: 8 }, sent));
    const rest = Array.from({ length: 991 }, (_, at) =>
      statusItem({ id: `wamid.unknown${at}`, status: 'delivered', correlation: 'corr' }),
    );
    const items: unknown[] = [
      ...messages.slice(0, 4).map(delivered),
      ...rest,
      ...messages.slice(4).map(delivered),
    ];
    items.splice(500, 0, { id: 7, status: ['sent'] });
    expect(items).toHaveLength(1_000);
    const before = await counted('other', 'malformed');
    expect((await post(house, statusesBody(items))).status).toBe(200);
    for (const { id } of messages) expect(await state(id)).toBe('delivered');
    expect(await counted('other', 'malformed')).toBe(before + 1);
  });

  it('takes the three megabytes that Meta may post, and not one byte more', async () => {
    const message = await sent();
    const body = statusesBody([delivered(message)]);
    const most = 3 * 1024 * 1024;
    expect((await post(house, body.padEnd(most + 1))).status).toBe(413);
    expect(await state(message.id)).toBe('accepted');
    expect((await post(house, body.padEnd(most))).status).toBe(200);
    expect(await state(message.id)).toBe('delivered');
  });

  it('BI-79 about a sender of somebody else’s: 200, counted, and nothing moves', async () => {
    const message = await sent();
    const before = await counted('delivered', 'foreign');
    expect((await post(house, statusesBody([delivered(message)], '299999999999999'))).status).toBe(200);
    expect(await state(message.id)).toBe('accepted');
    expect(await counted('delivered', 'foreign')).toBe(before + 1);
  });

  it('leaves what was said last, in order, in the journal', async () => {
    const message = await sent();
    const { correlation, providerId: id } = message;
    const items = ['sent', 'delivered', 'read', 'sent'].map((status) =>
      statusItem({ id, status, correlation }),
    );
    expect((await post(house, statusesBody(items))).status).toBe(200);
    const challenge = message.id.slice('chl_'.length);
    const rows = await until(
      async () => (await journalRows(house.databaseUrl)).filter((row) => row.event_id.startsWith(challenge)),
      (found) => found.some((row) => row.type === 'message.read'),
    );
    expect(rows.map((row) => row.type).slice(-3)).toEqual([
      'message.sent',
      'message.delivered',
      'message.read',
    ]);
  });
});

describe('BI-77 the handshake', () => {
  const ask77 = (query: Record<string, string>): ReturnType<typeof ask> =>
    ask('GET', `${webhookUrl(house)}?${new URLSearchParams(query)}`);

  it('BI-77 a wrong, empty or missing token: 403', async () => {
    const tokens: Record<string, string>[] = [
      { 'hub.verify_token': 'wrong' },
      { 'hub.verify_token': '' },
      {},
    ];
    for (const token of tokens) {
      const answer = await ask77({ 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', ...token });
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain('1158201444');
    }
  });

  it('BI-77 a challenge of HTML comes back as plain text that no browser runs', async () => {
    const { json } = await house.call('GET', `/v1/accounts/${house.demo.accountId}`);
    const html = '<script>alert(1)</script>';
    const answer = await ask77({
      'hub.mode': 'subscribe',
      'hub.challenge': html,
      'hub.verify_token': json.webhook.verifyToken,
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(html);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });
});
