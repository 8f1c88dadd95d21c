import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, startRedis } from '../../apps/standalone/services.mjs';
import { ask, until } from '../support/house.js';
import type { PrivateService } from '../support/services.js';
import { KEPT } from './tools/oracle.js';
import { openSite, type Site } from './tools/site.js';
import { nextReceiver } from './tools/traffic.js';

const MEGABYTES = 6;
/** A fresh cluster takes a good part of it. */
const POSTGRES_MEGABYTES = 160;

/** Needs a small file system of its own, which only root may mount. Tried and undone before a test is chosen. */
const mayMount = tryMount();
if (!mayMount)
  console.log('FI-12 and FI-22 need the right to mount a small file system, which this user lacks');

describe.runIf(mayMount)('a full disk under Redis', () => {
  let site: Site;
  let filler: string;

  beforeAll(async () => {
    const dir = mkdtempSync(join(process.env['TEST_RUN_DIR'] ?? tmpdir(), 'small-'));
    const data = join(dir, 'data');
    filler = join(data, 'filler');
    mkdirSync(data, { mode: 0o700 });
    mount(data);
    const service = await startRedis({ dir, external: '' });
    const dispose = async (): Promise<void> => {
      await service.stop();
      spawnSync('umount', [data]);
      rmSync(dir, { recursive: true, force: true });
    };
    const redis: PrivateService = Object.assign(service, { dir, dispose });
    site = await openSite({ redis });
  });
  afterAll(() => site.close());

  it('FI-12 the append-only file cannot grow: not ready and 503, and healed without a restart when there is room', async () => {
    const { id, code } = await site.open();
    const ready = () => ask('GET', `${site.api.url}/health/ready`);
    fillUp(filler);
    await until(ready, (answer) => answer.status === 503, 30_000);
    const opened = await site.call('POST', '/v1/challenges', {
      generator: site.generator,
      receiver: nextReceiver(),
    });
    const checked = await site.call('POST', `/v1/challenges/${id}/check`, { code });
    for (const answer of [opened, checked]) {
      site.oracle.noteAnswer(answer);
      expect(answer.status).toBe(503);
    }
    rmSync(filler);
    await until(ready, (answer) => answer.status === 200, 30_000);
    await site.recover();
    const right = await until(
      () => site.call('POST', `/v1/challenges/${id}/check`, { code }),
      (answer) => answer.status !== 503,
    );
    site.oracle.noteCheck(id, right);
    expect(right.json).toMatchObject({ valid: true });
    expect(await site.oracle.judge('FI-12')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });
});

describe.runIf(mayMount)('a full disk under PostgreSQL', () => {
  let site: Site;
  let postgres: PrivateService;
  let filler: string;

  beforeAll(async () => {
    const dir = mkdtempSync(join(process.env['TEST_RUN_DIR'] ?? tmpdir(), 'small-'));
    mount(dir, POSTGRES_MEGABYTES, '711');
    filler = join(dir, 'filler');
    const service = await startPostgres({ dir, external: '' });
    const dispose = async (): Promise<void> => {
      await service.stop();
      spawnSync('umount', [dir]);
      rmSync(dir, { recursive: true, force: true });
    };
    postgres = Object.assign(service, { dir, dispose });
    site = await openSite({ postgres });
  });
  afterAll(async () => {
    await site.close();
    await postgres.dispose();
  });

  it('FI-22 history cannot be written: codes go on, it is told, and nothing is missing once there is room', async () => {
    fillUp(filler);
    const traffic = site.traffic(20);
    await until(
      () => Promise.resolve(written()),
      (text) => text.includes('journal not written'),
      60_000,
    );
    const { receiver } = await site.open();
    await until(
      () => site.received(receiver),
      (messages) => messages.length === 1,
    );
    await traffic.stop();
    rmSync(filler);
    // Where not even its log fits any more, PostgreSQL has ended itself.
    await postgres.restart({ signal: 'SIGKILL' });
    const healed = performance.now();
    await until(
      () => site.call('GET', '/v1/generators'),
      ({ status }) => status === 200,
      30_000,
    );
    site.oracle.noteRecovery(performance.now() - healed);
    expect(await site.oracle.judge('FI-22')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  const written = (): string => site.workers.map((worker) => worker.output()).join('\n');
});

/** To the last byte: the rest of what does not fit is written too. */
function fillUp(file: string): void {
  for (const bytes of [1_048_576, 4_096, 1]) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}

function mount(at: string, megabytes = MEGABYTES, mode = '700'): boolean {
  const options = `size=${megabytes}m,mode=${mode}`;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'small', at]).status === 0;
}

function tryMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'mount-'));
  const mounted = mount(at);
  if (mounted) spawnSync('umount', [at]);
  rmSync(at, { recursive: true, force: true });
  return mounted;
}
