import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  codeMessage,
  eventually,
  pause,
  RECEIVER,
  SENDER,
  SimulatorUnderTest,
} from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
});

afterEach(() => simulator.stop());

async function logCount(): Promise<number> {
  return (await simulator.control('GET', 'messages')).json.messages.length;
}

describe('latency', () => {
  it('delays the answer of a message that is logged already, so that a client that gave up left it behind', async () => {
    await simulator.control('PUT', 'behavior', { latencyMs: 20_000 });
    const abort = new AbortController();
    const answer = fetch(`${simulator.url}/v23.0/${SENDER}/messages`, {
      method: 'POST',
      headers: { authorization: 'Bearer simulator-access-token', 'content-type': 'application/json' },
      body: JSON.stringify(codeMessage()),
      signal: abort.signal,
    });
    const given = expect(answer).rejects.toThrow();

    await eventually(async () => ((await logCount()) === 1 ? true : undefined));
    abort.abort();
    await given;

    expect((await simulator.logged('delivered')).code).toBe('012345');
  });
});

describe('faults', () => {
  const fault = (kind: string, more = {}) =>
    simulator.control('PUT', 'behavior', { faults: [{ match: {}, kind, ...more }] });

  it('answer a status with Retry-After, as often as asked, for the receiver asked', async () => {
    await fault('status', { match: { to: `+${RECEIVER}` }, status: 503, retryAfter: 7, times: 1 });

    expect((await simulator.send({ to: '+15550001111' })).status).toBe(200);
    const refused = await simulator.send();
    expect([refused.status, refused.headers['retry-after'], refused.json.error.code]).toEqual([503, '7', 2]);
    expect((await simulator.send()).status).toBe(200);
  });

  it('answer a Graph error with its own HTTP status', async () => {
    await fault('graphError', { code: 131031 });

    const { status, json } = await simulator.send();
    expect([status, json.error.code, json.error.message]).toEqual([
      403,
      131031,
      '(#131031) Business Account locked',
    ]);
  });

  it.each(['reset', 'hang'])('%s accepts nothing', async (kind) => {
    await fault(kind);

    await expect(
      Promise.race([simulator.send(), pause(300).then(() => Promise.reject(new Error('silence')))]),
    ).rejects.toThrow();
    expect(await logCount()).toBe(0);
  });

  it('cut the connection after acceptance', async () => {
    await fault('resetAfterAccept');

    await expect(simulator.send()).rejects.toThrow();
    expect((await simulator.logged('delivered')).to).toBe(RECEIVER);
  });

  it('answer half a document after acceptance', async () => {
    await fault('malformed');

    const { status, text } = await simulator.send();
    expect(status).toBe(200);
    expect(() => JSON.parse(text)).toThrow();
    expect(await logCount()).toBe(1);
  });

  it('answer nothing, or a byte a second, after acceptance', async () => {
    await fault('empty');
    const { status, text } = await simulator.send();
    expect([status, text]).toEqual([200, '']);

    await fault('drip');
    const slow = simulator.send();
    slow.catch(() => undefined);
    expect(await Promise.race([slow, pause(1_500).then(() => 'still going')])).toBe('still going');
    expect(await logCount()).toBe(2);
  });

  it('put any text where a delay should be', async () => {
    for (const retryAfter of [2, 'soon', 'Fri, 27 Nov 2026 00:00:00 GMT']) {
      await fault('status', { status: 429, retryAfter });
      expect((await simulator.send()).headers['retry-after']).toBe(String(retryAfter));
    }
  });

  it('answer a page, or 64 MB, and accept nothing', async () => {
    await fault('html');
    const page = await simulator.send();
    expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html; charset=utf-8']);

    await fault('huge');
    const flood = await simulator.send();
    expect([flood.status, flood.text.length > 60_000_000]).toEqual([200, true]);
    expect(await logCount()).toBe(0);
  });

  it.each([
    [{ faults: [{ kind: 'explode' }] }, 'faults[0].kind'],
    [{ latency: 5 }, 'latency'],
    [{ webhooks: { delay: 5 } }, 'webhooks.delay'],
    [{ approval: 'maybe' }, 'approval'],
    ['{"latencyMs":', 'body'],
  ])('are refused when misspelled: %j', async (body, path) => {
    const { status, json } = await simulator.control('PUT', 'behavior', body);
    expect([status, json.error.message.startsWith(path)]).toEqual([400, true]);
  });

  it('go on reset', async () => {
    await fault('reset');
    const { json } = await simulator.control('POST', 'behavior/reset');

    expect(json).toMatchObject({
      faults: [],
      latencyMs: 0,
      approval: 'auto',
      webhooks: { mute: false, duplicate: 0 },
    });
    expect((await simulator.send()).status).toBe(200);
  });
});

describe('magic numbers', () => {
  it('are documented and can be switched off', async () => {
    const { json } = await simulator.control('GET', 'magic-numbers');
    expect(json.magicNumbers).toContainEqual({
      number: '+12025550126',
      effect: expect.stringContaining('131026'),
    });

    expect((await simulator.send({ to: '+12025550129' })).json.error.code).toBe(130429);
    await simulator.control('PUT', 'behavior', { magicNumbers: false });
    expect((await simulator.send({ to: '+12025550129' })).status).toBe(200);
  });
});
