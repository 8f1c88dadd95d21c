import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../support/house.js';
import { addInfobip } from '../support/other-accounts.js';
import { person } from '../support/person.js';

const BODY =
  'Hi {{1}},\nYour credit card has been sent to your address today. In order to activate your card, please give us a call.';

/** The walk of the tutorial about credit card activation: a template with words, a value and a number to call. */
describe('a card is activated by a call', () => {
  let house: House;
  let template: string;

  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  const body = (name: string): object => ({
    account: house.demo.accountId,
    name,
    category: 'UTILITY',
    languages: [
      {
        language: 'en',
        body: BODY,
        samples: ['Nick'],
        buttons: [{ type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '+441123456789' }],
      },
    ],
  });

  it('the name of the tutorial is refused with the way to write it', async () => {
    const refused = await house.call('POST', '/v1/templates', body('Card_activation'));
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [{ pointer: '#/name', code: 'format', detail: expect.stringContaining('lower case') }],
    ]);
  });

  it('the template is submitted, and approved by webhook', async () => {
    const created = await house.call('POST', '/v1/templates', body('card_activation'));
    expect(created.status, created.text).toBe(201);
    expect(created.json).toMatchObject({
      category: 'UTILITY',
      // The review may be over when its answer is read.
      languages: [{ status: expect.stringMatching(/^(pending|approved)$/), body: BODY }],
    });
    template = created.json.id;
    const { json } = await until(
      () => house.call('GET', `/v1/templates/${template}`),
      (answer) => answer.json.languages[0].status === 'approved',
    );
    expect(json.languages).toMatchObject([{ language: 'en', samples: ['Nick'] }]);
    const events = await house.call('GET', `/v1/templates/${template}/events`);
    expect(events.json.items).toMatchObject([{ type: 'template.approved', subject: template }]);
  });

  it('it is shown before it is sent', async () => {
    const { json } = await house.call('GET', `/v1/templates/${template}/preview`);
    expect(json.items).toEqual([
      { language: 'en', body: BODY.replace('{{1}}', 'Nick'), buttons: ['Contact Us'], source: 'content' },
    ]);
  });

  it('bound to a challenge it is on the phone, with its value and its button', () =>
    expectOnPhone(house.demo.senderAddress, template, '+525512348001'));

  it('through Infobip too, where it is made, approved and sent as well', async () => {
    const infobip = await addInfobip(house);
    const made = await approved({ ...body('card_activation'), account: infobip.id });
    await expectOnPhone(infobip.senderOn('whatsapp'), made, '+525512348002');
  });

  it('with two quick replies the same words are a question, which the person answers', async () => {
    const asking = body('card_activation_question') as { languages: { buttons: object[] }[] };
    asking.languages[0]!.buttons.unshift(
      { type: 'QUICK_REPLY', text: 'It is here' },
      { type: 'QUICK_REPLY', text: 'I asked for none' },
    );
    const generator = await newGenerator(house.demo.senderAddress, await approved(asking), {});
    const receiver = '+525512348003';
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver, values: ['Nick'] });
    const nick = person(house, receiver);
    const bubble = await nick.waitsFor('whatsapp', 'Hi Nick');
    expect(bubble.buttons.map(({ kind, label }) => [kind, label])).toEqual([
      ['reply', 'It is here'],
      ['reply', 'I asked for none'],
      ['phone', 'Contact Us'],
    ]);
    await nick.presses(bubble.id, 'I asked for none');
    await until(
      () => house.call('GET', `/v1/challenges/${opened.json.id}`),
      ({ json }) => json.status === 'denied',
    );
  });

  async function approved(template: object): Promise<string> {
    const made = await house.call('POST', '/v1/templates', template);
    expect(made.status, made.text).toBe(201);
    await until(
      () => house.call('GET', `/v1/templates/${made.json.id}`),
      (answer) => answer.json.languages[0].status === 'approved',
    );
    return made.json.id;
  }

  async function newGenerator(sender: string, id: string, confirm: object): Promise<string> {
    const saved = await house.call('POST', '/v1/generators', {
      name: 'cards',
      kind: 'confirm',
      confirm,
      channels: [{ channel: 'whatsapp', sender, template: id }],
    });
    expect(saved.status, saved.text).toBe(201);
    return saved.json.id;
  }

  /** A message that only tells: it is delivered, no reply decides it, and whoever takes the call ends it. */
  async function expectOnPhone(sender: string, id: string, receiver: string): Promise<void> {
    const generator = await newGenerator(sender, id, { expectsAnswer: false });
    const lacking = await house.call('POST', '/v1/challenges', { generator, receiver });
    expect([lacking.status, lacking.json.errors]).toMatchObject([
      422,
      [{ pointer: '#/values', code: 'count' }],
    ]);
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver, values: ['Nick'] });
    expect(opened.status, opened.text).toBe(201);
    const challenge = `/v1/challenges/${opened.json.id}`;
    await until(
      () => house.call('GET', challenge),
      ({ json }) => json.messages[0].status === 'delivered',
    );
    const { json: phone } = await ask('GET', `${house.simulator.url}/_sim/phones/${receiver.slice(1)}`);
    expect(phone.messages).toMatchObject([
      {
        text: BODY.replace('{{1}}', 'Nick'),
        buttons: [{ kind: 'phone', label: 'Contact Us', value: '+441123456789' }],
      },
    ]);
    await person(house, receiver).types('whatsapp', 'Yes', sender);
    await person(house, receiver).quotes(phone.messages[0].id, 'Yes');
    expect((await house.call('GET', challenge)).json.status).toBe('pending');
    expect((await house.call('POST', `${challenge}/cancel`, {})).json.status).toBe('canceled');
  }

  it('no code goes out in it', async () => {
    const channels = [{ channel: 'whatsapp', sender: house.demo.senderAddress, template }];
    const refused = await house.call('POST', '/v1/generators', { name: 'cards', channels });
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [
        {
          pointer: '#/channels/0/template',
          code: 'not_allowed',
          detail: expect.stringContaining('AUTHENTICATION templates only'),
        },
      ],
    ]);
  });
});
