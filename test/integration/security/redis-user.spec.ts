// The user that docker/compose.yml gives Countersign in Redis: enough for everything it does, and no more.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { openHouse, until } from '../../support/house.js';
import { type PrivateService, privateRedis } from '../../support/services.js';

const PASSWORD = 'spec';

it('SEC-22 a challenge lives its life under a user that may neither FLUSHALL nor read the configuration nor list keys', async () => {
  const house = await openHouse({ redis: await limitedRedis() });
  try {
    const body = { generator: await house.newGenerator(), receiver: '+525512347900' };
    const { json } = await house.call('POST', '/v1/challenges', body);
    const { code } = (await house.call('GET', `/v1/challenges/${json.id}/code`)).json;
    expect((await house.call('POST', `/v1/challenges/${json.id}/check`, { code })).json.valid).toBe(true);
    await until(
      () => house.call('GET', `/v1/challenges/${json.id}/timeline`),
      ({ text }) => text.includes('challenge.approved') && text.includes('message.accepted'),
    );
    for (const words of ['FLUSHALL', 'FLUSHDB', 'CONFIG GET *', 'CONFIG SET save 1', 'KEYS *', 'SHUTDOWN']) {
      const [command, ...rest] = words.split(' ');
      await expect(house.redis.call(command!, ...rest), words).rejects.toThrow(/NOPERM/);
    }
  } finally {
    await house.close();
  }
});

/** A Redis with the rules of the compose file, reached as its user. */
async function limitedRedis(): Promise<PrivateService> {
  const compose = parse(readFileSync(new URL('../../../docker/compose.yml', import.meta.url), 'utf8')) as {
    services: { redis: { command: string[] } };
  };
  const { command } = compose.services.redis;
  const [name, ...rules] = command.slice(command.lastIndexOf('--user') + 1);
  const server = await privateRedis();
  const operator = new Redis(server.url);
  const allowed = rules.filter((rule) => !rule.startsWith('>'));
  await operator.call('ACL', 'SETUSER', name!, ...allowed, `>${PASSWORD}`);
  operator.disconnect();
  const url = `redis://${name}:${PASSWORD}@${new URL(server.url).host}`;
  return Object.create(server, { url: { value: url } }) as PrivateService;
}
