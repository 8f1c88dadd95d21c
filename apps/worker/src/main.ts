import 'reflect-metadata';
import { loadConfig } from '#platform/config';
import { runProcess } from '#platform/http-server';
import { configureLogging } from '#platform/logging';
import { startWorker } from './worker.js';

await runProcess('The worker', () => {
  const config = loadConfig();
  configureLogging(config.logLevel, 'worker');
  return startWorker(config);
});
