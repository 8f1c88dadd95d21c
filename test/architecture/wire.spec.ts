// Protects what is shipped: dist/ as `npm run build` leaves it, started as an image would start it.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { environment } from '../support/house.js';
import { ROOT } from './boundaries.mjs';

const NOWHERE = '127.0.0.1:1';
const SOUND = environment(`redis://${NOWHERE}`, `postgres://${NOWHERE}/none`, `http://${NOWHERE}`);

interface Ended {
  status: number;
  output: string;
}

beforeAll(async () => {
  // What `npm test` has done already: nothing is left to do then.
  const { status, output } = await run(['apps/standalone/bootstrap.mjs'], process.env);
  expect([status, output]).toEqual([0, expect.anything()]);
}, 180_000);

describe('dist/', () => {
  it('holds every Lua script, as it is in libs', () => {
    const scripts = readdirSync(join(ROOT, 'libs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.lua'),
    );
    expect(scripts.length).toBeGreaterThanOrEqual(10);
    for (const file of scripts) {
      const built = join(ROOT, 'dist/libs', file);
      expect([file, existsSync(built)]).toEqual([file, true]);
      expect(readFileSync(built, 'utf8')).toBe(readFileSync(join(ROOT, 'libs', file), 'utf8'));
    }
  });

  it('holds no specs', () => {
    const built = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(built.filter((file) => /\.(spec|int-spec|e2e-spec)\.js$/.test(file))).toEqual([]);
  });
});

describe.each(['api', 'worker', 'cli'])('the built %s', (app) => {
  const start = (env: Record<string, string>): Promise<Ended> =>
    run([`dist/apps/${app}/src/main.js`, ...(app === 'cli' ? ['tenants', 'list'] : [])], env);

  it('refuses an empty environment and names every variable that it needs', async () => {
    const { status, output } = await start({});
    expect(status).toBeGreaterThan(0);
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'PUBLIC_URL', 'INSTALLATION_KEY', 'KEYRING'])
      expect(output).toContain(name);
    expectNoStack(output);
  });

  it.each(['production', 'test'])(
    'names what is wrong in %s, and says nothing of the values',
    async (mode) => {
      const wrong = { NODE_ENV: mode, SIMULATOR_URL: '', PORT: 'eighty', KEYRING: 'k1:hunter2' };
      const { status, output } = await start({ ...SOUND, ...wrong });
      expect(status).toBeGreaterThan(0);
      expect(output).toMatch(/PORT/);
      expect(output).toMatch(/KEYRING/);
      expect(output).not.toMatch(/DATABASE_URL|eighty|hunter2/);
      expectNoStack(output);
    },
  );
});

it('the built worker refuses a queue that does not exist', async () => {
  const { status, output } = await run(['dist/apps/worker/src/main.js'], {
    ...SOUND,
    WORKER_QUEUES: 'send-pigeon',
  });
  expect(status).toBeGreaterThan(0);
  expect(output).toMatch(/WORKER_QUEUES.*send-pigeon/);
  expectNoStack(output);
});

function expectNoStack(output: string): void {
  expect(output).not.toMatch(/^\s+at .+:\d+/m);
  expect(output.trim().split('\n').length).toBeLessThanOrEqual(12);
}

function run(args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd: ROOT, env, timeout: 150_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    ),
  );
}
