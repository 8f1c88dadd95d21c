// Protects against a route that answers without a key because somebody forgot to say who may call it.
import { Controller, Get, Post, RequestMethod, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public, PUBLIC_ROUTE, REQUIRED_SCOPE, RequireScope, SCOPES } from '#tenants';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { WorkerModule } from '../../apps/worker/src/worker.module.js';
import { ask, type House, openHouse } from '../support/house.js';
import { modulesUnder, offlineConfig } from './module-tree.js';

interface Route {
  method: string;
  path: string;
  handler: string;
  open: boolean;
  scopes: string[];
}

const HEALTH = ['GET /health/live', 'GET /health/ready', 'GET /health/startup'];
const WEBHOOKS = ['GET /webhooks/:provider/:account', 'POST /webhooks/:provider/:account'];
const PAGES = [
  'GET /p/b/:ticket',
  'GET /p/i/:page',
  'GET /p/l/:link',
  'POST /p/b/:ticket',
  'POST /p/l/:link',
];
/** Not a controller's: the description of the API, which tells nothing that the repository does not. */
const DOCUMENTATION = /^\/(docs|openapi)\b/;

@Controller('forgetful')
class ForgetfulController {
  @Get()
  saysNothing(): void {}

  @Post()
  @Public()
  @RequireScope('accounts:read')
  saysBoth(): void {}

  @Get('sound')
  @RequireScope('accounts:read')
  saysOne(): void {}
}

describe('every route of the API', () => {
  let routes: Route[];

  beforeAll(async () => {
    routes = await routesUnder(ApiModule.forRoot(offlineConfig()));
    expect(routes.length).toBeGreaterThan(30);
  });

  it('says who may call it: everybody, or a key with one scope', () => {
    expect(undecided(routes)).toEqual([]);
  });

  it('would be found if it said nothing, or both', () => {
    const found = undecided(routesOf(ForgetfulController)).map(({ handler }) => handler);
    expect(found).toEqual(['ForgetfulController.saysNothing', 'ForgetfulController.saysBoth']);
  });

  it('needs a key, but for probes, the webhooks of providers and pages with a secret address', () => {
    const open = routes.filter((route) => route.open).map(({ method, path }) => `${method} ${path}`);
    expect(open.sort()).toEqual([...HEALTH, ...WEBHOOKS, ...PAGES].sort());
  });

  it('names a scope that a key can have, and no scope is without a route', () => {
    const asked = new Set(routes.flatMap(({ scopes }) => scopes));
    // Asked for by a service: it is about what an answer holds, not about a route.
    asked.add('codes:reveal');
    expect([...asked].sort()).toEqual([...SCOPES].sort());
  });

  it('is reached by one spelling of method and path only', () => {
    const spellings = routes.map(({ method, path }) => `${method} ${path}`);
    expect(spellings.filter((spelling, at) => spellings.indexOf(spelling) !== at)).toEqual([]);
  });

  describe('as the running server answers', () => {
    let house: House;

    beforeAll(async () => {
      house = await openHouse({ worker: false });
    });
    afterAll(() => house.close());

    it('refuses a caller without a key, with 401 and nothing else', async () => {
      for (const { method, path, handler } of routes.filter((route) => !route.open)) {
        const url = house.api.url + path.replace(/:\w+/g, '1');
        const body = method === 'GET' || method === 'DELETE' ? undefined : {};
        expect([handler, (await ask(method, url, body)).status]).toEqual([handler, 401]);
      }
    });

    it('belongs to a controller, but for the documentation', () => {
      const served = servedRoutes(house);
      const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
      const strangers = served.filter(
        ({ method, path }) => !known.has(`${method} ${path}`) && !DOCUMENTATION.test(path),
      );
      expect(strangers).toEqual([]);
      expect(served.length).toBeGreaterThanOrEqual(routes.length);
    });
  });
});

it('a worker serves probes and nothing else', async () => {
  const routes = await routesUnder(WorkerModule.forRoot(offlineConfig()));
  expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(HEALTH);
});

function undecided(routes: Route[]): Route[] {
  return routes.filter(({ open, scopes }) => (open ? 1 : 0) + scopes.length !== 1);
}

async function routesUnder(root: Parameters<typeof modulesUnder>[0]): Promise<Route[]> {
  const controllers = new Set((await modulesUnder(root)).flatMap((module) => module.controllers));
  return [...controllers].flatMap(routesOf);
}

function routesOf(controller: Type): Route[] {
  const prototype = controller.prototype as Record<string, object>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    if (handler === controller) return [];
    const path = Reflect.getMetadata('path', handler) as string | string[] | undefined;
    if (path === undefined) return [];
    const method = RequestMethod[Reflect.getMetadata('method', handler) as number]!;
    const targets = [handler, controller];
    const open = targets.some((target) => Reflect.getMetadata(PUBLIC_ROUTE, target) === true);
    const scopes = targets
      .map((target) => Reflect.getMetadata(REQUIRED_SCOPE, target) as string | undefined)
      .filter((scope) => scope !== undefined);
    const bases = [Reflect.getMetadata('path', controller) as string | string[]].flat();
    return bases.flatMap((base) =>
      [path].flat().map((end) => ({
        method,
        path: `/${base}/${end}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, ''),
        handler: `${controller.name}.${name}`,
        open,
        scopes,
      })),
    );
  });
}

/** Fastify's own list: a tree of one route per line, `│   ├── /end (GET, HEAD)` under its beginning. */
function servedRoutes(house: House): { method: string; path: string }[] {
  const lines = house.api.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }).split('\n');
  const beginnings: string[] = [];
  return lines.flatMap((line) => {
    const [, indent, end, methods] = /^(.*)── (\S+)(?: \(([^)]+)\))?/.exec(line) ?? [];
    if (indent === undefined) return [];
    const depth = (indent.length - 1) / 4;
    beginnings.length = depth;
    beginnings.push(end!);
    return (methods ?? '')
      .split(', ')
      .filter((method) => !['', 'HEAD', 'OPTIONS'].includes(method))
      .map((method) => ({ method, path: beginnings.join('') }));
  });
}
