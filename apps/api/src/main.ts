import 'reflect-metadata';
import { loadConfig } from '#platform/config';
import { runProcess } from '#platform/http-server';
import { configureLogging } from '#platform/logging';
import { startApi } from './api.js';

await runProcess('The API', () => {
  const config = loadConfig();
  configureLogging(config.logLevel, 'api');
  return startApi(config);
});
