// FI-49: a rolling deployment. An earlier commit and this one, built side by side, serve one Redis and one PostgreSQL
// behind one address, while codes are opened, checked, resent and canceled: first the old build alone, then both, the
// new one alone, both again (a roll-back), and the new one alone to the end. Exit status 1 when an invariant is broken.
//
//   node test/faults/mixed-builds.mjs [--old <commit or tag>] [--seconds 120]
//
// Without --old it is the newest tag, else the commit before this one.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { request } from 'undici';
import { ROOT } from '../../apps/standalone/environment.mjs';
import { startPostgres, startRedis } from '../../apps/standalone/services.mjs';

const { values: options } = parseArgs({
  options: {
    old: { type: 'string' },
    seconds: { type: 'string', default: '120' },
  },
});
const SECONDS = Number(options.seconds);
const CLIENTS = 6;
/** Between two requests of one client: what is looked for is disagreement, not speed. */
const PAUSE_MS = 30;
const SIMULATED = {
  SIM_WABA_ID: '100000000000001',
  SIM_PHONE_NUMBER_ID: '200000000000001',
  SIM_SENDER_ADDRESS: '584111111111',
  SIM_ACCESS_TOKEN: randomBytes(16).toString('hex'),
  SIM_APP_SECRET: randomBytes(16).toString('hex'),
  SIM_SMTP_USERNAME: 'mixed',
  SIM_SMTP_PASSWORD: randomBytes(16).toString('hex'),
  SIM_APPROVE_AFTER_MS: '50',
};

const say = (line) => console.log(`mixed-builds: ${line}`);
const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
const cleanUps = [];

/** The earlier build, in a worktree of its own with this one's packages. */
async function prepareOld(dir) {
  const ref = options.old ?? newestTag() ?? 'HEAD~1';
  const commit = git('rev-parse', '--short', `${ref}^{commit}`);
  const tree = join(dir, 'old');
  git('worktree', 'add', '--detach', '--force', tree, commit);
  cleanUps.push(() => git('worktree', 'remove', '--force', tree));
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  await run(tree, 'apps/standalone/build.mjs');
  return { tree, commit };
}

function newestTag() {
  try {
    return git('describe', '--tags', '--abbrev=0');
  } catch {
    return undefined;
  }
}

async function run(tree, script, args = [], env = process.env) {
  const child = spawn(process.execPath, [join(tree, script), ...args], {
    cwd: tree,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}:\n${out}${err}`);
  return out;
}

/** One long-lived process of a build. `complaints` are the lines it logged as errors. */
async function start(tree, app, env) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [join(tree, `dist/apps/${app}/src/main.js`)], {
    cwd: tree,
    env: { ...env, PORT: String(port), WORKER_PORT: String(port), METRICS_PORT: String(metricsPort) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanUps.push(() => child.exitCode === null && child.kill('SIGKILL'));
  const complaints = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      for (const line of text.split('\n')) if (/"level":(50|60)|^\S*Error/.test(line)) complaints.push(line);
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const health = app === 'simulator' ? '/_sim/health' : '/health/ready';
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`${app} ended: ${complaints.join('\n')}`);
      return (await ask('GET', url + health).catch(() => undefined))?.status === 200;
    },
    `${app} ready`,
    180_000,
  );
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, stop, complaints };
}

/** One address in front of whichever APIs are in service, as a load balancer has it. */
async function startBalancer() {
  const members = new Map();
  const served = {};
  const server = createServer((incoming, outgoing) => {
    const names = [...members.keys()];
    const name = names[Math.floor(Math.random() * names.length)];
    served[name] = (served[name] ?? 0) + 1;
    const target = httpRequest(members.get(name) + incoming.url, {
      method: incoming.method,
      headers: { ...incoming.headers, connection: 'close' },
    });
    target.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode, {
        'content-type': answer.headers['content-type'] ?? 'text/plain',
      });
      answer.pipe(outgoing);
    });
    target.on('error', (error) => outgoing.writeHead(502).end(`${name}: ${error.message}`));
    incoming.pipe(target);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.closeAllConnections() ?? server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, members, served };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function ask(method, url, body, headers = {}) {
  const answer = await request(url, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.body.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.statusCode, text, json };
}

async function until(done, what, timeoutMs = 30_000) {
  const end = Date.now() + timeoutMs;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${what}`);
    await pause(100);
  }
}

/** An approved template and a generator that sends in it. */
async function newGenerator(call, demo) {
  const template = await call('POST', '/v1/templates', {
    account: demo.accountId,
    name: 'mixed_builds',
    category: 'AUTHENTICATION',
    languages: [{ language: 'en' }],
  });
  if (template.status !== 201) throw new Error(`template: ${template.text}`);
  await until(async () => {
    const { json } = await call('POST', `/v1/templates/${template.json.id}/sync`, {});
    return json?.languages?.[0]?.status === 'approved';
  }, 'template approved');
  const generator = await call('POST', '/v1/generators', {
    name: 'mixed builds',
    channels: [{ channel: 'whatsapp', sender: demo.senderAddress, template: template.json.id }],
  });
  if (generator.status !== 201) throw new Error(`generator: ${generator.text}`);
  return generator.json.id;
}

