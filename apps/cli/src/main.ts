import 'reflect-metadata';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BootRefused, loadConfig } from '#platform/config';
import { Problem } from '#platform/errors';
import { configureLogging, NestLogger } from '#platform/logging';
import { CliModule } from './cli.module.js';
import { COMMANDS } from './commands.js';
import { prepareDemo } from './demo.js';
import { migrate } from './migrate.js';
import { readSimulatedAccount } from './simulated-account.js';
import { signatureHash } from './signature-hash.js';
import { type Options, UsageError } from './usage.js';
import { AuditBroken, verifyExport } from './verify-audit.js';

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
  'head',
  'checkpoints',
  'key',
  'since',
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
  // It needs no installation: an Android developer has none.
  if (room === 'signature-hash') return print(signatureHash([verb, ...words].filter(Boolean)));
  // Whoever checks an export need not have the installation that it is from.
  if (room === 'audit-verify') {
    const [file] = [verb, ...words].filter(Boolean);
    return void process.stdout.write(`${await verifyExport(file, values as Options)}\n`);
  }
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
  return `npm run cli -- <command>\n\n  migrate\n  demo\n  signature-hash <package> <cert.pem or cert.der or ->\n  audit-verify <export or -> [--head <row>:<hash>] [--checkpoints <path>] [--key <public key>]\n${lines.join('\n')}\n`;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof BootRefused || error instanceof AuditBroken)
    return error.message;
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
