// Protects against a queue that nobody works on, or two processors that take each other's jobs.
import { getQueueToken } from '@nestjs/bullmq';
import type { Provider, Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { SEND_QUEUES } from '#challenges';
import { BootRefused } from '#platform/config';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { CliModule } from '../../apps/cli/src/cli.module.js';
import { chooseQueues, WORKER_QUEUES, WorkerModule } from '../../apps/worker/src/worker.module.js';
import { modulesUnder, offlineConfig } from './module-tree.js';

/** Where `@Processor` of @nestjs/bullmq leaves its options. */
const PROCESSOR = 'bullmq:processor_metadata';
const QUEUE_TOKEN = getQueueToken('?').replace('?', '');

describe('every queue', () => {
  it.each([
    ['the API', () => ApiModule.forRoot(offlineConfig())],
    ['the command line', () => CliModule.forRoot(offlineConfig())],
    ['the worker', () => WorkerModule.forRoot(offlineConfig())],
  ])('that %s puts jobs in has exactly one processor in a worker', async (_app, producer) => {
    const providers = await providersUnder(producer());
    const queues = tokensOf(providers).filter((token) => token.startsWith(QUEUE_TOKEN));
    expect(queues.length).toBeGreaterThanOrEqual(SEND_QUEUES.length);
    const processed = await processedBy(WorkerModule.forRoot(offlineConfig()));
    const tokens = processed.map((name) => getQueueToken(name));
    for (const queue of new Set(queues)) expect(tokens.filter((token) => token === queue)).toHaveLength(1);
  });

  it('has its own processor when a worker is given that queue alone', async () => {
    for (const name of WORKER_QUEUES) {
      const module = WorkerModule.forRoot(offlineConfig({ WORKER_QUEUES: name }));
      expect(await processedBy(module)).toEqual([name]);
    }
  });
});

describe('WORKER_QUEUES', () => {
  it('chooses every queue when it is absent, and each named one once', () => {
    expect(chooseQueues(undefined)).toEqual(WORKER_QUEUES);
    expect(chooseQueues([WORKER_QUEUES[0]!, WORKER_QUEUES[0]!])).toEqual([WORKER_QUEUES[0]]);
  });

  it.each([[['send-pigeon']], [[...WORKER_QUEUES, 'send-pigeon']], [[]], [['']]])(
    'refuses to boot with %j, and names the queues there are',
    (wanted) => {
      expect(() => chooseQueues(wanted)).toThrow(BootRefused);
      expect(() => chooseQueues(wanted)).toThrow(WORKER_QUEUES[0]);
    },
  );

  it('refuses before anything is opened', () => {
    const config = offlineConfig({ WORKER_QUEUES: 'send-pigeon' });
    expect(() => WorkerModule.forRoot(config)).toThrow(/send-pigeon/);
  });
});

async function processedBy(root: Parameters<typeof modulesUnder>[0]): Promise<string[]> {
  return (await providersUnder(root))
    .filter((provider): provider is Type => typeof provider === 'function')
    .map((provider) => Reflect.getMetadata(PROCESSOR, provider) as { name: string } | undefined)
    .filter((options) => options !== undefined)
    .map(({ name }) => name);
}

async function providersUnder(root: Parameters<typeof modulesUnder>[0]): Promise<Provider[]> {
  return (await modulesUnder(root)).flatMap(({ providers }) => providers);
}

function tokensOf(providers: Provider[]): string[] {
  return providers
    .map((provider) => (typeof provider === 'function' ? provider.name : provider.provide))
    .filter((token) => typeof token === 'string');
}
