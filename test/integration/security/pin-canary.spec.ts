// Two-step PINs through everything that is done with them; afterwards no sink may hold one of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type House, openHouse } from '../../support/house.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';

const PINS = ['480713', '592604', '716039', '937150', '268407'] as const;

let house: House;
let api: StartedProcess;
const answers: string[] = [];

beforeAll(async () => {
  house = await openHouse({ worker: false });
  api = await startBuilt('api', { ...house.environment, LOG_LEVEL: 'debug' });
  await live();
}, 120_000);
afterAll(async () => {
  await api?.kill();
  await house?.close();
});

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await ask(method, api.url + path, body, {
    authorization: `Bearer ${house.demo.apiKey}`,
    ...(method === 'POST' && { 'idempotency-key': `pin-${answers.length}` }),
  });
  answers.push(`${answer.status} ${answer.text} ${JSON.stringify(answer.headers)}`);
  return answer;
}

/** Set, changed, registered with, refused as weak, refused by the provider, and where it does not belong. */
async function live(): Promise<void> {
  const { items } = (await call('GET', '/v1/senders')).json;
  const { id } = items.find(({ channel }: { channel: string }) => channel === 'whatsapp');
  const path = `/v1/senders/${id}`;
  for (const pin of PINS) {
    expect((await call('PUT', `${path}/pin`, { pin, storePin: pin !== PINS[2] })).status).toBe(200);
    expect((await call('POST', `${path}/register`, { pin })).status).toBe(200);
    await call('PUT', `${path}/pin`, { pin: [pin] });
    await call('PUT', `${path}/pin`, { pin: `${pin}0` });
    await call('PUT', `${path}/pin`, `{"pin":"${pin}"`);
    await call('POST', `${path}/verify-code`, { code: pin });
    await call('GET', `/v1/senders?pin=${pin}`);
  }
  for (const numberError of [10, 133005, 131000]) {
    await ask('PUT', `${house.simulator.url}/_sim/behavior`, { numberError });
    await call('PUT', `${path}/pin`, { pin: PINS[0] });
    await call('POST', `${path}/register`, { pin: PINS[4] });
  }
  await call('GET', `${path}/events`);
}

/** Whole, or apart in threes; as part of a longer number or word it is chance. */
const found = (hay: string): string[] =>
  PINS.filter((pin) =>
    new RegExp(`(?<![0-9A-Za-z.])${pin.slice(0, 3)}[ -]?${pin.slice(3)}(?![0-9A-Za-z])`).test(hay),
  );

describe('SEC-11 the PIN of a number', () => {
  it('would be found', () => {
    for (const pin of PINS) expect(found(`{"pin":"${pin}"} and pin=${pin}`)).toEqual([pin]);
  });

  it('is in no answer', () => {
    expect(answers.length).toBeGreaterThan(40);
    expect(found(answers.join('\n'))).toEqual([]);
  });

  it('is in no line of the log', () => {
    expect(api.output()).toContain('sender.pin_set');
    expect(found(api.output())).toEqual([]);
  });

  it('is in no table', async () => {
    const client = new pg.Client({ connectionString: house.databaseUrl });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
      );
      expect(tables.map(({ name }) => name)).toContain('sender_numbers');
      for (const { name } of tables) {
        const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
        expect([name, found(rows.map(({ text }) => text).join('\n'))]).toEqual([name, []]);
      }
    } finally {
      await client.end();
    }
  });

  it('is in nothing that Redis has written', () => {
    const files = readdirSync(house.redisServer.dir, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(texts.join('').length).toBeGreaterThan(200);
    expect(found(texts.join('\n'))).toEqual([]);
  });
});
