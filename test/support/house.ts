// A whole Countersign in this process: API, worker and simulator over real HTTP, on a Redis and a database of its own.
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import pg from 'pg';
import { Agent, request } from 'undici';
import { type RunningApi, startApi } from '../../apps/api/src/api.js';
import { type Demo, prepareDemo } from '../../apps/cli/src/demo.js';
import { migrate } from '../../apps/cli/src/migrate.js';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { type RunningSimulator, startSimulator } from '../../apps/simulator/src/start-simulator.js';
import { type RunningWorker, startWorker } from '../../apps/worker/src/worker.js';
import { type KeyMode, type Scope, TenantsService } from '#tenants';
import { Clock } from '#platform/clock';
import { loadConfig } from '#platform/config';
import { parseNative } from '#platform/identifiers';
import { configureLogging } from '#platform/logging';
import { RedisConnection } from '#platform/redis';
import { type PrivateService, privateRedis } from './services.js';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs reach into answers of every shape
  json: any;
}

export interface HouseOptions {
  worker?: boolean;
  /** A PostgreSQL of the spec's own, to break; the suite's otherwise. */
  postgres?: PrivateService;
  /** A Redis of the spec's own making; the house disposes of it. */
  redis?: PrivateService;
  /** Variables that differ from the defaults of `environment()`. */
  env?: Record<string, string>;
}

export interface House {
  environment: Record<string, string>;
  redisServer: PrivateService;
  databaseUrl: string;
  simulator: RunningSimulator;
  api: RunningApi;
  worker: RunningWorker | undefined;
  /** The demo tenant: a test key, accounts at the simulator (`demo.email` is the one for e-mail), a subscribed webhook. */
  demo: Demo;
  /** A plain client of this house's Redis, for looking. */
  redis: Redis;
  /** Moves the clock of API and worker. */
  moveClock(ms: number): void;
  newKey(mode: KeyMode, scopes?: readonly Scope[]): Promise<string>;
  newTenantKey(name: string, mode?: KeyMode): Promise<{ tenantId: string; key: string }>;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** An approved English template and a generator that sends in it. */
  newGenerator(rules?: Record<string, unknown>): Promise<string>;
  simulated(to: string): Promise<SimulatedMessage[]>;
  close(): Promise<void>;
}

export interface SimulatedMessage {
  channel: string;
  to: string;
  code: string;
  /** Of a mail. */
  subject?: string;
  html?: string;
  text: string;
  buttons: { kind: string; label: string; value?: string }[];
  correlation: string;
  templateName: string;
  wamid: string;
  /** ISO 8601. */
  receivedAt: string;
  statuses: { status: string }[];
}

