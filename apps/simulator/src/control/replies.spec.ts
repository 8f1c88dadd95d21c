import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  RECEIVER,
  SECRET,
  SENDER,
  SimulatorUnderTest,
  WABA,
  WebhookReceiver,
} from '../simulator.fixtures.js';

const OURS = '584111111111';
const WHATSAPP_ID = '5215512345678';

let simulator: SimulatorUnderTest;
let receiver: WebhookReceiver;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
  receiver = await new WebhookReceiver().start();
  await simulator.subscribe(receiver.url);
  await simulator.createTemplate();
});
afterEach(async () => {
  await simulator.stop();
  await receiver.stop();
});

const reply = (body: unknown, number = RECEIVER) => simulator.control('POST', `phones/${number}/reply`, body);
const chat = async () => (await simulator.control('GET', `phones/${RECEIVER}`)).json.messages;

/** The first webhook that tells something a person wrote. */
const heard = () =>
  eventually(() => receiver.changes('messages').find((change) => change.value.messages)?.value);

/** A utility template with two quick replies, a link and a number, sent to the phone. Answers the message's id. */
async function askQuestion(): Promise<string> {
  await simulator.createTemplate({
    name: 'was_it_you',
    category: 'UTILITY',
    components: [
      { type: 'BODY', text: 'Was it you?' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Yes' },
          { type: 'QUICK_REPLY', text: 'No' },
          { type: 'URL', text: 'More', url: 'https://example.com/more' },
          { type: 'PHONE_NUMBER', text: 'Call us', phone_number: '+15550001111' },
        ],
      },
    ],
  });
  const components = ['yes-4711', 'no-4711'].map((payload, index) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: String(index),
    parameters: [{ type: 'payload', payload }],
  }));
  const sent = await simulator.send({
    template: { name: 'was_it_you', language: { code: 'en_US' }, components },
  });
  expect(sent.status, sent.text).toBe(200);
  await simulator.logged('delivered');
  return sent.json.messages[0].id;
}

