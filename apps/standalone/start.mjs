// `npm start`: from a checkout to a working installation. PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL
// name others), migrations, simulator, API and worker, a demonstration tenant; then the screen that explains itself.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, STATE_DIR, say } from './environment.mjs';
import { tryLock } from './lock.mjs';
import { isPortFree, writeJson } from './processes.mjs';
import {
  SENDER_ADDRESS,
  SIMULATOR_VARIABLES,
  SMTP_USERNAME,
  loadSecrets,
  simulatedProviders,
  tryOut,
  welcome,
} from './quickstart.mjs';
import { startPostgres, startRedis } from './services.mjs';
import { Supervisor } from './supervisor.mjs';

const started = Date.now();
const inState = (name) => join(STATE_DIR, name);
const main = (app) => join(ROOT, 'dist', 'apps', app, 'src', 'main.js');
const ports = {
  PORT: Number(process.env.PORT || 3000),
  SIMULATOR_PORT: Number(process.env.SIMULATOR_PORT || 3100),
  SMTP_PORT: Number(process.env.SMTP_PORT || 3125),
  WORKER_PORT: Number(process.env.WORKER_PORT || 3001),
};
const services = [];
let supervisor;
let lock;
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));
followParent();
try {
  await start();
} catch (error) {
  await end(1, error);
}

async function start() {
  if (!existsSync(main('api')))
    throw new Error('Nothing is built yet. Use `npm start`, which installs and builds first.');
  // Others may pass but not look: where user namespaces are barred, PostgreSQL runs below as nobody.
  mkdirSync(STATE_DIR, { recursive: true, mode: 0o711 });
  lock = tryLock(inState('launcher.lock'));
  if (lock.holder)
    throw new Error(
      `Countersign already runs from ${STATE_DIR} (process ${lock.holder.pid}). Stop it first.`,
    );
  supervisor = new Supervisor({ stateDir: STATE_DIR, onDeath: (error) => void end(1, error) });
  await supervisor.reapOrphans();
  await checkPorts();
  const secrets = loadSecrets(inState('secrets.json'));

  say('Starting PostgreSQL and Redis…');
  const postgres = await startService(startPostgres, 'postgres');
  const redis = await startService(startRedis, 'redis');
  const env = await environment({ postgres, redis, secrets });

  say('Starting Countersign…');
  supervisor.startApp('simulator', main('simulator'), env.simulator);
  await supervisor.run('migrate', main('cli'), ['migrate'], env.cli);
  supervisor.startApp('api', main('api'), env.api);
  supervisor.startApp('worker', main('worker'), env.worker);
  await Promise.all([
    supervisor.untilReady('simulator', `${urlOf(ports.SIMULATOR_PORT)}/_sim/health`),
    supervisor.untilReady('api', `${urlOf(ports.PORT)}/health/ready`),
    supervisor.untilReady('worker', `${urlOf(ports.WORKER_PORT)}/health/ready`),
  ]);
  if (ending) return;
  const demo = parseDemo(await supervisor.run('demo', main('cli'), ['demo', '--json'], env.cli));
  if (demo.apiKey !== secrets.apiKey) writeJson(inState('secrets.json'), { ...secrets, apiKey: demo.apiKey });
  writeCliEnvironment(env.cli);
  if (!ending) present(demo, secrets.simulator);
}

async function startService(startIt, name) {
  const onExit = ({ name: server, code, signal, log }) =>
    void end(
      1,
      new Error(`${server} ended unexpectedly (${signal ?? `exit code ${code}`}). Its last words:\n\n${log}`),
    );
  const service = await startIt({ dir: inState(name), onExit });
  services.push(service);
  return service;
}

