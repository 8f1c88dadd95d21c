import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { Config } from '#platform/config';
import { HealthModule, ProcessState } from '#platform/health';
import { createHttpApp, type Draining, drainApp } from '#platform/http-server';
import { ApiModule } from './api.module.js';
import { warmUp } from './warm-up.js';

export interface RunningApi extends Draining {
  app: NestFastifyApplication;
  url: string;
}

/** Builds the API, listens, warms it up, and only then says that it is ready. */
export async function startApi(config: Config): Promise<RunningApi> {
  const app = await createHttpApp(ApiModule.forRoot(config));
  addDocumentation(app, config);
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

function addDocumentation(app: NestFastifyApplication, config: Config): void {
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Countersign')
      .setDescription(
        'Prove that a person holds a phone number. Errors are application/problem+json with a stable `code`; every code is explained in docs/errors.md. ' +
          'Send an Idempotency-Key with any POST that you may have to repeat.',
      )
      .setVersion('0.1.0')
      .addServer(config.http.publicUrl)
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'csk_test_… or csk_live_…' })
      .build(),
  );
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Countersign API',
  });
}