/** People who ask for codes and answer them, each step by whichever build is met. Returns what should be true. */
function startClients(call, generator, expected) {
  let stopped = false;
  let count = 0;
  const step = async (wanted, ...args) => {
    await pause(PAUSE_MS);
    const answer = await call(...args);
    if (!wanted.includes(answer.status)) {
      expected.surprises.push(
        `${args[0]} ${args[1].replace(/chl_\w+/, ':id')} → ${answer.status} ${answer.text}`,
      );
    }
    return answer;
  };
  const client = async () => {
    while (!stopped) {
      const turn = count++;
      const receiver = `+52551${3_600_000 + turn}`;
      const headers = { 'idempotency-key': `mixed-${turn}` };
      const opened = await step([201], 'POST', '/v1/challenges', { generator, receiver }, headers);
      if (opened.status !== 201) continue;
      const { id } = opened.json;
      if (turn % 4 === 0) {
        const again = await step([201], 'POST', '/v1/challenges', { generator, receiver }, headers);
        if (again.json?.id !== id)
          expected.surprises.push('a repeat with the same Idempotency-Key was another challenge');
      }
      if (turn % 10 === 9) {
        await step([200, 204], 'POST', `/v1/challenges/${id}/cancel`, {});
        expected.canceled.add(id);
        continue;
      }
      expected.sent.add(id);
      const code = (await step([200], 'GET', `/v1/challenges/${id}/code`)).json?.code;
      if (turn % 3 === 0) {
        const wrong = code === '000000' ? '000001' : '000000';
        const { json } = await step([200], 'POST', `/v1/challenges/${id}/check`, { code: wrong });
        if (json?.valid !== false) expected.surprises.push('a wrong code was not refused');
      }
      // Some wait until the message is there; others answer while it is under way.
      if (turn % 2 === 0) await pause(400);
      const checks = await Promise.all(
        [1, 2].map(() => call('POST', `/v1/challenges/${id}/check`, { code })),
      );
      const approvals = checks.filter(({ json }) => json?.valid === true).length;
      if (approvals !== 1) expected.surprises.push(`${approvals} of two right answers at once were approved`);
      expected.approved.add(id);
    }
  };
  const running = Array.from({ length: CLIENTS }, async () => {
    while (!stopped) await client().catch((error) => expected.surprises.push(String(error)));
  });
  return async () => {
    stopped = true;
    await Promise.all(running);
  };
}

async function judge({ redis, databaseUrl, simulator, expected, processes }) {
  const broken = [];
  const check = (name, figure, ok) => {
    say(`${ok ? 'ok    ' : 'BROKEN'} ${name}: ${figure}`);
    if (!ok) broken.push(name);
  };
  const unsettled = async () => {
    let found = 0;
    for (const key of await redis.keys('{p*}:ch:*')) {
      const message = await redis.hget(key, 'm1');
      if (message && 'qsu'.includes(message[0]) && (await redis.hget(key, 's')) === 'P') found++;
    }
    return found;
  };
  await until(async () => (await unsettled()) === 0, 'every message settled').catch(() => undefined);
  const backlog = async () => {
    let entries = 0;
    for (const key of await redis.keys('{p*}:journal')) entries += await redis.xlen(key);
    return entries;
  };
  await until(async () => (await backlog()) === 0, 'journal drained').catch(() => undefined);
  let failedJobs = 0;
  for (const key of await redis.keys('*:failed')) failedJobs += await redis.zcard(key);

  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    'SELECT event_id, challenge_id, sequence, type FROM journal ORDER BY challenge_id, sequence',
  );
  await client.end();
  const eventsOf = (type) =>
    rows.filter((row) => row.type === type).map((row) => `chl_${row.event_id.split('-')[0]}`);
  const approved = eventsOf('challenge.approved');
  const gaps = new Set();
  const next = new Map();
  for (const row of rows) {
    if (row.sequence !== (next.get(row.challenge_id) ?? 0) + 1) gaps.add(row.challenge_id);
    next.set(row.challenge_id, row.sequence);
  }

  const { json } = await ask('GET', `${simulator}/_sim/messages?limit=25000`);
  const byChallenge = Map.groupBy?.(json.messages, challengeOf) ?? groupBy(json.messages, challengeOf);
  const wanted = [...expected.sent].filter((id) => !expected.approved.has(id));
  const unreached = wanted.filter((id) => !byChallenge.has(id.slice(0, 28)));
  const untagged = [...byChallenge.values()].filter(
    (list) => list.filter(({ correlation }) => !correlation.endsWith('.d')).length > 1,
  );
  const differing = [...byChallenge.values()].filter(
    (list) => new Set(list.map(({ code }) => code)).size > 1,
  );

  const total = expected.sent.size + expected.canceled.size;
  check(
    'I1 messages left unsettled or unreached',
    `${(await unsettled()) + unreached.length} of ${total}`,
    (await unsettled()) + unreached.length === 0,
  );
  check(
    'I2 approvals beyond one',
    approved.length - new Set(approved).size,
    approved.length === new Set(approved).size,
  );
  check(
    'I2 approvals journalled',
    `${approved.length} of ${expected.approved.size}`,
    same(approved, expected.approved),
  );
  check(
    'I2 cancellations journalled',
    `${eventsOf('challenge.canceled').length} of ${expected.canceled.size}`,
    same(eventsOf('challenge.canceled'), expected.canceled),
  );
  check('I3 challenges with two different codes', differing.length, differing.length === 0);
  check('I3 duplicates that are not told as such', untagged.length, untagged.length === 0);
  check('I6 journals with a gap or a double', gaps.size, gaps.size === 0);
  check('I6 transitions still in Redis', await backlog(), (await backlog()) === 0);
  check('jobs failed', failedJobs, failedJobs === 0);
  check('answers that nobody expected', expected.surprises.length, expected.surprises.length === 0);
  for (const surprise of [...new Set(expected.surprises)].slice(0, 10)) say(`       ${surprise}`);
  for (const [name, { complaints }] of Object.entries(processes)) {
    check(`errors logged by ${name}`, complaints.length, complaints.length === 0);
    for (const line of [
      ...new Set(complaints.map((text) => text.replace(/"(?:time|pid|challenge|message)":[^,]*,/g, ''))),
    ].slice(0, 5))
      say(`       ${line}`);
  }
  return broken;
}

