import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  pause,
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

describe('subscription', () => {
  it('fails as Graph does when the challenge does not come back', async () => {
    const path = `${WABA}/subscribed_apps`;
    const wrongToken = await simulator.graph('POST', path, {
      override_callback_uri: receiver.url,
      verify_token: 'wrong',
    });
    receiver.challengePrefix = 'x';
    const wrongChallenge = await simulator.subscribe(receiver.url);
    const nobody = await simulator.subscribe('http://127.0.0.1:9/hook');
    const noToken = await simulator.graph('POST', path, { override_callback_uri: receiver.url });

    expect(wrongToken.json.error).toMatchObject({
      code: 2200,
      message: expect.stringContaining('HTTP Status Code = 403; HTTP Message = Forbidden'),
    });
    expect(wrongChallenge.json.error).toMatchObject({
      code: 2200,
      message: expect.stringContaining('does not match challenge'),
    });
    expect(nobody.json.error.code).toBe(2200);
    expect(noToken.json.error.code).toBe(100);
    expect([wrongToken, wrongChallenge, nobody, noToken].map(({ status }) => status)).toEqual([
      400, 400, 400, 400,
    ]);
  });

  it('is listed and can be taken away; then nothing is sent', async () => {
    const path = `${WABA}/subscribed_apps`;
    expect((await simulator.graph('GET', path)).json.data).toMatchObject([
      { override_callback_uri: receiver.url, whatsapp_business_api_data: { id: expect.any(String) } },
    ]);

    expect((await simulator.graph('DELETE', path)).json).toEqual({ success: true });

    expect((await simulator.graph('GET', path)).json).toEqual({ data: [] });
    await simulator.send();
    await simulator.logged('delivered');
    await pause(50);
    expect(receiver.deliveries).toHaveLength(0);
  });

  it('prefers the callback of the phone number to that of the WABA', async () => {
    const own = await new WebhookReceiver().start();
    const webhook_configuration = { override_callback_uri: own.url, verify_token: 'let-me-in' };
    expect((await simulator.graph('POST', SENDER, { webhook_configuration })).json).toEqual({
      success: true,
    });

    await simulator.send();
    await eventually(() => (own.statuses().length === 2 ? true : undefined));

    expect(receiver.deliveries).toHaveLength(0);
    await own.stop();
  });
});
