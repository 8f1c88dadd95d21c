import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  pause,
  RECEIVER,
  SECRET,
  SENDER,
  SimulatorUnderTest,
  WABA,
  WebhookReceiver,
} from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;
let receiver: WebhookReceiver;

beforeEach(async () => {
  receiver = await new WebhookReceiver().start();
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
  expect((await simulator.subscribe(receiver.url)).json).toEqual({ success: true });
});

afterEach(async () => {
  await simulator.stop();
  await receiver.stop();
});

const count = (wanted: number) =>
  eventually(() => (receiver.statuses().length >= wanted ? receiver.statuses() : undefined));
const behave = (webhooks: Record<string, unknown>) => simulator.control('PUT', 'behavior', { webhooks });

describe('statuses', () => {
  it('have the envelope of the contract, with the correlation echoed', async () => {
    const { json } = await simulator.send({ biz_opaque_callback_data: 'corr-7f3a' });
    const [sent, delivered] = await count(2);

    expect(receiver.deliveries[0]?.json).toEqual({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: WABA,
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: '584111111111', phone_number_id: SENDER },
                statuses: [sent],
              },
            },
          ],
        },
      ],
    });
    expect(sent).toEqual({
      id: json.messages[0].id,
      status: 'sent',
      timestamp: expect.stringMatching(/^\d{10}$/),
      recipient_id: `521${RECEIVER.slice(2)}`,
      biz_opaque_callback_data: 'corr-7f3a',
      conversation: {
        id: expect.any(String),
        expiration_timestamp: expect.stringMatching(/^\d{10}$/),
        origin: { type: 'authentication' },
      },
      pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'authentication' },
    });
    expect(delivered).toMatchObject({ status: 'delivered', biz_opaque_callback_data: 'corr-7f3a' });
    expect(delivered.conversation.expiration_timestamp).toBeUndefined();
  });

  it('leave the conversation out from v24.0 on', async () => {
    const sender = { messaging_product: 'whatsapp', to: RECEIVER, type: 'text', text: { body: 'hi' } };
    await simulator.call('POST', `/v24.0/${SENDER}/messages`, sender, {
      authorization: 'Bearer simulator-access-token',
    });

    const [failed] = await count(1);
    expect(failed).toMatchObject({ status: 'failed', errors: [{ code: 131047 }] });
    expect(failed.conversation).toBeUndefined();
  });

  it('report read when the person reads', async () => {
    await simulator.send();
    await count(2);

    expect((await simulator.control('POST', `phones/+${RECEIVER}/read`)).json).toEqual({ read: 1 });

    const statuses = await count(3);
    expect(statuses.map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
    expect(statuses[2].pricing).toBeUndefined();
  });

  it('tell of a number that is not on WhatsApp only afterwards', async () => {
    const answer = await simulator.send({ to: '+12025550126' });
    expect([answer.status, answer.json.messages[0].message_status]).toEqual([200, 'accepted']);

    const [failed] = await count(1);
    expect(failed).toEqual({
      id: answer.json.messages[0].id,
      status: 'failed',
      timestamp: expect.any(String),
      recipient_id: '12025550126',
      errors: [
        {
          code: 131026,
          title: 'Message undeliverable',
          message: 'Message undeliverable',
          error_data: { details: 'Message Undeliverable.' },
          href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
        },
      ],
    });
    await pause(50);
    expect(receiver.statuses()).toHaveLength(1);
  });

  it('end at sent for a phone that is off, and are silent for a number that reports nothing', async () => {
    await simulator.send({ to: '+12025550161' });
    await simulator.send({ to: '+12025550162' });
    await simulator.logged('delivered', '12025550162');
    await pause(50);

    expect(receiver.statuses().map(({ status }) => status)).toEqual(['sent']);
  });
});