const challengeOf = ({ correlation }) => `chl_${correlation.slice(4, 28)}`;

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function same(found, expected) {
  return found.length === expected.size && found.every((id) => expected.has(id));
}

async function main() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-mixed-'));
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(dir, { recursive: true });
  const { tree: old, commit } = await prepareOld(dir);
  await run(ROOT, 'apps/standalone/build.mjs');
  say(
    `old ${commit}, new ${git('rev-parse', '--short', 'HEAD')} with the changes of this folder, ${SECONDS} s of load`,
  );

  const redisServer = await startRedis({ dir: join(dir, 'redis'), external: '' });
  cleanUps.push(() => redisServer.stop());
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), external: '' });
  cleanUps.push(() => postgres.stop());
  const balancer = await startBalancer();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    DATABASE_URL: postgres.url,
    REDIS_URL: redisServer.url,
    PUBLIC_URL: balancer.url,
    INSTALLATION_KEY: randomBytes(32).toString('base64'),
    KEYRING: `k1:${randomBytes(32).toString('base64')}`,
    LOG_LEVEL: 'warn',
    SHUTDOWN_DELAY_MS: '1000',
    ...(redisServer.volatile && { ALLOW_VOLATILE_REDIS: '1' }),
    ...SIMULATED,
  };
  const simulator = await start(ROOT, 'simulator', { ...env, SMTP_PORT: '0' });
  env.SIMULATOR_URL = simulator.url;
  await run(old, 'dist/apps/cli/src/main.js', ['migrate'], env);

  const processes = {};
  const enter = async (tree, name) => {
    const [api, worker] = [await start(tree, 'api', env), await start(tree, 'worker', env)];
    processes[`${name} api`] = api;
    processes[`${name} worker`] = worker;
    balancer.members.set(name, api.url);
    return async () => {
      balancer.members.delete(name);
      await Promise.all([api.stop(), worker.stop()]);
    };
  };
  const leaveOld = await enter(old, 'old');
  const demo = JSON.parse(await run(old, 'dist/apps/cli/src/main.js', ['demo', '--json'], env));
  const call = (method, path, body, headers = {}) =>
    ask(method, balancer.url + path, body, { authorization: `Bearer ${demo.apiKey}`, ...headers });
  const generator = await newGenerator(call, demo);

  const expected = { sent: new Set(), approved: new Set(), canceled: new Set(), surprises: [] };
  const stopClients = startClients(call, generator, expected);
  cleanUps.push(stopClients);
  const share = (part) => pause(SECONDS * part * 1_000);
  await share(0.1);
  say(`migrated: ${(await run(ROOT, 'dist/apps/cli/src/main.js', ['migrate'], env)).trim()}`);
  await share(0.1);
  await enter(ROOT, 'new');
  await share(0.4);
  await leaveOld();
  await share(0.1);
  const leaveAgain = await enter(old, 'old again');
  await share(0.2);
  await leaveAgain();
  await share(0.1);
  await stopClients();
  say(`requests served: ${JSON.stringify(balancer.served)}`);

  const redis = new Redis(redisServer.url);
  cleanUps.push(() => redis.disconnect());
  return judge({ redis, databaseUrl: postgres.url, simulator: simulator.url, expected, processes });
}

let failed = true;
try {
  const broken = await main();
  failed = broken.length > 0;
  say(failed ? `broken: ${broken.join('; ')}` : 'all invariants hold');
} catch (error) {
  say(`could not be run to its end: ${error.stack}`);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}
process.exit(failed ? 1 : 0);
