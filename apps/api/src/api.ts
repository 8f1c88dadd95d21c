import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { Config } from '#platform/config';
import { HealthModule, ProcessState } from '#platform/health';
import { createHttpApp, type Draining, drainApp } from '#platform/http-server';
import { ApiModule } from './api.module.js';
import { describeApi } from './openapi.js';
import { warmUp } from './warm-up.js';

export interface RunningApi extends Draining {
  app: NestFastifyApplication;
  url: string;
}

/** Builds the API, listens, warms it up, and only then says that it is ready. */
export async function startApi(config: Config): Promise<RunningApi> {
  const app = await createHttpApp(ApiModule.forRoot(config));
  SwaggerModule.setup('docs', app, describeApi(app, config), {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Countersign API',
    // A bar with the logo of the tool and nothing else.
    customCss: '.swagger-ui .topbar { display: none }',
  });
  await app.listen(config.http.port, config.http.host);
  await warmUp(app);
  const state = app.select(HealthModule).get(ProcessState);
  state.started = true;
  return {
    app,
    url: await app.getUrl(),
    drain: () => drainApp(app, () => (state.draining = true), config.shutdownDelayMs),
  };
}
