// A client of the WhatsApp Cloud API that others wrote, with its base URL set to the simulator: what it makes of the
// answers is what Meta's clients make of them.
import { buildTemplateSendPayload, GraphApiError, WhatsAppClient } from '@kapso/whatsapp-cloud-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECEIVER, SENDER, SimulatorUnderTest, WABA } from '../../apps/simulator/src/simulator.fixtures.js';

const CODE = '093751';
const PIN = '480713';

describe('@kapso/whatsapp-cloud-api at the simulator', () => {
  let simulator: SimulatorUnderTest;
  let client: WhatsAppClient;

  beforeAll(async () => {
    simulator = await SimulatorUnderTest.start();
    client = new WhatsAppClient({ accessToken: 'simulator-access-token', baseUrl: simulator.url });
  });
  afterAll(() => simulator.stop());

  type Sent = Parameters<WhatsAppClient['messages']['sendTemplate']>[0]['template'];

  /** Its builder's type is narrower than what its own sender takes. */
  const codeTemplate = (name: string): Sent =>
    buildTemplateSendPayload({
      name,
      language: 'en_US',
      body: [{ type: 'text', text: CODE }],
      buttons: [{ type: 'button', subType: 'url', index: 0, parameters: [{ type: 'text', text: CODE }] }],
    }) as unknown as Sent;

  /** What the client makes of a refusal. */
  async function refusal(call: Promise<unknown>): Promise<GraphApiError> {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof GraphApiError)) throw new Error(`no error of Graph: ${String(error)}`);
    return error;
  }

  it('creates an authentication template, and reads it back', async () => {
    const created = await client.templates.create({
      businessAccountId: WABA,
      name: 'client_code',
      language: 'en_US',
      category: 'AUTHENTICATION',
      components: [
        { type: 'BODY', add_security_recommendation: true },
        { type: 'FOOTER', code_expiration_minutes: 5 },
        { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
      ],
    });
    expect(created).toMatchObject({ id: expect.stringMatching(/^\d+$/) });
    const { data } = await client.templates.list({ businessAccountId: WABA });
    expect(data).toEqual([
      expect.objectContaining({ name: 'client_code', language: 'en_US', status: 'APPROVED' }),
    ]);
  });

  it('sends the code in it, and it is on the phone', async () => {
    const sent = await client.messages.sendTemplate({
      phoneNumberId: SENDER,
      to: `+${RECEIVER}`,
      template: codeTemplate('client_code'),
    });
    expect(sent.messages[0]!.id).toMatch(/^wamid\./);
    const logged = await simulator.logged('delivered');
    expect(logged).toMatchObject({ wamid: sent.messages[0]!.id, code: CODE });
    const { text } = await simulator.call('GET', `/_sim/messages?to=${RECEIVER}`);
    expect(text).toContain(`*${CODE}* is your verification code.`);
  });

  it('registers a number with its PIN, and understands a wrong one', async () => {
    await client.phoneNumbers.register({ phoneNumberId: SENDER, pin: PIN });
    const wrong = await refusal(client.phoneNumbers.register({ phoneNumberId: SENDER, pin: '777001' }));
    expect(wrong).toMatchObject({ code: 133005, httpStatus: 400 });
    expect(JSON.stringify(wrong)).not.toContain(PIN);
    await client.phoneNumbers.deregister({ phoneNumberId: SENDER });
    const gone = await refusal(client.phoneNumbers.deregister({ phoneNumberId: SENDER }));
    expect(gone).toMatchObject({ code: 100, errorSubcode: 2207051 });
    await client.phoneNumbers.register({ phoneNumberId: SENDER, pin: PIN });
  });

  it('asks for a code to the number, and proves it', async () => {
    await client.phoneNumbers.requestCode({ phoneNumberId: SENDER, codeMethod: 'SMS', language: 'en_US' });
    const { json } = await simulator.control('GET', 'accounts');
    const { verificationCode: code } = json.accounts[0].phoneNumbers[0];
    const wrong = { phoneNumberId: SENDER, code: code === '000000' ? '000001' : '000000' };
    expect(await refusal(client.phoneNumbers.verifyCode(wrong))).toMatchObject({ code: 136025 });
    await client.phoneNumbers.verifyCode({ phoneNumberId: SENDER, code });
  });

  it.each([
    ['a template that there is not', 'no_such_template', 132001, 'template'],
    ['a wrong token', 'client_code', 190, 'authorization'],
  ])('sorts %s as its own table does', async (what, name, code, category) => {
    const accessToken = what === 'a wrong token' ? 'a-token-of-nobody' : 'simulator-access-token';
    const asked = new WhatsAppClient({ accessToken, baseUrl: simulator.url });
    const error = await refusal(
      asked.messages.sendTemplate({ phoneNumberId: SENDER, to: RECEIVER, template: codeTemplate(name) }),
    );
    expect(error).toMatchObject({ code, category });
  });

  it('is throttled in a way that it takes for that', async () => {
    await simulator.control('PUT', 'behavior', { faults: [{ kind: 'graphError', code: 130429, times: 1 }] });
    const error = await refusal(
      client.messages.sendTemplate({
        phoneNumberId: SENDER,
        to: RECEIVER,
        template: codeTemplate('client_code'),
      }),
    );
    expect([error.code, error.isRateLimit()]).toEqual([130429, true]);
  });
});
