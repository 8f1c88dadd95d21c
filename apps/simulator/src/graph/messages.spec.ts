import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeComponents, codeMessage, RECEIVER, SimulatorUnderTest } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
});

afterEach(() => simulator.stop());

function template(change: Record<string, unknown>) {
  return { template: { ...codeMessage().template, ...change } };
}

const [bodyPart, buttonPart] = codeComponents('012345');

describe('an accepted message', () => {
  it('is answered with input, wa_id and a wamid that holds the receiver', async () => {
    const { status, json } = await simulator.send({ to: '+1 (555) 123-4567' });

    expect(status).toBe(200);
    expect(json).toEqual({
      messaging_product: 'whatsapp',
      contacts: [{ input: '+1 (555) 123-4567', wa_id: '15551234567' }],
      messages: [{ id: expect.stringMatching(/^wamid\.HBg/), message_status: 'accepted' }],
    });
    const decoded = Buffer.from(json.messages[0].id.slice('wamid.'.length), 'base64').toString('latin1');
    expect(decoded).toMatch(/15551234567.*[0-9A-F]{18}/s);
  });

  it('is logged with code, words and correlation, and goes accepted, sent, delivered', async () => {
    await simulator.send({ biz_opaque_callback_data: 'corr-7f3a' });

    const message = await simulator.logged('delivered');

    expect(message).toMatchObject({
      seq: 1,
      to: RECEIVER,
      from: '584111111111',
      templateName: 'login_code',
      language: 'en_US',
      code: '012345',
      text: '*012345* is your verification code. For your security, do not share this code.',
      correlation: 'corr-7f3a',
    });
    expect(message.statuses.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'sent',
      'delivered',
    ]);
  });

  it.each([
    ['a Mexican mobile', '+525512345678', '5215512345678'],
    ['a Brazilian mobile outside the first area codes', '+5531987654321', '553187654321'],
    ['a Brazilian mobile in São Paulo', '+5511987654321', '5511987654321'],
  ])('of %s has the wa_id WhatsApp knows it by', async (_who, to, waId) => {
    expect((await simulator.send({ to })).json.contacts).toEqual([{ input: to, wa_id: waId }]);
  });

  it('reaches one handset in either spelling', async () => {
    await simulator.send({ to: '5215512345678' });

    expect((await simulator.control('GET', 'messages?to=%2B525512345678')).json.messages).toHaveLength(1);
  });

  it.each([
    ['an integer index', [bodyPart, { ...buttonPart, index: 0 }]],
    [
      'upper-case types',
      [
        { ...bodyPart, type: 'BODY' },
        { ...buttonPart, type: 'BUTTON', sub_type: 'URL' },
      ],
    ],
    ['a language policy', codeComponents('1')],
  ])('may have %s', async (_what, components) => {
    const language = { code: 'en_US', policy: 'deterministic' };
    expect((await simulator.send(template({ components, language }))).status).toBe(200);
  });

  it('of a utility template shows its words and buttons', async () => {
    const text = 'Someone signed in as {{1}} from {{2}} just now.';
    const buttons = [
      { type: 'QUICK_REPLY', text: 'It was me' },
      { type: 'URL', text: 'Review', url: 'https://example.com/{{1}}', example: ['https://example.com/1'] },
    ];
    await simulator.createTemplate({
      name: 'alert',
      category: 'UTILITY',
      components: [
        { type: 'BODY', text, example: { body_text: [['a', 'b']] } },
        { type: 'BUTTONS', buttons },
      ],
    });
    const values = ['Ana', 'Lima'].map((value) => ({ type: 'text', text: value }));
    const components = [
      { type: 'body', parameters: values },
      {
        type: 'button',
        sub_type: 'quick_reply',
        index: 0,
        parameters: [{ type: 'payload', payload: 'yes' }],
      },
      { type: 'button', sub_type: 'url', index: 1, parameters: [{ type: 'text', text: '42' }] },
    ];

    expect((await simulator.send(template({ name: 'alert', components }))).status).toBe(200);

    const [bubble] = (await simulator.control('GET', `phones/${RECEIVER}`)).json.messages;
    expect(bubble.text).toBe('Someone signed in as Ana from Lima just now.');
    expect(bubble.buttons).toEqual([
      { kind: 'reply', label: 'It was me', value: 'yes' },
      { kind: 'url', label: 'Review', value: 'https://example.com/42' },
    ]);
  });
});

describe('rates', () => {
  it('are off at first; the pair rate allows a burst of 45, then one in 6 s', async () => {
    for (let sent = 0; sent < 50; sent += 1) expect((await simulator.send()).status).toBe(200);

    await simulator.control('PUT', 'behavior', { rates: { pair: true } });
    for (let sent = 0; sent < 45; sent += 1) expect((await simulator.send()).status).toBe(200);
    expect((await simulator.send()).json.error).toMatchObject({
      code: 131056,
      message: '(#131056) (Business Account, Consumer Account) pair rate limit hit',
    });
    expect((await simulator.send({ to: '+15550001111' })).status).toBe(200);
    simulator.clock.step(6_000);
    expect((await simulator.send()).status).toBe(200);
  });
});