async function environment({ postgres, redis, secrets }) {
  const base = {
    ...process.env,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
  };
  const simulated = {
    ...Object.fromEntries(
      Object.entries(SIMULATOR_VARIABLES).map(([variable, name]) => [variable, secrets.simulator[name]]),
    ),
    SIM_SENDER_ADDRESS: SENDER_ADDRESS,
    SIM_SMTP_USERNAME: SMTP_USERNAME,
    SIM_APPROVE_AFTER_MS: '1000',
  };
  const common = {
    ...base,
    PORT: String(ports.PORT),
    WORKER_PORT: String(ports.WORKER_PORT),
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    PUBLIC_URL: urlOf(ports.PORT),
    SIMULATOR_URL: urlOf(ports.SIMULATOR_PORT),
    SIMULATOR_SMTP_URL: `smtp://127.0.0.1:${ports.SMTP_PORT}`,
    INSTALLATION_KEY: process.env.INSTALLATION_KEY || secrets.installationKey,
    KEYRING: process.env.KEYRING || secrets.keyring,
    SHUTDOWN_DELAY_MS: '0', // no load balancer has to notice first
    ...(redis.volatile ? { ALLOW_VOLATILE_REDIS: '1' } : {}),
  };
  return {
    api: { ...common, METRICS_PORT: await metricsPort(9464) },
    worker: { ...common, METRICS_PORT: await metricsPort(9465) },
    cli: { ...common, ...simulated, ...(secrets.apiKey ? { DEMO_API_KEY: secrets.apiKey } : {}) },
    simulator: {
      ...base,
      ...simulated,
      PORT: String(ports.SIMULATOR_PORT),
      SMTP_PORT: String(ports.SMTP_PORT),
      SIM_STATE_FILE: inState('simulator.json'),
    },
  };
}

/** What the command line needs to administrate this installation: `set -a; . .countersign/cli.env; set +a`. */
function writeCliEnvironment(env) {
  const names = [
    'NODE_ENV',
    'DATABASE_URL',
    'REDIS_URL',
    'PUBLIC_URL',
    'SIMULATOR_URL',
    'SIMULATOR_SMTP_URL',
    'INSTALLATION_KEY',
    'KEYRING',
  ];
  const lines = [...names, 'ALLOW_VOLATILE_REDIS']
    .filter((name) => env[name])
    .map((name) => `${name}='${env[name]}'\n`);
  writeFileSync(inState('cli.env'), lines.join(''), { mode: 0o600 });
}

/** Nobody reads metrics in a first look, so a taken port is not worth a refusal. */
async function metricsPort(usual) {
  return (await isPortFree(usual)) ? String(usual) : '0';
}

async function checkPorts() {
  const seen = new Map();
  for (const [variable, port] of Object.entries(ports)) {
    if (!(Number.isInteger(port) && port > 0 && port < 65_536))
      throw new Error(`${variable} is not a port number.`);
    const advice = `Choose another with ${variable}, for example: ${variable}=${port + 1000} npm start`;
    if (seen.has(port)) throw new Error(`${variable} and ${seen.get(port)} are both ${port}. ${advice}`);
    seen.set(port, variable);
    if (!(await isPortFree(port))) throw new Error(`Port ${port} is taken by another program. ${advice}`);
  }
}

function parseDemo(output) {
  try {
    return JSON.parse(output);
  } catch {
    throw new Error(`\`cli demo --json\` did not print one JSON object but:\n\n${output}`);
  }
}

/** Tells the newcomer, and leaves the same in files for tests and scripts. */
function present(demo, secrets) {
  const [apiUrl, simulatorUrl] = [urlOf(ports.PORT), urlOf(ports.SIMULATOR_PORT)];
  const quickstart = {
    apiUrl,
    simulatorUrl,
    phoneUrl: `${simulatorUrl}/phone`,
    apiKey: demo.apiKey,
    wabaId: demo.wabaId,
    senderAddress: demo.senderAddress,
    receiver: demo.receiver,
    simulator: simulatedProviders(simulatorUrl, ports.SMTP_PORT, secrets),
  };
  const script = tryOut(quickstart);
  writeJson(inState('quickstart.json'), quickstart);
  writeFileSync(inState('quickstart.sh'), script, { mode: 0o600 });
  const shown = relative(process.cwd(), STATE_DIR) || '.';
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `\n${welcome({ ...quickstart, shown, seconds, script: join(shown, 'quickstart.sh') })}\n${script}`,
  );
}

function urlOf(port) {
  return `http://127.0.0.1:${port}`;
}

/** Runs once, whatever comes first: a signal, a death, an error, the parent's end. Clients go before their servers. */
async function end(code, error) {
  if (ending) return;
  ending = true;
  if (error) say(`\n${error.message}\n`);
  else say('\nStopping…');
  await supervisor?.stop(['api', 'worker', 'migrate', 'demo']);
  await supervisor?.stop();
  await Promise.all(services.map((service) => service.stop()));
  lock?.release?.();
  process.exit(code);
}

/** npm hands a SIGTERM to the shell between us and dies; without this we would go on, ownerless. */
function followParent() {
  if (process.env.npm_lifecycle_event !== 'start') return;
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || void end(0), 500).unref();
}