describe('a person who answers', () => {
  it('presses a quick reply: the webhook has its payload and the message it answers, signed', async () => {
    const id = await askQuestion();

    expect((await reply({ messageId: id, buttonIndex: 1 })).status).toBe(200);

    const value = await heard();
    expect(value).toEqual({
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: OURS, phone_number_id: SENDER },
      contacts: [{ profile: { name: expect.any(String) }, wa_id: WHATSAPP_ID }],
      messages: [
        {
          context: { from: OURS, id },
          from: WHATSAPP_ID,
          id: expect.stringMatching(/^wamid\./),
          timestamp: expect.stringMatching(/^\d{10}$/),
          type: 'button',
          button: { payload: 'no-4711', text: 'No' },
        },
      ],
    });
    const delivery = receiver.deliveries.find(({ raw }) => raw.includes('no-4711'))!;
    expect(delivery.json.entry[0].id).toBe(WABA);
    expect(delivery.headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', SECRET).update(delivery.raw).digest('hex')}`,
    );
    expect((await chat()).at(-1)).toMatchObject({
      text: 'No',
      own: { answers: id, button: 1 },
      status: 'delivered',
    });
  });

  it('writes: the webhook has the text, escaped, and names no message unless one is quoted', async () => {
    const id = await askQuestion();
    await reply({ text: 'Sí, señor 👍' });
    const { messages } = await heard();
    expect(messages[0]).toEqual({
      from: WHATSAPP_ID,
      id: expect.stringMatching(/^wamid\./),
      timestamp: expect.any(String),
      type: 'text',
      text: { body: 'Sí, señor 👍' },
    });
    expect(receiver.deliveries.find(({ raw }) => raw.includes('S\\u00ed'))).toBeDefined();

    receiver.deliveries.length = 0;
    await reply({ messageId: id, text: 'Y', quote: true });
    expect((await heard()).messages[0]).toMatchObject({ text: { body: 'Y' }, context: { from: OURS, id } });
  });

  it('is batched with everything else', async () => {
    await askQuestion();
    receiver.deliveries.length = 0;
    await simulator.control('PUT', 'behavior', { webhooks: { batchMs: 150 } });
    for (const text of ['one', 'two', 'three']) await reply({ text });
    await eventually(() => (receiver.changes('messages').length >= 3 ? true : undefined));
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('is in the chat, in its order, and not among the messages that were sent to people', async () => {
    await askQuestion();
    await reply({ text: 'hello' });
    await simulator.send();
    await eventually(async () => ((await chat()).at(-1).status === 'delivered' ? true : undefined));

    expect((await chat()).map(({ own }: { own?: object }) => Boolean(own))).toEqual([false, true, false]);
    expect(new Set((await chat()).map(({ chat: key }: { chat: string }) => key))).toEqual(
      new Set([`whatsapp:${OURS}`]),
    );
    const { json } = await simulator.control('GET', 'messages');
    expect(json.messages.map(({ text }: { text: string }) => text)).not.toContain('hello');
    expect(json.messages).toHaveLength(2);
    expect((await simulator.control('GET', 'phones')).json.phones[0].messages).toBe(3);
  });

  it('opens a conversation for a day, in which words without a template arrive', async () => {
    const words = { type: 'text', text: { body: 'Thanks' }, template: undefined };
    await askQuestion();
    await simulator.send(words);
    await simulator.logged('failed');

    await reply({ text: 'hello' });
    await simulator.send(words);
    expect(await simulator.logged('delivered')).toMatchObject({ text: 'Thanks' });

    simulator.clock.step(24 * 3_600_000);
    await simulator.send(words);
    expect((await simulator.logged('failed')).statuses.at(-1)).toMatchObject({ error: { code: 131047 } });
  });

  it.each([
    ['nothing', {}, /^text must be given/],
    ['text and a button', { text: 'a', buttonIndex: 0 }, /^text must be given/],
    ['an empty text', { text: '' }, /^text must be/],
    ['a text of 4097 characters', { text: 'x'.repeat(4_097) }, /^text must be/],
    ['a message that is not there', { messageId: 'wamid.nobody', text: 'a' }, /^messageId must be/],
    ['a button that is not there', { buttonIndex: 4 }, /^buttonIndex must be/],
    ['a button that is a link', { buttonIndex: 2 }, /^buttonIndex must be/],
    ['a button that is a number', { buttonIndex: 3 }, /^buttonIndex must be/],
    ['an index that is a word', { buttonIndex: '1' }, /^buttonIndex must be/],
    ['another member', { text: 'a', loud: true }, /^loud must be left out/],
    ['no object', [], /^body must be an object/],
  ])('is refused with %s, which is named, and nothing is kept', async (_what, body, message) => {
    await askQuestion();
    const before = await chat();
    const { status, json } = await reply(body);
    expect(status).toBe(400);
    expect(json.error.message).toMatch(message);
    expect(await chat()).toEqual(before);
  });

  it('cannot answer what has not arrived, or what arrived at another phone', async () => {
    await simulator.control('PUT', 'behavior', { statuses: { deliveredAfterMs: 60_000 } });
    const sent = await simulator.send();
    await simulator.logged('sent');
    const { id } = sent.json.messages[0];
    expect((await reply({ text: 'a' })).status).toBe(400);
    expect((await reply({ messageId: id, text: 'a' })).status).toBe(400);
    expect((await reply({ messageId: id, text: 'a' }, '15550001111')).status).toBe(400);
  });
});

describe('a person who writes first', () => {
  const write = (body: object, number = RECEIVER) =>
    simulator.control('POST', `phones/${number}/write`, {
      channel: 'whatsapp',
      to: OURS,
      text: 'hello',
      ...body,
    });

  it('finds the senders that listen, and no others', async () => {
    await simulator.control('PUT', 'accounts', {
      wabaId: '100000000000009',
      phoneNumbers: [{ id: '9', displayNumber: '584199999999' }],
    });
    const { json } = await simulator.control('GET', 'senders');
    expect(json.senders).toEqual([{ channel: 'whatsapp', address: OURS, name: expect.any(String) }]);
  });

  it('is told of like one who answers, and opens the conversation', async () => {
    expect((await write({ to: `+${OURS}` })).status).toBe(200);
    const { messages } = await heard();
    expect(messages[0]).toMatchObject({ from: WHATSAPP_ID, type: 'text', text: { body: 'hello' } });
    expect(messages[0]).not.toHaveProperty('context');
    await simulator.send({ type: 'text', text: { body: 'Hi' }, template: undefined });
    expect(await simulator.logged('delivered')).toMatchObject({ text: 'Hi' });
    expect(new Set((await chat()).map(({ chat: key }: { chat: string }) => key))).toEqual(
      new Set([`whatsapp:${OURS}`]),
    );
  });

  it('may show no number: the webhook has an id, under which the person is reached', async () => {
    await write({ hidesNumber: true });
    const { contacts, messages } = await heard();
    const id = messages[0].from_user_id;
    expect(id).toMatch(/^US\.\d+$/);
    expect(messages[0]).not.toHaveProperty('from');
    expect(contacts).toEqual([{ profile: { name: expect.any(String) }, user_id: id }]);
    await simulator.send({
      type: 'text',
      text: { body: 'Hi' },
      template: undefined,
      to: undefined,
      recipient: id,
    });
    expect(await simulator.logged('delivered')).toMatchObject({ text: 'Hi', to: RECEIVER });
  });

  it('presses a button of an interactive message: it comes back as one', async () => {
    await write({});
    const quickReply = (id: string, title: string) => ({ type: 'reply', reply: { id, title } });
    const sent = await simulator.send({
      type: 'interactive',
      template: undefined,
      interactive: {
        type: 'button',
        body: { text: 'Was it you?' },
        action: { buttons: [quickReply('yes-1', 'Yes'), quickReply('no-1', 'No')] },
      },
    });
    const { id } = sent.json.messages[0];
    await simulator.logged('delivered');
    receiver.deliveries.length = 0;
    await reply({ messageId: id, buttonIndex: 1 });
    expect((await heard()).messages[0]).toMatchObject({
      context: { from: OURS, id },
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: 'no-1', title: 'No' } },
    });
  });

  it.each([
    ['to nobody', { to: '584100000000' }, /^to must be/],
    ['on another channel', { channel: 'sms' }, /^to must be/],
    ['on a channel that is none', { channel: 'pigeon' }, /^channel must be/],
    ['nothing', { text: '' }, /^text must be/],
    ['another member', { loud: true }, /^loud must be left out/],
  ])('writes %s: refused, and nothing is kept', async (_what, body, message) => {
    const { status, json } = await write(body);
    expect([status, json.error.message]).toEqual([400, expect.stringMatching(message)]);
    expect(await chat()).toEqual([]);
  });
});

describe('reading', () => {
  it('is of one chat when it is named', async () => {
    await simulator.send();
    await simulator.logged('delivered');
    const read = async (chatKey?: string) =>
      (await simulator.control('POST', `phones/${RECEIVER}/read`, chatKey ? { chat: chatKey } : undefined))
        .json;
    expect(await read('sms:COUNTERSIGN')).toEqual({ read: 0 });
    expect(await read(`whatsapp:${OURS}`)).toEqual({ read: 1 });
    await reply({ text: 'hello' });
    expect(await read()).toEqual({ read: 0 });
  });
});
