// Owns the server around the module: Fastify with Graph's leniency about slashes
// and bodies. main.ts and the specs start the very same thing.

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from './core/clock.js';
import { keepRawBody } from './core/raw-body.js';
import { ShapeError } from './core/shape.js';
import { unknownPath } from './graph/graph-error.js';
import { GraphErrorFilter, pathOf } from './graph/graph-error.filter.js';
import type { SimulatorConfig } from './simulator.config.js';
import { SimulatorModule } from './simulator.module.js';
import { MailServer } from './smtp/mail-server.js';

export interface RunningSimulator {
  app: NestFastifyApplication;
  /** Without a trailing slash. */
  url: string;
  /** Where it takes mail. */
  smtpPort: number;
}

const BODY_LIMIT_BYTES = 1024 * 1024;
/** `application/json`, and what is JSON under a name of its own, such as CloudEvents. */
const JSON_TYPES = /^application\/(?:[\w.-]+\+)?json(?:;|$)/;

export async function startSimulator(
  config: SimulatorConfig,
  clock = new Clock(),
): Promise<RunningSimulator> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    // A hung answer or an open phone page must not hold up the end.
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    // What the router can't even read is answered before any filter runs.
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      void reply.code(400).send(unknownPath(pathOf(request.url)).toEnvelope());
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    SimulatorModule.register(config, clock),
    adapter,
    {
      logger: ['warn', 'error', 'fatal'],
      bodyParser: false,
      abortOnError: false,
    },
  );
  addBodyParsers(adapter.getInstance<FastifyInstance>());
  app.useGlobalFilters(new GraphErrorFilter());
  await app.listen(config.port, config.host);
  const { port: smtpPort } = await app.get(MailServer).listen();
  return { app, url: originOf(await app.getUrl()), smtpPort };
}

/** Graph ignores what it can not read, be it an empty body or another type; control requests must be right. */
function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_TYPES, { parseAs: 'string' }, (request, body, done) => {
    keepRawBody(request, String(body));
    try {
      done(null, body === '' ? {} : (JSON.parse(String(body)) as unknown));
    } catch {
      if (isControl(request)) done(new ShapeError('', 'valid JSON'));
      else done(null, {});
    }
  });
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, {}));
}

function isControl({ url }: FastifyRequest): boolean {
  return url.startsWith('/_sim');
}

/** Nest answers [::1] or 127.0.0.1 as bound; without a slash at the end. */
function originOf(url: string): string {
  return new URL(url).origin;
}
