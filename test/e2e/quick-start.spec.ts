// Protects the first ten minutes of a newcomer: `npm start` gets ready, what it prints works when pasted, Ctrl-C leaves
// nothing behind, the next start finds everything again, and a port that is taken is told by name.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, reapOrphan } from '../../apps/standalone/services.mjs';
import { ask } from '../support/house.js';
import {
  type Launch,
  launch,
  launchToFail,
  newPorts,
  newStateDir,
  ROOT,
  survivors,
} from '../support/launcher.js';

const SLOW = 300_000;
/** Promised for a start that finds everything installed, built and initialised. */
const SECOND_START_SECONDS = 10;
/** A start of everything takes less time than this many times loading the program once, on one and the same machine. */
const LOADS_PER_START = 8;

describe('npm start', () => {
  const dir = newStateDir();
  let running: Launch;
  let generator: number;

  beforeAll(async () => {
    running = await launch(dir, await newPorts());
  }, SLOW);
  afterAll(async () => {
    await running?.interrupt();
    // Only after a failure: databases of a launcher that was killed and had no successor.
    for (const server of ['postgres', 'redis']) await reapOrphan(join(dir, server), { force: true });
  }, SLOW);

  it('leaves a quickstart.json with exactly the documented members', () => {
    const { ports, quickstart } = running;
    expect(quickstart).toEqual({
      apiUrl: `http://127.0.0.1:${ports.PORT}`,
      simulatorUrl: `http://127.0.0.1:${ports.SIMULATOR_PORT}`,
      phoneUrl: `http://127.0.0.1:${ports.SIMULATOR_PORT}/phone`,
      apiKey: expect.stringMatching(/^csk_test_/),
      wabaId: expect.stringMatching(/^\d{15}$/),
      senderAddress: '584111111111',
      receiver: '+525500000000',
      simulator: {
        graph: {
          baseUrl: quickstart.simulatorUrl,
          accessToken: expect.any(String),
          appSecret: expect.any(String),
          wabaId: expect.stringMatching(/^\d{15}$/),
          phoneNumberId: expect.stringMatching(/^\d{15}$/),
        },
        dialog360: { baseUrl: `${quickstart.simulatorUrl}/dialog360`, apiKey: secret(20) },
        infobip: { baseUrl: `${quickstart.simulatorUrl}/infobip`, apiKey: secret(32) },
        twilio: {
          baseUrl: `${quickstart.simulatorUrl}/twilio`,
          accountSid: expect.stringMatching(/^AC[0-9a-f]{32}$/),
          authToken: secret(32),
        },
        telegram: { baseUrl: `${quickstart.simulatorUrl}/telegram`, token: secret(30) },
        smtp: {
          host: '127.0.0.1',
          port: ports.SMTP_PORT,
          username: 'simulator',
          password: secret(20),
        },
      },
    });
    expect(statSync(join(dir, 'quickstart.json')).mode & 0o077).toBe(0);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o077).toBe(0);
  });

  it('shows where to look', async () => {
    const { stdout, quickstart } = running;
    expect(stdout()).toContain(quickstart.apiKey);
    for (const page of [`${quickstart.apiUrl}/docs`, `${quickstart.simulatorUrl}/phone`]) {
      expect(stdout()).toContain(page);
      expect((await ask('GET', page)).status).toBe(200);
    }
  });

  it(
    'prints lines that, pasted twice into one shell, both times end with a valid code',
    () => {
      const file = join(dir, 'quickstart.sh');
      expect(running.stdout()).toContain(readFileSync(file, 'utf8'));
      const shell = spawnSync('sh', ['-c', '. "$1"; . "$1"', 'sh', file], { encoding: 'utf8' });
      expect(shell.stderr).toBe('');
      const answers = shell.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { meta: { explain?: string }; data?: { id: number } });
      expect(answers).toHaveLength(10);
      for (const last of [answers[4], answers[9]]) expect(last!.meta.explain).toBe('valid code');
      generator = answers[1]!.data!.id;
    },
    SLOW,
  );

  it(
    'refuses a second launcher in the same folder and harms the first by nothing',
    async () => {
      const { code, said } = await launchToFail(dir, await newPorts());
      expect(code).toBe(1);
      expect(said).toContain(`Countersign already runs from ${dir}`);
      await sendAndVerify(running, generator);
    },
    SLOW,
  );

  it(
    'ends with Ctrl-C and leaves no process behind',
    async () => {
      const family = running.family();
      expect(family.length).toBeGreaterThan(process.platform === 'linux' ? 5 : 0);
      expect(await running.interrupt()).toBe(0);
      expect(await survivors(family)).toEqual([]);
    },
    SLOW,
  );

  it(
    `starts again within ${SECOND_START_SECONDS} s, with the same key and the generator made before`,
    async () => {
      const { ports, quickstart } = running;
      // A machine that is busy with other work is given the time that it takes for everything else, too.
      const allowed = Math.max(SECOND_START_SECONDS, LOADS_PER_START * loadSeconds());
      running = await launch(dir, ports);
      expect(running.seconds).toBeLessThan(allowed);
      expect(running.quickstart).toEqual(quickstart);
      await sendAndVerify(running, generator);
    },
    SLOW,
  );

  it(
    'reaps at the next start what a killed launcher left, and keeps the data',
    async () => {
      const family = running.family();
      await running.kill();
      // Databases outlive a killed launcher: they live in sessions of their own.
      expect(family.some(isAlive)).toBe(true);
      running = await launch(dir, running.ports);
      expect(await survivors(family)).toEqual([]);
      await sendAndVerify(running, generator);
    },
    SLOW,
  );

  it.each(['PORT', 'WORKER_PORT', 'SIMULATOR_PORT', 'SMTP_PORT'] as const)(
    'names %s when its port is taken, and starts nothing',
    async (variable) => {
      const stranger = createServer().listen(0, '127.0.0.1');
      await once(stranger, 'listening');
      const { port } = stranger.address() as { port: number };
      try {
        const { code, said } = await launchToFail(newStateDir(), { ...(await newPorts()), [variable]: port });
        expect(code).toBe(1);
        expect(said.trim()).toBe(
          `Port ${port} is taken by another program. Choose another with ${variable}, for example: ${variable}=${port + 1_000} npm start`,
        );
      } finally {
        stranger.close();
      }
    },
    SLOW,
  );
});

/** Without the characters that a URL or a shell reads, and long enough not to be guessed. */
function secret(length: number): unknown {
  return expect.stringMatching(new RegExp(`^[\\w-]{${length},}$`));
}

/** How long this machine takes now to load the program and print a page of text. */
function loadSeconds(): number {
  const started = performance.now();
  spawnSync(process.execPath, [join(ROOT, 'dist/apps/cli/src/main.js'), '--help']);
  return (performance.now() - started) / 1_000;
}

async function sendAndVerify({ quickstart }: Launch, generator: number): Promise<void> {
  const codes = `${quickstart.apiUrl}/eyriesgate/v1/2fa/${generator}/codes`;
  const headers = { authorization: `Bearer ${quickstart.apiKey}` };
  const sent = await ask('POST', codes, { channel: 'WHATSAPP', receiver: quickstart.receiver }, headers);
  const { requestId } = (sent.json as { data: { requestId: string } }).data;
  const status = await ask('PATCH', codes, { action: 'status', requestId }, headers);
  const code = (status.json as { data: { token: string } }).data.token;
  const verified = await ask('PATCH', codes, { action: 'verify', requestId, code }, headers);
  expect(verified.json).toMatchObject({ meta: { explain: 'valid code' } });
}
