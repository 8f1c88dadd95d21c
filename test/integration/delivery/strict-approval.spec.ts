import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNative, renderUuid } from '#platform/identifiers';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { journalRows } from '../../support/journal.js';
import { type PrivateService, privatePostgres } from '../../support/services.js';

/** G5: with `strictApproval` a code is approved once for ever, even when Redis forgets that it was. */
describe('strict approval', () => {
  let postgres: PrivateService;
  let house: House;
  let generator: string;
  let number = 2_380_000;

  beforeAll(async () => {
    postgres = await privatePostgres();
    house = await openHouse({ postgres });
    generator = await house.newGenerator({ strictApproval: true });
  });
  afterAll(async () => {
    await house.close();
    await postgres.dispose();
  });

  const open = async (): Promise<{ id: string; code: string; key: string }> => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: `+52551${number++}` });
    const { id } = opened.json;
    const { code } = (await house.call('GET', `/v1/challenges/${id}/code`)).json;
    const [key] = await house.redis.keys(`{p*}:ch:${id.slice(4)}`);
    return { id, code, key: key! };
  };
  const check = (id: string, code: string, headers = {}): Promise<Answer> =>
    house.call('POST', `/v1/challenges/${id}/check`, { code }, headers);
  const rowsOf = async (id: string): Promise<number> => {
    const client = new pg.Client({ connectionString: house.databaseUrl });
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM approvals WHERE challenge_id = $1', [
      renderUuid(parseNative('challenge', id)!),
    ]);
    await client.end();
    return rowCount ?? 0;
  };

  it('records the approval before it is answered; of parallel right answers one is approved', async () => {
    const { id, code } = await open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => check(id, code)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(49);
    expect(await rowsOf(id)).toBe(1);
    await until(
      async () => (await journalRows(house.databaseUrl)).filter((row) => row.type === 'challenge.approved'),
      (rows) => rows.length === 1,
    );
  });

  it('FI-11: what Redis forgot is not approved again', async () => {
    const { id, code, key } = await open();
    const before = await house.redis.dumpBuffer(key);
    expect((await check(id, code)).json.status).toBe('approved');
    // The last second of the append-only file is gone with the host: the record is as it was.
    await house.redis.restore(key, 900_000, before, 'REPLACE');
    const again = await check(id, code);
    expect(again.status).toBe(409);
    expect(again.json).toMatchObject({ state: 'approved', reason: 'approved_before' });
    expect(await rowsOf(id)).toBe(1);
  });

  it('answers 503 while PostgreSQL is away, counts nothing, and approves the same code afterwards', async () => {
    const { id, code } = await open();
    await postgres.kill('SIGKILL');
    const away = await check(id, code);
    expect(away.status).toBe(503);
    expect(away.headers['retry-after']).toBeDefined();
    await postgres.restart();
    const answer = await until(
      () => check(id, code),
      (found) => found.status === 200,
      20_000,
    );
    expect(answer.json).toMatchObject({ status: 'approved', attemptsRemaining: 4 });
  });

  it('settles an approval whose process died by its row: with it approved, without it pending again', async () => {
    const [left, recorded] = [await open(), await open()];
    for (const { key, id } of [left, recorded]) {
      await house.redis.hset(key, { s: 'G', ao: `op-${id}`, al: '1', f: '1' });
      await house.redis.zadd(`${key.slice(0, key.indexOf(':') + 1)}exp`, 1, id.slice(4));
    }
    const client = new pg.Client({ connectionString: house.databaseUrl });
    await client.connect();
    await client.query('INSERT INTO approvals (challenge_id, tenant_id, operation) VALUES ($1, $1, $2)', [
      renderUuid(parseNative('challenge', recorded.id)!),
      `op-${recorded.id}`,
    ]);
    await client.end();
    const status = (id: string) => async () => (await house.call('GET', `/v1/challenges/${id}`)).json.status;
    await until(status(recorded.id), (found) => found === 'approved', 15_000);
    await until(status(left.id), (found) => found === 'pending', 15_000);
    expect((await check(left.id, left.code)).json).toMatchObject({
      status: 'approved',
      attemptsRemaining: 4,
    });
  });
});
