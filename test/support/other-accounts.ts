// Accounts of the demo tenant at other providers than Meta, all played by the house's simulator.
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { type Answer, ask, type House, until } from './house.js';

const SEEDED = new SimulatorConfig();
/** What a provider without signatures puts into a header, so that its webhooks are believed. */
const WEBHOOK_SECRET = 'webhook-secret-of-ours-1';
/** Those of Infobip's channels that people write to. */
const LISTENING = ['whatsapp', 'sms', 'viber', 'line', 'kakao', 'zalo'];

export interface OtherAccount {
  id: string;
  sender: string;
}

async function expectStatus(wanted: number, calling: Promise<Answer>): Promise<Answer['json']> {
  const { status, text, json } = await calling;
  if (status !== wanted) throw new Error(`${status} ${text}`);
  return json;
}

/** Infobip with a sender on each of its channels, named alike: `InfoSMS`, and a number for WhatsApp. */
export async function addInfobip(house: House): Promise<{ id: string; senderOn(channel: string): string }> {
  const simulator = house.simulator.url;
  const senders: Record<string, string> = { whatsapp: '441134960000', email: 'codes@infobip.example' };
  const senderOn = (channel: string): string => senders[channel] ?? `Info${channel}`;
  const account = await expectStatus(
    201,
    house.call('POST', '/v1/accounts', {
      name: 'infobip',
      provider: 'infobip',
      config: {
        baseUrl: `${simulator}/infobip`,
        apiKey: SEEDED.infobipApiKey,
        webhookSecrets: [SEEDED.infobipWebhookSecret],
        whatsappSender: senders['whatsapp'],
        kakao: { templateCode: 'code_1', text: 'Your code is {code}.' },
        zalo: { templateId: 42, codeParameter: 'otp' },
        voice: { language: 'en' },
      },
      countries: ['*'],
      senders: ['whatsapp', 'sms', 'voice', 'email', 'viber', 'line', 'kakao', 'zalo'].map((channel) => ({
        channel,
        address: senderOn(channel),
      })),
    }),
  );
  const { url } = account.webhook;
  await expectStatus(
    200,
    ask('PUT', `${simulator}/_sim/infobip`, {
      templateUrl: url,
      senders: LISTENING.map((channel) => ({ channel, address: senderOn(channel), url })),
    }),
  );
  return { id: account.id, senderOn };
}

/** What each kind of number at 360dialog is called here. */
const NUMBERS = {
  cloud: { phoneNumberId: '200000000000360', sender: '584133333333', apiKey: SEEDED.dialog360ApiKey },
  'on-premise': { phoneNumberId: '200000000000361', sender: '584144444444', apiKey: 'key-of-on-premise' },
};

/** A WhatsApp number behind 360dialog, with an approved English template. */
export async function addDialog360(
  house: House,
  kind: keyof typeof NUMBERS = 'cloud',
): Promise<OtherAccount & { template: string }> {
  const simulator = house.simulator.url;
  const { phoneNumberId, sender, apiKey } = NUMBERS[kind];
  await expectStatus(
    200,
    ask('PUT', `${simulator}/_sim/accounts`, {
      wabaId: '100000000000360',
      accessToken: 'token-of-360dialog',
      appSecret: 'secret-of-360dialog',
      phoneNumbers: [{ id: phoneNumberId, displayNumber: sender, registered: true, verified: true }],
    }),
  );
  const key = await expectStatus(
    200,
    ask('PUT', `${simulator}/_sim/dialog360`, { apiKey, phoneNumberId, kind }),
  );
  const account = await expectStatus(
    201,
    house.call('POST', '/v1/accounts', {
      name: `dialog360 ${kind}`,
      provider: 'dialog360',
      config: {
        kind,
        ...(kind === 'on-premise' && { namespace: key.namespace }),
        baseUrl: `${simulator}/dialog360`,
        apiKey,
        webhookSecrets: [WEBHOOK_SECRET],
      },
      countries: ['*'],
      senders: [{ channel: 'whatsapp', address: sender, externalId: phoneNumberId }],
    }),
  );
  await expectStatus(
    200,
    ask(
      'POST',
      account.webhook.configureAt,
      { url: account.webhook.url, headers: { [account.webhook.header]: WEBHOOK_SECRET } },
      { 'D360-API-KEY': apiKey },
    ),
  );
  const template = await approvedTemplate(house, account.id, `through_360_${kind.replace('-', '_')}`);
  return { id: account.id, sender, template };
}

/** Twilio with a number for SMS and one for WhatsApp, both of which people can write to. */
export async function addTwilio(house: House): Promise<{ id: string; senderOn: Record<string, string> }> {
  const simulator = house.simulator.url;
  const senderOn = { sms: '15550783881', whatsapp: '15550783882' };
  const senders = Object.entries(senderOn).map(([channel, address]) => ({ channel, address }));
  const account = await expectStatus(
    201,
    house.call('POST', '/v1/accounts', {
      name: 'twilio',
      provider: 'twilio-messaging',
      config: {
        baseUrl: `${simulator}/twilio`,
        accountSid: SEEDED.twilioAccountSid,
        authTokens: [SEEDED.twilioAuthToken],
      },
      countries: ['*'],
      senders,
    }),
  );
  const { url } = account.webhook;
  await expectStatus(
    200,
    ask('PUT', `${simulator}/_sim/twilio`, { senders: senders.map((sender) => ({ ...sender, url })) }),
  );
  return { id: account.id, senderOn };
}

/** An English authentication template of the account, once it is approved. */
export async function approvedTemplate(
  house: House,
  account: string,
  name: string,
  content: object = {},
): Promise<string> {
  const languages = [{ language: 'en', ...content }];
  const body = { account, name, category: 'AUTHENTICATION', languages };
  const { id } = await expectStatus(201, house.call('POST', '/v1/templates', body));
  await until(
    () => house.call('POST', `/v1/templates/${id}/sync`),
    ({ json }) => json.languages[0].status === 'approved',
  );
  return id;
}
