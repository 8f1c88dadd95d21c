import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { type StartedProcess, startBuilt } from '../support/processes.js';

/** Said of every answer while Redis is away. */
const ANSWER_WITHIN_MS = 1_200;

/** FI-07, FI-08, FI-09, STD-31: without Redis nothing is sent or approved, every call says so at once, and it heals by itself. */
describe('Redis away', () => {
  let house: House;
  let api: StartedProcess;
  let generator: string;

  beforeAll(async () => {
    house = await openHouse();
    api = await startBuilt('api', house.environment);
    generator = await house.newGenerator();
  });
  afterAll(async () => {
    await api.kill();
    await house.close();
  });

  it.each([
    {
      how: 'stopped',
      away: () => house.redisServer.kill('SIGKILL'),
      back: () => house.redisServer.restart(),
    },
    {
      how: 'hanging',
      away: () => house.redisServer.kill('SIGSTOP'),
      back: () => house.redisServer.kill('SIGCONT'),
    },
  ])('$how: 503 with Retry-After within 1.2 s, and recovery without a restart', async ({ away, back }) => {
    const opened = await call('POST', '/v1/challenges', { generator, receiver: '+525512501001' });
    const { json } = await call('GET', `/v1/challenges/${opened.json.id}/code`);
    await away();
    const calls = [
      () => call('POST', '/v1/challenges', { generator, receiver: '+525512501002' }),
      () => call('POST', `/v1/challenges/${opened.json.id}/check`, { code: json.code }),
      () => call('GET', `/v1/challenges/${opened.json.id}`),
      () => call('POST', `/v1/challenges/${opened.json.id}/cancel`),
    ];
    for (const one of calls) {
      const startedAt = performance.now();
      const answer = await one();
      expect(performance.now() - startedAt).toBeLessThan(ANSWER_WITHIN_MS);
      expect(answer.status).toBe(503);
      expect(answer.json.code).toBe('dependency.unavailable');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    expect((await ask('GET', `${api.url}/health/ready`)).status).toBe(503);
    expect((await ask('GET', `${api.url}/health/live`)).status).toBe(200);
    await back();
    await until(
      () => ask('GET', `${api.url}/health/ready`),
      (answer) => answer.status === 200,
    );
    // What a hanging Redis did with the calls it was sent is told only now: an answer that timed out may have counted.
    const after = await call('GET', `/v1/challenges/${opened.json.id}`);
    expect(['pending', 'approved', 'canceled']).toContain(after.json.status);
    expect((await call('POST', '/v1/challenges', { generator, receiver: '+525512501003' })).status).toBe(201);
  });

  function call(method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(method, api.url + path, body, { authorization: `Bearer ${house.demo.apiKey}` });
  }
});
