// Owns the process: start, say where, stop on SIGTERM, SIGINT and when the parent
// that holds the IPC channel is gone.

import 'reflect-metadata';
import { readSimulatorConfig } from './simulator.config.js';
import { startSimulator } from './start-simulator.js';

const { app, url, smtpPort } = await startSimulator(readSimulatorConfig());
process.stdout.write(`simulator listening on ${url}, phones at ${url}/phone, mail on port ${smtpPort}\n`);

let stopping = false;

function stop(): void {
  if (stopping) return;
  stopping = true;
  app.close().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
