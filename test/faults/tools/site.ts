// A house whose API and workers are processes of their own, the API behind a proxy before Redis: what is killed,
// stopped and cut off in these tests. The house's own API only takes the provider's receipts, and is left in peace.
import {
  type Answer,
  ask,
  type House,
  type HouseOptions,
  openHouse,
  type SimulatedMessage,
  until,
} from '../../support/house.js';
import { seededRandom } from '../../support/seeded-random.js';
import { type StartedProcess, startBuilt, type StartOptions } from '../../support/processes.js';
import { FaultProxy } from './fault-proxy.js';
import { Oracle } from './oracle.js';
import { nextReceiver, startTraffic, type Traffic } from './traffic.js';

export const SEED = Number(process.env['FAULT_SEED'] ?? 20261126);
/** Full sizes and times; `npm test` runs small ones. */
export const FULL = process.env['FAULT_FULL'] === '1';
export const MINUTES = Number(process.env['FAULT_MINUTES'] ?? 0);

export interface Site {
  house: House;
  /** Before Redis, for the API, and for whom its URL is given to. */
  proxy: FaultProxy;
  oracle: Oracle;
  generator: string;
  random: () => number;
  api: StartedProcess;
  /** Those that it was opened with. */
  workers: StartedProcess[];
  start(app: 'api' | 'worker', env?: Record<string, string>, options?: StartOptions): Promise<StartedProcess>;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The same of another API. */
  callAt(
    url: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  open(
    headers?: Record<string, string>,
    generator?: string,
  ): Promise<{ id: string; receiver: string; code: string }>;
  traffic(perSecond: number, urls?: readonly string[]): Traffic;
  behave(behavior: object): Promise<void>;
  received(receiver: string): Promise<SimulatedMessage[]>;
  /** Milliseconds until the site opens challenges again. */
  recover(): Promise<number>;
  close(): Promise<void>;
}

/** An API behind the proxy, and so many workers. */
export async function openSite({ workers = 1, ...options }: SiteOptions = {}): Promise<Site> {
  const house = await openHouse({ ...options, worker: false });
  const proxy = await FaultProxy.before(house.redisServer.url);
  const oracle = new Oracle(house);
  const started: StartedProcess[] = [];
  const generator = await house.newGenerator();
  const random = seededRandom(SEED);

  const site: Site = {
    house,
    proxy,
    oracle,
    generator,
    random,
    api: undefined as never,
    workers: [],
    start: async (app, env = {}, startOptions = {}) => {
      const process = await startBuilt(
        app,
        { ...house.environment, LOG_LEVEL: 'info', ...(app === 'api' && { REDIS_URL: proxy.url }), ...env },
        startOptions,
      );
      started.push(process);
      oracle.listen(process.output);
      return process;
    },
    call: (method, path, body, headers) => site.callAt(site.api.url, method, path, body, headers),
    callAt: (url, method, path, body, headers = {}) =>
      ask(method, url + path, body, { authorization: `Bearer ${house.demo.apiKey}`, ...headers }),
    open: async (headers, of = generator) => {
      const receiver = nextReceiver();
      const id = oracle.noteOpened(
        await site.call('POST', '/v1/challenges', { generator: of, receiver }, headers),
        receiver,
      );
      const { code } = (await house.call('GET', `/v1/challenges/${id}/code`)).json as { code: string };
      oracle.noteCode(id, code);
      return { id, receiver, code };
    },
    traffic: (perSecond, urls = [site.api.url]) =>
      startTraffic(house, oracle, { urls, generator, perSecond, random }),
    behave: async (behavior) => {
      const { status } = await ask('PUT', `${house.simulator.url}/_sim/behavior`, behavior);
      if (status !== 200) throw new Error(`the simulator refused: ${status}`);
    },
    received: (receiver) => house.simulated(receiver),
    recover: async () => {
      const from = performance.now();
      const receiver = nextReceiver();
      const answer = await until(
        () => site.call('POST', '/v1/challenges', { generator, receiver }).catch(() => undefined),
        (found) => found?.status === 201,
        60_000,
      );
      oracle.noteOpened(answer!, receiver);
      const ms = performance.now() - from;
      oracle.noteRecovery(ms);
      return ms;
    },
    close: async () => {
      proxy.heal();
      await Promise.all(started.map((process) => process.kill()));
      await proxy.close();
      await house.close();
    },
  };
  site.api = await site.start('api');
  for (let count = 0; count < workers; count++) site.workers.push(await site.start('worker'));
  return site;
}

interface SiteOptions extends HouseOptions {
  workers?: number;
}

export function wrongFor(code: string): string {
  return code === '000000' ? '000001' : '000000';
}
