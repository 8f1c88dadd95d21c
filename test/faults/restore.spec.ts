// docs/runbooks/restore.md, done step by step with the commands that stand there.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../architecture/boundaries.mjs';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { journalBacklog, journalRows } from '../support/journal.js';
import { type StartedProcess, startBuilt } from '../support/processes.js';
import { type PrivateService, privatePostgres } from '../support/services.js';

const PAGE = readFileSync(join(ROOT, 'docs/runbooks/restore.md'), 'utf8');
/** The commands of a section, as they stand there. */
const commandsOf = (section: string): string[] =>
  [
    ...PAGE.split(`## ${section}\n`)[1]!
      .split(/^## /m)[0]!
      .matchAll(/^\s*cli (.+)$/gm),
  ].map(([, words]) => words!);

/** What a command printed. */
interface Told {
  complete?: boolean;
  gaps?: { challenge: string; missing: { from: number; to: number } }[];
  migrated?: string[];
}

describe('the runbook of restoring', () => {
  let postgres: PrivateService;
  let house: House;
  let api: StartedProcess;
  let worker: StartedProcess;
  let generator: string;
  let receivers = 0;

  beforeAll(async () => {
    postgres = await privatePostgres();
    house = await openHouse({ postgres, worker: false });
    generator = await house.newGenerator();
    api = await startBuilt('api', house.environment);
    worker = await startBuilt('worker', house.environment);
  });
  afterAll(async () => {
    await worker.kill();
    await api.kill();
    await house.close();
    await postgres.dispose();
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    ask(method, api.url + path, body, { authorization: `Bearer ${house.demo.apiKey}` });

  async function open(): Promise<{ id: string; code: string }> {
    const receiver = `+52551${2_790_000 + ++receivers}`;
    const { id } = (await call('POST', '/v1/challenges', { generator, receiver })).json;
    return { id, code: (await call('GET', `/v1/challenges/${id}/code`)).json.code };
  }

  const check = ({ id, code }: { id: string; code: string }): Promise<Answer> =>
    call('POST', `/v1/challenges/${id}/check`, { code });
  const drained = () =>
    until(
      () => journalBacklog(house.redis),
      (backlog) => backlog === 0,
      30_000,
    );
  /** Every message of it has come as far as it will. */
  const settled = (id: string) =>
    until(
      () => call('GET', `/v1/challenges/${id}/timeline`),
      ({ text }) => text.includes('message.delivered'),
    );

  async function follow(section: string): Promise<Told[]> {
    const answers: Told[] = [];
    for (const words of commandsOf(section)) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(ROOT, 'dist/apps/cli/src/main.js'), ...words.split(' ')],
        { env: { PATH: process.env['PATH'], ...house.environment } },
      );
      answers.push(JSON.parse(stdout) as Told);
    }
    return answers;
  }

  it('FI-17 Redis is empty: old codes are void, new ones go out, and an event says that limits began anew', async () => {
    const old = await open();
    await settled(old.id);
    await drained();
    await Promise.all([api.kill(), worker.kill()]);
    await house.redis.flushall();
    api = await startBuilt('api', house.environment);
    worker = await startBuilt('worker', house.environment);
    const [checked] = await follow('Redis is empty');
    expect(checked).toMatchObject({ complete: true, gaps: [] });

    for (const action of ['check', 'resend', 'cancel']) {
      const body = action === 'check' ? { code: old.code } : {};
      const answer = await call('POST', `/v1/challenges/${old.id}/${action}`, body);
      expect([action, answer.status, answer.json.code]).toEqual([action, 404, 'challenge.not_found']);
    }
    expect((await call('GET', `/v1/challenges/${old.id}`)).json.status).toBe('pending');
    const young = await open();
    await settled(young.id);
    expect((await check(young)).json).toMatchObject({ valid: true });
    await drained();
    const approved = (await journalRows(house.databaseUrl)).filter(
      ({ type }) => type === 'challenge.approved',
    );
    expect(approved.map(({ event_id: id }) => id.slice(0, 26))).toEqual([young.id.slice('chl_'.length)]);
    const events = await until(
      () => call('GET', '/v1/limits/events'),
      ({ json }) => json.items.length > 0,
    );
    expect(events.json.items.map(({ type }: { type: string }) => type)).toEqual(['limit.restarted']);
  });

  it('FI-19 PostgreSQL comes from a backup: no event is double, and what is lost is named', async () => {
    const [whole, torn] = [await open(), await open()];
    for (const { id } of [whole, torn]) await settled(id);
    await drained();
    const data = join(postgres.dir, 'data');
    const backup = join(postgres.dir, 'backup');
    await postgres.kill('SIGINT');
    cpSync(data, backup, { recursive: true, preserveTimestamps: true });
    await postgres.restart();
    await until(
      () => call('GET', '/v1/generators'),
      ({ status }) => status === 200,
      30_000,
    );
    // Written after the backup, and gone with PostgreSQL.
    const wrong = torn.code === '000000' ? '000001' : '000000';
    await check({ ...torn, code: wrong });
    const gone = await open();
    await settled(gone.id);
    await drained();
    // While PostgreSQL is away.
    await postgres.kill('SIGKILL');
    expect((await check(torn)).json).toMatchObject({ valid: true });
    expect((await check(whole)).json).toMatchObject({ valid: true });
    const late = await open();
    expect((await check(late)).json).toMatchObject({ valid: true });

    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true, preserveTimestamps: true });
    await postgres.restart();
    const [migrated, checked] = await follow('PostgreSQL is restored from a backup');
    expect(migrated).toEqual({ migrated: [] });
    await drained();
    const rows = await journalRows(house.databaseUrl);
    expect(new Set(rows.map(({ event_id: id }) => id)).size).toBe(rows.length);
    for (const { id } of [whole, torn, late])
      expect(
        rows.filter((row) => row.event_id.startsWith(id.slice(4)) && row.type === 'challenge.approved'),
      ).toHaveLength(1);
    expect(checked).toMatchObject({ complete: false });
    const lost = new Map(checked!.gaps!.map((gap) => [gap.challenge, gap]));
    const { length } = rows.filter((row) => row.event_id.startsWith(torn.id.slice(4)));
    expect(lost.get(torn.id)).toMatchObject({ missing: { from: length, to: length } });
    expect(lost.get(gone.id)).toMatchObject({ missing: { from: 1 } });
    expect([...lost.keys()].sort()).toEqual([torn.id, gone.id].sort());
  });

  it('FI-45 the key ring is missing: nothing starts, and with it back pending codes are checked', async () => {
    const pending = await open();
    await Promise.all([api.kill(), worker.kill()]);
    for (const [name, value] of [
      ['KEYRING', ''],
      ['INSTALLATION_KEY', ''],
      ['INSTALLATION_KEY', Buffer.alloc(32, 7).toString('base64')],
    ] as const) {
      for (const app of ['api', 'worker'] as const) {
        const refused = await startBuilt(app, { ...house.environment, [name]: value }).then(
          () => 'started',
          (error: Error) => error.message,
        );
        expect(refused).toContain(name);
      }
    }
    api = await startBuilt('api', house.environment);
    worker = await startBuilt('worker', house.environment);
    expect((await check(pending)).json).toMatchObject({ valid: true });
  });
});
