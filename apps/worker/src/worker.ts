import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#platform/config';
import { HealthModule, ProcessState } from '#platform/health';
import { createHttpApp, type Draining, drainApp } from '#platform/http-server';
import { WorkerModule } from './worker.module.js';

export interface RunningWorker extends Draining {
  app: NestFastifyApplication;
}

/** Builds a worker: its queues, its partitions, and the health of both on a port of its own. */
export async function startWorker(config: Config): Promise<RunningWorker> {
  const app = await createHttpApp(WorkerModule.forRoot(config));
  await app.listen(config.http.workerPort, config.http.host);
  const state = app.select(HealthModule).get(ProcessState);
  state.started = true;
  // Nobody routes requests to a worker, so there is no load balancer to wait for.
  return { app, drain: () => drainApp(app, () => (state.draining = true), 0) };
}
