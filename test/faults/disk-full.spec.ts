import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../apps/standalone/services.mjs';
import { ask, until } from '../support/house.js';
import type { PrivateService } from '../support/services.js';
import { KEPT } from './tools/oracle.js';
import { openSite, type Site } from './tools/site.js';
import { nextReceiver } from './tools/traffic.js';

const MEGABYTES = 6;

/** Needs a small file system of its own, which only root may mount. Tried and undone before a test is chosen. */
const mayMount = tryMount();
if (!mayMount) console.log('FI-12 needs the right to mount a small file system, which this user lacks');

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

function mount(at: string): boolean {
  const options = `size=${MEGABYTES}m,mode=700`;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'small', at]).status === 0;
}

function tryMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'mount-'));
  const mounted = mount(at);
  if (mounted) spawnSync('umount', [at]);
  rmSync(at, { recursive: true, force: true });
  return mounted;
}
