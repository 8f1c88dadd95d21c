// Messangi's generators of the types beside WhatsApp, each end to end: sent, read where a person reads it, verified,
// canceled.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse, until } from '../support/house.js';
import { MessangiClient, otherThan } from '../support/messangi.js';
import { addInfobip } from '../support/other-accounts.js';

interface Route {
  type: 'SMS' | 'EMAIL';
  /** Makes the sender, and answers the channel of a generator. */
  channel(house: House): Promise<object>;
  receiver: string;
}

const ROUTES: Route[] = [
  {
    type: 'SMS',
    channel: async (house) => ({
      type: 'SMS',
      shortcode: (await addInfobip(house)).senderOn('sms'),
      text: 'Hola, su código es {{code}}.',
      placeholder: 'code',
    }),
    receiver: '+525512390001',
  },
  {
    type: 'EMAIL',
    channel: async (house) => ({
      type: 'EMAIL',
      from: house.demo.email!.senderAddress,
      text: 'Hola, su código es {{pin}}.',
      placeholder: 'pin',
    }),
    receiver: 'ana@example.com',
  },
];

describe.each(ROUTES)('a Messangi generator of type $type', ({ type, channel, receiver }) => {
  let house: House;
  let client: MessangiClient;
  let generator: number;
  let written: object;

  beforeAll(async () => {
    house = await openHouse();
    client = new MessangiClient(house);
    written = await channel(house);
    const created = await client.createGenerator({
      codeLength: 7,
      expirationMinutes: 20,
      channels: [written],
    });
    expect(created.status, created.text).toBe(200);
    generator = created.json.data.id;
  });
  afterAll(() => house.close());

  /** Sends, and answers what the person reads. */
  async function send(): Promise<{ requestId: string; text: string; code: string }> {
    const before = (await house.simulated(receiver)).length;
    const sent = await client.send(generator, receiver, type);
    expect(sent.status, sent.text).toBe(200);
    const messages = await until(
      () => house.simulated(receiver),
      (found) => found.length > before,
    );
    const { text, code } = messages.at(-1)!;
    return { requestId: sent.json.data.requestId, text, code };
  }

  it('answers the channel as it was written', async () => {
    const { json } = await client.generator('GET', generator);
    expect(json.data).toMatchObject({ codeLength: 7, expirationMinutes: 20, channels: [written] });
  });

  it('sends the words of the generator with the code in them, and takes the right answer once', async () => {
    const { requestId, text, code } = await send();
    expect(text.trim()).toBe(`Hola, su código es ${code}.`);
    expect(code).toMatch(/^\d{7}$/);
    expect((await client.status(generator, requestId)).json.data).toMatchObject({
      status: 'PENDING',
      userID: receiver,
      validationChannel: type,
    });
    const wrong = await client.verify(generator, requestId, otherThan(code));
    expect(wrong.json.errors.details.code).toBe('CODE_INVALID');
    expect((await client.verify(generator, requestId, code)).json.meta.explain).toBe('valid code');
    expect((await client.verify(generator, requestId, code)).status).not.toBe(200);
    expect((await client.status(generator, requestId)).json.data.status).toBe('VALIDATED');
  });

  it('cancels', async () => {
    const { requestId, code } = await send();
    expect((await client.cancel(generator, requestId)).status).toBe(200);
    expect((await client.status(generator, requestId)).json.data.status).toBe('CANCELED');
    expect((await client.verify(generator, requestId, code)).status).not.toBe(200);
  });

  it('refuses another channel, and a receiver that the channel does not reach', async () => {
    const other = await client.send(generator, receiver, 'WHATSAPP');
    expect([other.status, other.json.errors.details.code]).toEqual([409, 'CHANNEL_MISMATCH']);
    const wrong = receiver.includes('@') ? '+525512345678' : 'ana@example.com';
    const refused = await client.send(generator, wrong, type);
    expect([refused.status, refused.json.errors.details.code]).toEqual([400, 'INVALID_RECEIVER']);
  });
});