/** Variables of a process of this house. Ports 0 take any free one. */
export function environment(
  redisUrl: string,
  databaseUrl: string,
  simulatorUrl: string,
): Record<string, string> {
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    WORKER_PORT: '0',
    METRICS_PORT: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    PUBLIC_URL: 'http://127.0.0.1:1',
    SIMULATOR_URL: simulatorUrl,
    INSTALLATION_KEY: randomBytes(32).toString('base64'),
    KEYRING: `k1:${randomBytes(32).toString('base64')}`,
    LOG_LEVEL: 'silent',
    SHUTDOWN_DELAY_MS: '0',
    // Whole suites share two cores: a loop that lags there is no load of this house.
    MAX_LOOP_LAG_MS: '60000',
  };
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const redisServer = options.redis ?? (await privateRedis());
  const databaseUrl = await createDatabase(options.postgres?.url);
  const simulated = new SimulatorConfig({ port: 0, smtpPort: 0, approveAfterMs: 50 });
  const simulator = await startSimulator(simulated);
  const env: Record<string, string> = {
    ...environment(redisServer.url, databaseUrl, simulator.url),
    SIMULATOR_SMTP_URL: `smtp://127.0.0.1:${simulator.smtpPort}`,
    // Without a worker every queue grows old.
    ...(options.worker === false && { MAX_QUEUE_AGE_MS: '0' }),
    ...options.env,
  };
  configureLogging(env['LOG_LEVEL']!, 'test');
  await migrate(loadConfig(env));
  const config = loadConfig(env);
  const api = await startApi(config);
  // The port is known only now, and the webhook address must carry it.
  config.http.publicUrl = api.url;
  const worker =
    options.worker === false ? undefined : await startWorker(loadConfig({ ...env, PUBLIC_URL: api.url }));
  const demo = await prepareDemo(api.app, simulated, undefined);

  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    ask(method, api.url + path, body, { authorization: `Bearer ${demo.apiKey}`, ...headers });
  const house: House = {
    environment: { ...env, PUBLIC_URL: api.url },
    redisServer,
    databaseUrl,
    simulator,
    api,
    worker,
    demo,
    redis: api.app.get(RedisConnection, { strict: false }).client,
    moveClock: (ms) => {
      for (const running of [api, worker])
        if (running) running.app.get(Clock, { strict: false }).offsetMs += ms;
    },
    newKey: async (mode, scopes) =>
      (
        await tenants().createKey({
          tenantId: parseNative('tenant', demo.tenantId)!,
          name: 'spec',
          mode,
          scopes,
        })
      ).text,
    newTenantKey: async (name, mode = 'test') => {
      const tenant = await tenants().createTenant(name);
      return {
        tenantId: tenant.id,
        key: (await tenants().createKey({ tenantId: tenant.id, name: 'spec', mode })).text,
      };
    },
    call,
    newGenerator: (rules) => newGenerator(call, demo, rules),
    simulated: async (to) =>
      (await ask('GET', `${simulator.url}/_sim/messages?to=${encodeURIComponent(to)}`)).json.messages,
    close: async () => {
      await soon('the worker', worker?.drain());
      await soon('the API', api.drain());
      await soon('the simulator', simulator.app.close());
      await soon('Redis', redisServer.dispose());
    },
  };
  const tenants = (): TenantsService => api.app.get(TenantsService, { strict: false });
  return house;
}

/** A hook that runs into its limit does not say what it waited for. */
async function soon(what: string, ending: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within 25 s`)), 25_000);
  });
  await Promise.race([ending, late]).finally(() => clearTimeout(timer));
}

/** An API keeps an idle connection for 72 s, and here they would be counted among what it did not give back (I10). */
const dispatcher = new Agent({ keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 });

/** Sends one request; a string or Buffer body goes out as it is, anything else as JSON. */
export async function ask(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const response = await request(url, {
    dispatcher,
    method: method as 'GET',
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text, json: parse(text) };
}

/** The challenges whose first message is in one of these states, as `record.lua` letters them. */
export async function challengesWith(redis: House['redis'], states: string): Promise<string[]> {
  const keys = await redis.keys('{p*}:ch:*');
  const messages = await Promise.all(keys.map((key) => redis.hget(key, 'm1')));
  return keys.filter((_, at) => states.includes(messages[at]?.[0] ?? '-'));
}

/** Asks until `done` says so. Polls, because what is waited for happens in another part of the house. */
export async function until<T>(
  look: () => Promise<T>,
  done: (found: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (done(found)) return found;
    if (performance.now() > end)
      throw new Error(`not so within ${timeoutMs} ms: ${JSON.stringify(found)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A fresh database on the suite's PostgreSQL. */
export async function createDatabase(serverUrl = process.env['TEST_DATABASE_URL']!): Promise<string> {
  const url = new URL(serverUrl);
  const name = `house_${randomBytes(5).toString('hex')}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  url.pathname = `/${name}`;
  return url.href;
}

let templates = 0;

async function newGenerator(
  call: House['call'],
  demo: Demo,
  rules: Record<string, unknown> = {},
): Promise<string> {
  const name = `spec_${++templates}_${randomBytes(3).toString('hex')}`;
  const created = await call('POST', '/v1/templates', {
    account: demo.accountId,
    name,
    category: 'AUTHENTICATION',
    languages: [{ language: 'en' }],
  });
  if (created.status !== 201) throw new Error(`template: ${created.text}`);
  await until(
    () => call('GET', `/v1/templates/${created.json.id}`),
    (answer) => answer.json.languages[0].status === 'approved',
  );
  const generator = await call('POST', '/v1/generators', {
    name: 'spec',
    channels: [{ channel: 'whatsapp', sender: demo.senderAddress, template: created.json.id }],
    ...rules,
  });
  if (generator.status !== 201) throw new Error(`generator: ${generator.text}`);
  return generator.json.id;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
