// `npm run bench -- --smoke`: the hot routes against a bare server doing the same Redis commands, alternating in
// one run. Ratios are what counts; the machine's own speed is in both sides of them. Requests/s are of a closed loop,
// as many as each side can do. Processor time is compared at one rate for both: at the limit of each, the faster side
// has more requests in each turn of its loop and pays less for one.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import autocannon from 'autocannon';
import { Redis } from 'ioredis';
import { startSubjects } from './subjects.mjs';

const TICK_US = 10_000;
const CONNECTIONS = 64;
const ROUNDS = 8;
const SECONDS = 2;
/** A rate that each side can keep up with on two small cores. */
const EQUAL_RATE = 1_000;
/** Long enough that both sides are compiled: the larger one takes longer, and a service runs for weeks. */
const WARM_UP_SECONDS = 12;

if (!process.argv.includes('--smoke')) {
  console.error('Only the smoke size exists so far: npm run bench -- --smoke');
  process.exit(2);
}

const subjects = await startSubjects();
process.on('SIGINT', () => void subjects.stop().then(() => process.exit(130)));
try {
  const generator = await prepareGenerator();
  console.log(
    `${cpus()[0].model}, ${cpus().length} CPUs, Node ${process.version}; ${ROUNDS} alternations of ${SECONDS} s, ${CONNECTIONS} connections; processor time at ${EQUAL_RATE} requests/s`,
  );
  const send = await compare('send', { api: sendToApi(generator), bare: sendToBare() });
  const ids = { api: await liveIds(0), bare: await liveIds(1) };
  const check = await compare('check (wrong code)', {
    api: checkAt(ids.api, (id) => `/v1/challenges/chl_${id}/check`),
    bare: checkAt(ids.bare, (id) => `/check/${id}`),
  });
  report([check, send]);
} finally {
  await subjects.stop();
}

async function compare(name, traffic) {
  const closed = { api: [], bare: [] };
  const even = { api: [], bare: [] };
  const sides = ['bare', 'api'];
  for (const side of sides) await load(side, traffic[side], WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of sides) closed[side].push(await load(side, traffic[side], SECONDS));
    for (const side of sides) even[side].push(await load(side, traffic[side], SECONDS, EQUAL_RATE));
  }
  return { name, closed, even };
}

/** One window of load; requests/s and the server process's own CPU time per request. As fast as it goes without a rate. */
async function load(side, setupRequest, seconds, overallRate) {
  const subject = subjects[side];
  const cpuBefore = cpuMicroseconds(subject.pid);
  const result = await autocannon({
    url: subject.url,
    connections: CONNECTIONS,
    duration: seconds,
    ...(overallRate && { overallRate }),
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${subjects.demo.apiKey}` },
        setupRequest,
      },
    ],
  });
  const answered = result['2xx'];
  if (result.non2xx > answered / 100)
    throw new Error(`${subject.name}: ${result.non2xx} of ${answered + result.non2xx} answers were refusals`);
  return {
    perSecond: answered / result.duration,
    cpu: (cpuMicroseconds(subject.pid) - cpuBefore) / answered,
    p99: result.latency.p99,
  };
}

function report(rows) {
  const median = (values) => [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
  console.log(
    '\nroute              bare req/s  ours req/s  ratio (spread)      bare CPU µs  ours CPU µs  bare/ours (spread)  p99 ms bare/ours',
  );
  const spread = (ratios) =>
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`.padEnd(
      20,
    );
  for (const { name, closed, even } of rows) {
    const of = (rounds, side, figure, digits) =>
      median(rounds[side].map((round) => round[figure])).toFixed(digits);
    console.log(
      `${name.padEnd(18)} ${of(closed, 'bare', 'perSecond', 0).padStart(10)} ${of(closed, 'api', 'perSecond', 0).padStart(11)}  ` +
        spread(closed.api.map((round, at) => round.perSecond / closed.bare[at].perSecond)) +
        `${of(even, 'bare', 'cpu', 1).padStart(11)} ${of(even, 'api', 'cpu', 1).padStart(12)}  ` +
        spread(even.api.map((round, at) => even.bare[at].cpu / round.cpu)) +
        `${of(closed, 'bare', 'p99', 0).padStart(6)} / ${of(closed, 'api', 'p99', 0)}`,
    );
  }
}

async function prepareGenerator() {
  const call = async (path, body) => {
    const response = await fetch(`${subjects.api.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${subjects.demo.apiKey}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
    return response.json();
  };
  const template = await call('/v1/templates', {
    account: subjects.demo.accountId,
    name: 'bench',
    category: 'AUTHENTICATION',
    languages: [{ language: 'en' }],
  });
  while ((await call(`/v1/templates/${template.id}`)).languages[0].status !== 'approved')
    await new Promise((resolve) => setTimeout(resolve, 50));
  const { id } = await call('/v1/generators', {
    name: 'bench',
    maxAttempts: 10,
    channels: [{ channel: 'whatsapp', sender: subjects.demo.senderAddress, template: template.id }],
  });
  return id;
}

function sendToApi(generator) {
  let number = 10_000_000;
  return (request) => ({
    ...request,
    path: '/v1/challenges',
    body: JSON.stringify({ generator, receiver: `+5255${++number}` }),
  });
}

function sendToBare() {
  let number = 10_000_000;
  return (request) => ({
    ...request,
    path: '/send',
    body: JSON.stringify({ generator: `gen_${'b'.repeat(26)}`, receiver: `+5255${++number}` }),
  });
}

/** Ten wrong answers for each challenge, one challenge after another. */
function checkAt(ids, pathOf) {
  let turn = 0;
  const body = JSON.stringify({ code: '000000' });
  return (request) => ({ ...request, path: pathOf(ids[Math.floor(turn++ / 9) % ids.length]), body });
}

async function liveIds(database) {
  const redis = new Redis(subjects.redis.url, { db: database });
  const keys = await redis.keys('{p*}:ch:*');
  redis.disconnect();
  return keys.map((key) => key.split(':ch:')[1]);
}

/** User and system time of one process. */
function cpuMicroseconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}
