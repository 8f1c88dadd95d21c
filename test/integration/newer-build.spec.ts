import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SendMessageJobDto } from '../../libs/challenges/jobs/send-message.job.js';
import { type RunningWorker, startWorker } from '../../apps/worker/src/worker.js';
import { type House, openHouse, until } from '../support/house.js';
import { journalRows } from '../support/journal.js';
import { loadConfig } from '#platform/config';
import { Sealer } from '#platform/crypto';
import { parseNative } from '#platform/identifiers';
import { PublishedConfig } from '#platform/published-config';

/** FI-49: during a rolling deployment this build meets what the next one has written, and leaves it as it is. */
describe('beside a newer build', () => {
  let house: House;
  let worker: RunningWorker;
  let generator: string;

  beforeAll(async () => {
    house = await openHouse({ worker: false });
    generator = await house.newGenerator();
  });
  afterAll(async () => {
    await worker.drain();
    await house.close();
  });

  it('FI-49 a job with a member more is done', () => {
    const job = { v: 1, messageId: '0'.repeat(26), notKnownYet: { a: 1 } };
    expect(validateSync(plainToInstance(SendMessageJobDto, job))).toEqual([]);
  });

  it('FI-49 an account, a record, a message and an entry of the journal with more in them than is known', async () => {
    const account = parseNative('account', house.demo.accountId)!;
    const sealer = house.api.app.get(Sealer, { strict: false });
    const stored = (await house.redis.get(`{cfg}:account:${account}`))!;
    const [revision, published] = [
      Number.parseInt(stored, 10),
      JSON.parse(stored.slice(stored.indexOf('|') + 1)),
    ];
    const config = JSON.parse(sealer.open('credential-seal', published.sealedConfig, `account:${account}`));
    await house.api.app.get(PublishedConfig, { strict: false }).publish('account', account, revision + 1, {
      ...published,
      sealedConfig: sealer.seal(
        'credential-seal',
        JSON.stringify({ ...config, notKnownYet: 1 }),
        `account:${account}`,
      ),
      notKnownYet: [1],
    });

    const receiver = '+525513700001';
    const { json: opened } = await house.call('POST', '/v1/challenges', { generator, receiver });
    const id = parseNative('challenge', opened.id)!;
    const [key] = await house.redis.keys(`{p*}:ch:${id}`);
    expect(key).toBeDefined();
    const message = (await house.redis.hget(key!, 'm1'))!.split(':');
    message[6] += 'z';
    await house.redis.hset(key!, { zz: 'not known yet', m1: message.join(':') });
    await house.redis.xadd(
      `${key!.slice(0, key!.indexOf(':') + 1)}journal`,
      '*',
      ...Object.entries({
        v: 1,
        t: 'message.teleported',
        c: id,
        q: 900,
        n: parseNative('tenant', house.demo.tenantId)!,
        at: Date.now(),
        zz: 'new',
      })
        .flat()
        .map(String),
    );

    worker = await startWorker(loadConfig(house.environment));
    const challenge = () => house.call('GET', `/v1/challenges/${opened.id}`);
    await until(challenge, ({ json }) => json.messages[0].status === 'delivered', 15_000);
    const [sent] = await house.simulated(receiver);
    const checked = await house.call('POST', `/v1/challenges/${opened.id}/check`, { code: sent!.code });
    expect(checked.json).toMatchObject({ status: 'approved', valid: true });
    expect((await house.redis.hget(key!, 'm1'))!.split(':')[6]).toContain('z');
    expect(await house.redis.hget(key!, 'zz')).toBe('not known yet');
    const rows = await until(
      async () => (await journalRows(house.databaseUrl)).filter((row) => row.event_id.startsWith(id)),
      (found) => found.some(({ type }) => type === 'challenge.approved'),
    );
    expect(rows.find(({ type }) => type === 'message.teleported')?.data).toEqual({ zz: 'new' });
  });
});
