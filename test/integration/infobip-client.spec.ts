// Infobip's own client, unchanged, and the request of Infobip's tutorial, against the simulator.
import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { eventually, SimulatorUnderTest } from '../../apps/simulator/src/simulator.fixtures.js';

const KEY = new SimulatorConfig().infobipApiKey;
const SENDER = '441134960000';
const RECEIVER = '441134960001';
const AUTHORIZED = { authorization: `App ${KEY}` };

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
afterAll(() => simulator.stop());

interface Bubble {
  channel: string;
  text: string;
  status: string;
  senderDisplay: string;
  buttons: { kind: string; label: string; value?: string }[];
}

/** The newest message on the receiver's phone, once it is there. */
function onThePhone(channel: string, text: string): Promise<Bubble> {
  return eventually(async () => {
    const { json } = await simulator.control('GET', `phones/${RECEIVER}`);
    return (json.messages as Bubble[]).find(
      (bubble) => bubble.channel === channel && bubble.text.includes(text) && bubble.status === 'delivered',
    );
  });
}

function createTemplate(template: object): Promise<{ status: number }> {
  const path = `/infobip/whatsapp/2/senders/${SENDER}/templates`;
  return simulator.call('POST', path, template, AUTHORIZED);
}

describe('@infobip-api/sdk', () => {
  const client = (apiKey: string): Infobip =>
    new Infobip({ baseUrl: `${simulator.url}/infobip`, apiKey, authType: AuthType.ApiKey });

  it('sends a WhatsApp template that arrives with the code in text and button', async () => {
    const created = await createTemplate({
      name: 'login_code',
      language: 'en',
      category: 'AUTHENTICATION',
      structure: {
        body: { addSecurityRecommendation: true },
        footer: { codeExpirationMinutes: 5 },
        buttons: [{ otpType: 'COPY_CODE', text: 'Copy code' }],
      },
    });
    expect(created.status).toBe(201);

    const answer = await client(KEY).channels.whatsapp.send({
      type: 'template',
      messages: [
        {
          from: SENDER,
          to: RECEIVER,
          content: {
            templateName: 'login_code',
            language: 'en',
            templateData: {
              body: { placeholders: ['048213'] },
              buttons: [{ type: 'URL', parameter: '048213' }],
            },
          },
        },
      ],
    } as never);
    expect(answer.data.messages).toMatchObject([
      { to: RECEIVER, messageCount: 1, status: { groupName: 'PENDING', name: 'PENDING_ENROUTE' } },
    ]);

    const bubble = await onThePhone('whatsapp', '048213');
    expect(bubble.text).toBe(
      '*048213* is your verification code. For your security, do not share this code.',
    );
    expect(bubble.buttons).toEqual([{ kind: 'copy', label: 'Copy code', value: '048213' }]);
  });

  it('sends an SMS', async () => {
    const answer = await client(KEY).channels.sms.send({
      messages: [{ from: 'Example', destinations: [{ to: RECEIVER }], text: 'Your code is 771204' }],
    });
    expect(answer.data.messages).toMatchObject([{ to: RECEIVER, status: { groupName: 'PENDING' } }]);
    expect(await onThePhone('sms', '771204')).toMatchObject({ text: 'Your code is 771204' });
  });

  it('is told by its own error object that a key is wrong', async () => {
    const error = await client('a-key-of-nobody').channels.sms.send({
      messages: [{ from: 'Example', destinations: [{ to: RECEIVER }], text: 'Your code is 660000' }],
    });
    expect(error).toBeInstanceOf(Error);
    expect(error.response.status).toBe(401);
    expect(error.response.data.requestError.serviceException.messageId).toBe('UNAUTHORIZED');
  });
});

describe('the request of Infobip’s tutorial', () => {
  // With `GB` where a language stands, as printed there; its own table of templates says `en`.
  const REQUEST = {
    messages: [
      {
        from: SENDER,
        to: RECEIVER,
        messageId: 'a28dd97c-1ffb-4fcf-99f1-0b557ed381da',
        content: {
          templateName: 'card_activation',
          templateData: { body: { placeholders: ['Nick'] } },
          language: 'GB',
        },
      },
    ],
  };
  const cardActivation = (language: string, greeting: string): object => ({
    name: 'card_activation',
    language,
    category: 'UTILITY',
    structure: {
      type: 'TEXT',
      body: {
        text: `${greeting} {{1}}, your credit card has been sent to your address today. In order to activate your card, please give us a call.`,
        examples: ['Nick'],
      },
      buttons: [{ type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '441123456789' }],
    },
  });
  const post = (headers: Record<string, string>) =>
    simulator.call('POST', '/infobip/whatsapp/1/message/template', REQUEST, headers);

  it('finds the template in en while there is none in en_GB, and then that one', async () => {
    await createTemplate(cardActivation('en', 'Hi'));
    const basic = { authorization: `Basic ${Buffer.from(`simulator:${KEY}`).toString('base64')}` };
    const answer = await post(basic);
    expect(answer.json.messages).toMatchObject([
      { to: RECEIVER, messageId: 'a28dd97c-1ffb-4fcf-99f1-0b557ed381da', status: { id: 7 } },
    ]);
    const bubble = await onThePhone('whatsapp', 'Hi Nick, your credit card has been sent');
    expect(bubble.buttons).toEqual([{ kind: 'phone', label: 'Contact Us', value: '+441123456789' }]);

    await createTemplate(cardActivation('en_GB', 'Dear'));
    await post(AUTHORIZED);
    await onThePhone('whatsapp', 'Dear Nick, your credit card has been sent');
  });
});
