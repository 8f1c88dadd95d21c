import 'reflect-metadata';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BootRefused, loadConfig } from '#platform/config';
import { Problem } from '#platform/errors';
import { configureLogging, NestLogger } from '#platform/logging';
import { CliModule } from './cli.module.js';
import { COMMANDS, UsageError } from './commands.js';
import { prepareDemo } from './demo.js';
import { migrate } from './migrate.js';
import { readSimulatedAccount } from './simulated-account.js';

const OPTIONS = [
  'tenant',
  'name',
  'mode',
  'scopes',
  'days',
  'file',
  'number',
  'scope',
  'target',
  'reason',
  'until',
] as const;

/** `npm run cli -- <room> <verb> …`: administration from a shell. Prints JSON; errors go to stderr. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' as const }])),
      json: { type: 'boolean' as const },
      help: { type: 'boolean' as const },
    },
  });
  const [room = '', verb = '', ...words] = positionals;
  if (room === '' || values['help'] === true) return void process.stdout.write(usage());
  const config = loadConfig();
  configureLogging('error', 'cli');
  if (room === 'migrate') return print({ migrated: await migrate(config) });
  const command = COMMANDS[`${room} ${verb}`];
  if (!command && room !== 'demo') throw new UsageError(`unknown command\n\n${usage()}`);
  const context = await NestFactory.createApplicationContext(CliModule.forRoot(config), {
    logger: new NestLogger(),
    abortOnError: false,
  });
  try {
    print(
      command ? await command.run(context, words, values as Record<string, string>) : await demo(context),
    );
  } finally {
    await context.close();
  }
}

function demo(context: INestApplicationContext): Promise<unknown> {
  const { account, knownKey } = readSimulatedAccount();
  return prepareDemo(context, account, knownKey);
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([words, { usage: takes }]) => `  ${words} ${takes}`.trimEnd());
  return `npm run cli -- <command>\n\n  migrate\n  demo\n${lines.join('\n')}\n`;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof BootRefused) return error.message;
  if (error instanceof Problem)
    return JSON.stringify({
      code: error.code,
      title: error.title,
      detail: error.options.detail,
      errors: error.options.errors,
    });
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
