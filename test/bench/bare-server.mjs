// The limit: a bare Fastify server doing the same Redis work as a hot route, and nothing else. One EVALSHA for a
// check; one EVALSHA and one BullMQ add for a send. Same scripts, same corked client, same queue options.
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import { corkWrites, LuaScripts, openRedis, REQUEST_OPTIONS, untilReady } from '#platform/redis';

const [port, redisUrl] = process.argv.slice(2);
const redis = corkWrites(openRedis(redisUrl, REQUEST_OPTIONS));
await untilReady(redis, 5_000);
const hotStore = new URL('../../dist/libs/challenges/hot-store/', import.meta.url);
const scripts = new LuaScripts(redis, hotStore.href, ['open-challenge', 'check-answer']);
const queue = new Queue('send-whatsapp', {
  connection: redis,
  prefix: '{q-send-whatsapp}',
  skipMetasUpdate: true,
  streams: { events: { maxLen: 100 } },
  defaultJobOptions: { removeOnComplete: true, removeOnFail: { age: 86_400, count: 10_000 }, attempts: 1 },
});

const TENANT = 'a'.repeat(26);
const GENERATOR = `${'b'.repeat(26)}:1`;
const ACCOUNT = 'c'.repeat(26);
const SEALED = `k1.${'s'.repeat(46)}`;
const DIGEST_TAIL = 'd'.repeat(14);
let count = 0;

const app = Fastify();

app.post('/send', async (request, reply) => {
  const id = `${randomBytes(13).toString('hex')}`;
  const tag = `{p${id.slice(0, 2)}}:`;
  const digest = DIGEST_TAIL + String(++count).padStart(8, '0');
  const answer = await scripts.run(
    'open-challenge',
    [
      `${tag}ch:${id}`,
      `${tag}live:${GENERATOR.slice(0, 26)}:${digest}`,
      `${tag}lim:${digest}`,
      `${tag}due`,
      `${tag}exp`,
      `${tag}journal`,
    ],
    [
      0,
      id,
      600_000,
      0,
      3_000,
      '',
      'w',
      ACCOUNT,
      0,
      0,
      digest,
      'MX',
      digest,
      '',
      -1,
      'v',
      1,
      'k',
      'c',
      't',
      TENANT,
      'g',
      GENERATOR,
      'h',
      digest,
      'hk',
      'k1',
      'c',
      SEALED,
      'l',
      6,
      'fm',
      10,
      'sr',
      SEALED,
      'i',
      digest,
      'lg',
      'en',
      'y',
      'test',
    ],
  );
  await queue.add('send-message', { v: 1, messageId: id }, { jobId: `${id}-1` });
  reply.code(201);
  return {
    id,
    receiver: request.body.receiver,
    expiresAt: answer[1],
    resendAfter: answer[2],
    attemptsRemaining: 10,
    sends: 1,
  };
});

app.post('/check/:id', async (request) => {
  const { id } = request.params;
  const tag = `{p${id.slice(0, 2)}}:`;
  const answer = await scripts.run(
    'check-answer',
    [`${tag}ch:${id}`, `${tag}exp`, `${tag}due`, `${tag}journal`],
    [0, `op${++count}`, TENANT, '', '', '', request.body.code.length, 'k1', 'x'.repeat(22)],
  );
  return {
    status: answer[1],
    valid: answer[0] === 'approved',
    attemptsRemaining: 10 - answer[3],
    expiresAt: answer[5],
    resendAfter: answer[6],
    sends: answer[7],
  };
});

await app.listen({ port: Number(port), host: '127.0.0.1' });
process.send?.('ready');
for (const signal of ['disconnect', 'SIGTERM']) process.on(signal, () => process.exit(0));
