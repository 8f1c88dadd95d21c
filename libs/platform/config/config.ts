import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { EnvironmentDto, ProductionEnvironmentDto } from './environment.dto.js';

/** The typed tree everyone else asks for. Made once from `process.env`; nothing else reads it. */
export class Config {
  readonly production: boolean;
  readonly test: boolean;
  readonly http: {
    host: string;
    port: number;
    workerPort: number;
    metricsPort: number;
    publicUrl: string;
    maxInFlight: number;
    maxLoopLagMs: number;
    /** 0: never asked. */
    maxQueueAgeMs: number;
  };
  readonly database: { url: string };
  readonly redis: { url: string; allowVolatile: boolean };
  readonly keys: { installation: Buffer; ring: { kid: string; key: Buffer }[] };
  readonly partitions: number;
  readonly worker: { queues: string[] | undefined; concurrency: number; dropBufferMs: number };
  /** Folder of the lists of disposable receivers, or undefined. */
  readonly limitLists: string | undefined;
  /** Folder for copies of the audit trail's checkpoints, or undefined. */
  readonly auditCheckpoints: string | undefined;
  /** How long history is kept. */
  readonly retention: { personalDays: number; historyDays: number };
  readonly logLevel: string;
  readonly clockOffsetMs: number;
  readonly shutdownDelayMs: number;
  /** Origin of the simulator, or undefined. */
  readonly simulatorOrigin: string | undefined;
  /** Where the simulator takes mail, or undefined. */
  readonly simulatorSmtp: { host: string; port: number } | undefined;
  /** An account whose base URL has one of these origins is a simulator account. */
  readonly simulatorOrigins: ReadonlySet<string>;

  constructor(env: EnvironmentDto) {
    this.production = env.NODE_ENV === 'production';
    this.test = env.NODE_ENV === 'test';
    this.http = {
      host: env.HOST,
      port: env.PORT,
      workerPort: env.WORKER_PORT,
      metricsPort: env.METRICS_PORT,
      publicUrl: env.PUBLIC_URL.replace(/\/+$/, ''),
      maxInFlight: env.MAX_IN_FLIGHT,
      maxLoopLagMs: env.MAX_LOOP_LAG_MS,
      maxQueueAgeMs: env.MAX_QUEUE_AGE_MS,
    };
    this.database = { url: env.DATABASE_URL };
    this.redis = { url: env.REDIS_URL, allowVolatile: env.ALLOW_VOLATILE_REDIS };
    this.keys = {
      installation: Buffer.from(env.INSTALLATION_KEY, 'base64'),
      ring: parseKeyring(env.KEYRING),
    };
    this.partitions = env.PARTITIONS;
    this.worker = {
      queues: parseList(env.WORKER_QUEUES),
      concurrency: env.WORKER_CONCURRENCY,
      dropBufferMs: env.DROP_BUFFER_SECONDS * 1_000,
    };
    this.limitLists = env.LIMIT_LISTS;
    this.auditCheckpoints = env.AUDIT_CHECKPOINTS;
    this.retention = { personalDays: env.RETAIN_PERSONAL_DAYS, historyDays: env.RETAIN_HISTORY_DAYS };
    this.logLevel = env.LOG_LEVEL;
    this.clockOffsetMs = env.CLOCK_OFFSET_MS;
    this.shutdownDelayMs = env.SHUTDOWN_DELAY_MS;
    this.simulatorOrigin = env.SIMULATOR_URL ? originOf(env.SIMULATOR_URL) : undefined;
    this.simulatorSmtp = env.SIMULATOR_SMTP_URL ? readSmtpUrl(env.SIMULATOR_SMTP_URL) : undefined;
    this.simulatorOrigins = new Set(
      [env.SIMULATOR_URL, env.SIMULATOR_SMTP_URL].filter((url) => url !== undefined).map(originOf),
    );
  }
}

/** A configuration the process must not start with. `main.ts` prints the message alone and exits. */
export class BootRefused extends Error {}

/** Reads and validates the environment. Throws `BootRefused` naming every variable that is wrong. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const schema =
    environment['NODE_ENV'] === 'production' || !environment['NODE_ENV']
      ? ProductionEnvironmentDto
      : EnvironmentDto;
  const known = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const env = plainToInstance(schema, known, { exposeDefaultValues: true });
  const problems = validateSync(env, { forbidUnknownValues: false }).flatMap((error) =>
    Object.values(error.constraints ?? {}).map((rule) =>
      rule.includes(error.property) ? rule : `${error.property}: ${rule}`,
    ),
  );
  for (const name of ['SIMULATOR_URL', 'SIMULATOR_SMTP_URL'] as const) {
    if (env.NODE_ENV === 'production' && env[name])
      problems.push(`${name} must not be set in production: a simulator account would reveal codes`);
  }
  if (env.NODE_ENV !== 'test' && env.CLOCK_OFFSET_MS !== 0) {
    problems.push('CLOCK_OFFSET_MS moves every expiry and is for tests only');
  }
  if (env.RETAIN_PERSONAL_DAYS > env.RETAIN_HISTORY_DAYS) {
    problems.push(
      'RETAIN_PERSONAL_DAYS must not be more than RETAIN_HISTORY_DAYS: the rows are gone by then',
    );
  }
  if (problems.length > 0) {
    throw new BootRefused(
      `Countersign cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  return new Config(env);
}

/** Scheme, host and port. `URL.origin` is `null` for anything but the web's own schemes. */
export function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host.toLowerCase()}`;
}

function readSmtpUrl(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function parseKeyring(value: string): { kid: string; key: Buffer }[] {
  return value.split(',').map((entry) => {
    const colon = entry.indexOf(':');
    return { kid: entry.slice(0, colon), key: Buffer.from(entry.slice(colon + 1), 'base64') };
  });
}

function parseList(value: string | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** Variables of one command only, which are no part of a running process's configuration. */
export function readVariables(names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(
    names.map((name) => [name, process.env[name] === '' ? undefined : process.env[name]]),
  );
}