describe('the signature', () => {
  it('is over the very bytes: ASCII, \\u00e9 in lower case, slashes escaped', async () => {
    await simulator.send({ biz_opaque_callback_data: 'código/É 😀' });
    await count(1);

    const { raw, headers, json } = receiver.deliveries[0]!;
    const expected = createHmac('sha256', SECRET).update(raw).digest('hex');
    expect(headers['x-hub-signature-256']).toBe(`sha256=${expected}`);
    expect(raw.every((byte) => byte < 0x80)).toBe(true);
    expect(raw.toString('ascii')).toContain('c\\u00f3digo\\/\\u00c9 \\ud83d\\ude00');
    expect(json.entry[0].changes[0].value.statuses[0].biz_opaque_callback_data).toBe('código/É 😀');
    expect(createHmac('sha256', SECRET).update(JSON.stringify(json)).digest('hex')).not.toBe(expected);
  });

  it('is so for news of templates too', async () => {
    const { id } = (await simulator.graph('GET', `${WABA}/message_templates`)).json.data[0];
    await simulator.control('POST', `templates/${id}/reject`, { reason: 'TÍTULO/ñandú' });
    await eventually(() => receiver.deliveries[0]);

    const { raw, headers } = receiver.deliveries[0]!;
    const expected = createHmac('sha256', SECRET).update(raw).digest('hex');
    expect(headers['x-hub-signature-256']).toBe(`sha256=${expected}`);
    expect(raw.toString('ascii')).toContain('"reason":"T\\u00cdTULO\\/\\u00f1and\\u00fa"');
  });
});

describe('delivery', () => {
  it('is repeated with falling frequency until it is answered 200, the bytes the same', async () => {
    await behave({ retryBaseMs: 40 });
    receiver.answers = [500, 201, 404];
    await simulator.send({ to: '+12025550126' });
    await count(4);
    await pause(100);

    const [first, ...others] = receiver.deliveries;
    expect(others).toHaveLength(3);
    expect(others.every(({ raw }) => raw.equals(first!.raw))).toBe(true);
    const gaps = others.map(({ at }, index) => at - receiver.deliveries[index]!.at);
    expect(gaps[0]).toBeGreaterThanOrEqual(38);
    expect(gaps[1]).toBeGreaterThanOrEqual(78);
    expect(gaps[2]).toBeGreaterThanOrEqual(158);
  });

  it('is given up after the number of attempts asked for', async () => {
    await behave({ retryBaseMs: 1, maxAttempts: 3 });
    receiver.answers = Array<number>(10).fill(500);
    await simulator.send({ to: '+12025550126' });
    await count(3);
    await pause(60);

    expect(receiver.deliveries).toHaveLength(3);
    expect((await simulator.control('GET', 'health')).json.webhooks).toMatchObject({
      dropped: 1,
      retrying: 0,
    });
  });

  it('is doubled on demand', async () => {
    await behave({ duplicate: true });
    await simulator.send();

    const statuses = await count(4);
    expect(statuses.map(({ status }) => status).sort()).toEqual(['delivered', 'delivered', 'sent', 'sent']);
  });

  it('is batched on demand, several messages in one POST', async () => {
    await behave({ batchMs: 150 });
    for (let sent = 0; sent < 3; sent += 1) await simulator.send();
    await count(6);

    expect(receiver.deliveries.length).toBeLessThan(6);
    expect(receiver.deliveries[0]?.json.entry).toHaveLength(1);
    expect(receiver.deliveries[0]?.json.entry[0].changes.length).toBeGreaterThan(1);
  });

  it('is shuffled on demand', async () => {
    await behave({ shuffle: true, batchMs: 700 });
    for (let sent = 0; sent < 10; sent += 1) await simulator.send({ biz_opaque_callback_data: String(sent) });

    const order = (await count(20)).map((status) => `${status.biz_opaque_callback_data}${status.status}`);
    const natural = [...order].sort(
      (a, b) => a.slice(1).localeCompare(b.slice(1)) * -1 || a.localeCompare(b),
    );
    expect(order).not.toEqual(natural);
    expect(new Set(order).size).toBe(20);
  });

  it('is late on demand, and muted on demand', async () => {
    await behave({ delayMs: 200 });
    const before = Date.now();
    await simulator.send({ to: '+12025550126' });
    await count(1);
    expect(Date.now() - before).toBeGreaterThanOrEqual(195);

    await behave({ delayMs: 0, mute: true });
    await simulator.send();
    await simulator.logged('delivered');
    await pause(50);
    expect(receiver.statuses()).toHaveLength(1);
  });
});
