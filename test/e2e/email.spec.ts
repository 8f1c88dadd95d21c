// A code by e-mail, from the request to the approval, through a real mail server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../support/house.js';

let house: House;
let generator: string;
beforeAll(async () => {
  house = await openHouse();
  const saved = await house.call('POST', '/v1/generators', {
    name: 'mail',
    channels: [{ channel: 'email', sender: house.demo.email!.senderAddress }],
  });
  expect(saved.status, saved.text).toBe(201);
  generator = saved.json.id;
});
afterAll(() => house.close());

const open = (receiver: string) => house.call('POST', '/v1/challenges', { generator, receiver });
const mailbox = (rule: object) => ask('PUT', `${house.simulator.url}/_sim/mailboxes`, rule);
const arrived = (to: string) =>
  until(
    () => house.simulated(to),
    (mails) => mails.length > 0,
  );
const state = async (id: string) => (await house.call('GET', `/v1/challenges/${id}`)).json.status;

describe('a code by e-mail', () => {
  it('arrives, in text and HTML, and is approved', async () => {
    const opened = await open('Ana+login@example.com');
    expect(opened.status, opened.text).toBe(201);
    expect(opened.json.channel).toBe('email');
    const [mail] = await arrived('ana+login@example.com');
    expect(mail).toMatchObject({ to: 'Ana+login@example.com', subject: 'Your sign-in code' });
    expect(mail!.text).toContain(mail!.code);
    expect(mail!.html).toContain(mail!.code);
    expect(mail!.correlation).toMatch(/^msg_[0-9a-z]+\.1@countersign\.example$/);
    const checked = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: mail!.code });
    expect(checked.json).toMatchObject({ status: 'approved', valid: true });
  });

  it('goes to an address whose domain is in another script (BI-21)', async () => {
    expect((await open('ana@bücher.example')).status).toBe(201);
    await arrived('ana@xn--bcher-kva.example');
  });

  it.each(['a@b', 'a b@c.de', 'a@x.de\r\nBcc:b@y.de', '"a@e x"@ok.de', 'a@x.de,b@y.de', '+525512345678'])(
    'is refused to %j, which is not one address (ATK-23, BI-21, BI-22)',
    async (receiver) => {
      const refused = await open(receiver);
      expect(refused.status).toBe(422);
      // What has no `@` is read as a phone number first, and may be wrong as one already.
      expect(refused.json.code).toMatch(/^receiver\.invalid_(email|phone)$/);
      expect(refused.json.errors).toMatchObject([{ pointer: '#/receiver' }]);
    },
  );

  it('is refused where the step wants a phone number (BI-22)', async () => {
    const whatsapp = await house.newGenerator();
    const refused = await house.call('POST', '/v1/challenges', {
      generator: whatsapp,
      receiver: 'a@example.com',
    });
    expect(refused.status).toBe(422);
    expect(refused.json.code).toBe('receiver.invalid_phone');
  });

  it('is the same question however the address is spelled (ATK-26)', async () => {
    const first = await open('bea@example.com');
    for (const spelling of ['BEA+x@example.com', 'bea@EXAMPLE.com']) {
      const again = await open(spelling);
      expect([again.status, again.json.id]).toEqual([201, first.json.id]);
    }
  });

  it('is tried again after a greylisting, and never after a refusal', async () => {
    await mailbox({ address: 'grey@example.com', kind: 'greylistOnce' });
    await mailbox({ address: 'none@example.com', kind: 'refuse' });
    const refused = await open('none@example.com');
    await open('grey@example.com');
    await arrived('grey@example.com');
    await until(
      () => state(refused.json.id),
      (found) => found === 'undeliverable',
    );
    expect(await house.simulated('none@example.com')).toEqual([]);
  });
});
