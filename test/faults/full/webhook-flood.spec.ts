import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelope, post, signature, statusesBody, statusItem } from '../../support/graph-webhooks.js';
import { ask, type House, openHouse, type SimulatedMessage, until } from '../../support/house.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';

const A_SECOND = 1_000;
const SECONDS = 10;
const STATUSES = 1_000;
const WHOLE_WEBHOOKS = 520;

/** FI-35 against a process of its own, so that what is measured is not the measuring. */
describe('an API under a flood of webhooks', () => {
  let house: House;
  let api: StartedProcess;
  let url: string;
  let message: SimulatedMessage & { challenge: string };

  beforeAll(async () => {
    house = await openHouse();
    api = await startBuilt('api', house.environment);
    url = `${api.url}/webhooks/meta-cloud/${house.demo.accountId}`;
    // Its template is approved by a webhook.
    const generator = await house.newGenerator();
    await ask('PUT', `${house.simulator.url}/_sim/behavior`, { webhooks: { mute: true } });
    const receiver = '+525513800001';
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
    const [sent] = await until(
      () => house.simulated(receiver),
      (found) => found.length > 0,
    );
    message = { ...sent!, challenge: opened.json.id };
  });
  afterAll(async () => {
    await api.kill();
    await house.close();
  });

  it('FI-35 1,000 a second about messages that nobody knows: every one answered, in time', async () => {
    const took: number[] = [];
    const statuses = new Map<number, number>();
    const underWay: Promise<void>[] = [];
    const from = performance.now();
    for (let count = 0; count < A_SECOND * SECONDS; count++) {
      const body = statusesBody([
        statusItem({ id: `wamid.${count}`, status: 'delivered', correlation: 'corr-7f3a' }),
      ]);
      const sentAt = performance.now();
      underWay.push(
        post(house, body, signature(body), url).then(({ status }) => {
          took.push(performance.now() - sentAt);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }),
      );
      const dueAt = from + ((count + 1) / A_SECOND) * 1_000;
      if (performance.now() < dueAt)
        await new Promise((resolve) => setTimeout(resolve, dueAt - performance.now()));
    }
    await Promise.all(underWay);
    const seconds = (performance.now() - from) / 1_000;
    took.sort((a, b) => a - b);
    const at = (share: number): number => Math.round(took[Math.floor(took.length * share)]!);
    console.log(
      `FI-35: ${took.length} webhooks at ${Math.round(took.length / seconds)} a second; answered in ` +
        `${at(0.5)} ms (half), ${at(0.99)} ms (99 of 100), ${at(0.9999)} ms (the slowest)`,
    );
    expect([...statuses]).toEqual([[200, A_SECOND * SECONDS]]);
  });

  it('FI-35 more than it may hold: sent back to come again, and what is said next is heard', async () => {
    const body = statusesBody(
      Array.from({ length: STATUSES }, (_, at) =>
        statusItem({ id: `wamid.${at}`, status: 'sent', correlation: message.correlation }),
      ),
    );
    const proof = signature(body);
    const answers = await Promise.all(
      Array.from({ length: WHOLE_WEBHOOKS }, () => post(house, body, proof, url)),
    );
    const refused = answers.filter(({ status }) => status === 503);
    for (const answer of refused) {
      expect(answer.json.code).toBe('webhook.busy');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(WHOLE_WEBHOOKS);
    console.log(
      `FI-35: of ${WHOLE_WEBHOOKS} webhooks of ${STATUSES} statuses, ${refused.length} were sent back`,
    );

    const last = statusesBody([
      statusItem({ id: message.wamid, status: 'delivered', correlation: message.correlation }),
    ]);
    expect((await post(house, last, signature(last), url)).status).toBe(200);
    const { json } = await house.call('GET', `/v1/challenges/${message.challenge}`);
    expect(json.messages[0].status).toBe('delivered');
  }, 300_000);

  it('BI-75 a thousand changes of a kind that nobody knows cost nothing but their reading', async () => {
    const change = envelope('flows', { event: 'x' });
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => post(house, change, signature(change), url)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
