import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../../support/house.js';
import { behave } from '../../support/second-account.js';

/** A phone number and, for the steps that cannot reach one, an e-mail address: one challenge, one code. */
describe('a receiver of each kind', () => {
  let house: House;
  let plan: string;

  beforeAll(async () => {
    house = await openHouse();
    const single = await house.call('GET', `/v1/generators/${await house.newGenerator()}`);
    const email = { channel: 'email', sender: house.demo.email!.senderAddress };
    const saved = await house.call('POST', '/v1/generators', {
      name: 'both',
      channels: [...single.json.channels, email],
    });
    expect(saved.status, saved.text).toBe(201);
    plan = saved.json.id;
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const open = async (receiver: string, fallbackReceiver?: string): Promise<string> => {
    const opened = await house.call('POST', '/v1/challenges', {
      generator: plan,
      receiver,
      fallbackReceiver,
    });
    expect(opened.status, opened.text).toBe(201);
    return opened.json.id;
  };
  const codeAt = async (receiver: string): Promise<string> => {
    const [message] = await until(
      () => house.simulated(receiver),
      (messages) => messages.length > 0,
    );
    return message!.code;
  };

  it('falls back to the other address, with the code of the first', async () => {
    await behave(house, { faults: [{ match: {}, kind: 'graphError', code: 131026, times: 1 }] });
    const id = await open('+525512350101', 'fallback@example.com');
    const code = await codeAt('fallback@example.com');
    const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code });
    expect(checked.json).toMatchObject({ status: 'approved', sends: 2 });
  });

  it('goes to the other address when the caller asks for its channel', async () => {
    const id = await open('+525512350102', 'asked@example.com');
    const code = await codeAt('+525512350102');
    const again = await house.call('POST', `/v1/challenges/${id}/resend`, { channel: 'email' });
    expect(again.status, again.text).toBe(200);
    expect(again.json).toMatchObject({ channel: 'email', sends: 2 });
    expect(await codeAt('asked@example.com')).toBe(code);
  });

  it('refuses that channel where no such address was given', async () => {
    const id = await open('+525512350103');
    const refused = await house.call('POST', `/v1/challenges/${id}/resend`, { channel: 'email' });
    expect(refused.status).toBe(422);
    expect(refused.json.code).toBe('receiver.invalid_email');
  });
});
