import { createWriteStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ChallengesService } from '#challenges';
import { type GeneratorInput, GeneratorsService } from '#generators';
import { SaveGeneratorDto, toGeneratorInput, toGeneratorView } from '#generators/http';
import { AuditLog, type Chain, CLI } from '#journal';
import { LimitPolicies, PLATFORM, SwitchesService } from '#limits';
import { PutSwitchDto, SaveLimitsDto, toLimitsView, toSwitchInput, toSwitchView } from '#limits/http';
import { type AccountInput, AccountsService, type LoadedAccount } from '#providers';
import { CreateAccountDto, toAccountView, UpdateAccountDto } from '#providers/http';
import { type KeyMode, type Scope, SCOPES, TenantsService, USUAL_SCOPES } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, type IdKind, parseNative, renderNative } from '#platform/identifiers';
import { toFieldErrors } from '#platform/validation';
import { checkJournal } from './journal-check.js';
import { type Options, UsageError } from './usage.js';
import { readKnowledge, verifyLines } from './verify-audit.js';

type Command = (
  context: INestApplicationContext,
  words: readonly string[],
  options: Options,
) => Promise<unknown>;

/** Every command: its words, what it takes, what it does. */
export const COMMANDS: Record<string, { usage: string; run: Command }> = {
  'tenants create': { usage: '<name>', run: createTenant },
  'tenants list': { usage: '', run: listTenants },
  'keys create': {
    usage: '--tenant <ten_…> --name <name> --mode live|test [--scopes a,b] [--days 180]',
    run: createKey,
  },
  'keys list': { usage: '--tenant <ten_…>', run: listKeys },
  'keys revoke': { usage: '<key_…>', run: revokeKey },
  'accounts create': { usage: '--tenant <ten_…> --file <json or ->', run: createAccount },
  'accounts list': { usage: '--tenant <ten_…>', run: listAccounts },
  'accounts get': { usage: '<acc_…> --tenant <ten_…>', run: getAccount },
  'accounts update': { usage: '<acc_…> --tenant <ten_…> --file <json or ->', run: updateAccount },
  'accounts delete': { usage: '<acc_…> --tenant <ten_…>', run: deleteAccount },
  'accounts test': { usage: '<acc_…> --tenant <ten_…>', run: testAccount },
  'generators import': {
    usage: '--tenant <ten_…> --number <integer> --file <json or ->',
    run: importGenerator,
  },
  'limits show': { usage: '--tenant <ten_… or platform>', run: showLimits },
  'limits set': { usage: '--tenant <ten_… or platform> --file <json or ->', run: setLimits },
  'switch off': {
    usage:
      '--scope global|tenant|channel|country|prefix|account [--target <…>] --reason <text> [--until <ISO 8601>]',
    run: switchOff,
  },
  'switch on': { usage: '<swi_…>', run: switchOn },
  'switch list': { usage: '', run: listSwitches },
  'audit export': { usage: '--tenant <ten_… or platform> --file <path>', run: exportAudit },
  'audit check': {
    usage: '--tenant <ten_… or platform> [--head <row>:<hash>] [--checkpoints <path>] [--key <public key>]',
    run: checkAudit,
  },
  'journal check': { usage: '--since <ISO 8601>', run: checkJournalSince },
};

async function checkJournalSince(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const since = new Date(needed(options, 'since'));
  if (Number.isNaN(since.getTime())) throw new UsageError('--since must be a time like 2026-05-17T12:00:00Z');
  return checkJournal(context, since);
}

async function createTenant(context: INestApplicationContext, [name]: readonly string[]): Promise<unknown> {
  if (!name || name.length > 80) throw new UsageError('give the tenant a name of 1 to 80 characters');
  const tenant = await context.get(TenantsService, { strict: false }).createTenant(name);
  return { id: renderNative('tenant', tenant.id), name: tenant.name };
}

async function listTenants(context: INestApplicationContext): Promise<unknown> {
  const tenants = await context.get(TenantsService, { strict: false }).listTenants();
  return tenants.map(({ id, name, createdAt }) => ({ id: renderNative('tenant', id), name, createdAt }));
}

async function createKey(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const mode = options['mode'];
  if (mode !== 'live' && mode !== 'test') throw new UsageError('--mode must be live or test');
  const scopes = options['scopes']?.split(',') ?? USUAL_SCOPES;
  const unknown = scopes.filter((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown.length > 0)
    throw new UsageError(`--scopes: ${unknown.join(', ')} is not one of ${SCOPES.join(', ')}`);
  const lifeDays = Number(options['days'] ?? 180);
  if (!Number.isInteger(lifeDays) || lifeDays < 1 || lifeDays > 3_650)
    throw new UsageError('--days must be a whole number from 1 to 3650');
  const key = await context.get(TenantsService, { strict: false }).createKey({
    tenantId: tenantOf(options),
    name: needed(options, 'name'),
    mode: mode satisfies KeyMode,
    scopes: scopes as Scope[],
    lifeDays,
  });
  return { id: renderNative('key', key.id), key: key.text, note: 'The key is shown this once.' };
}

async function listKeys(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const keys = await context.get(TenantsService, { strict: false }).listKeys(tenantOf(options));
  return keys.map(({ id, name, mode, scopes, expiresAt, revokedAt }) => ({
    id: renderNative('key', id),
    name,
    mode,
    scopes,
    expiresAt,
    revokedAt,
  }));
}

async function revokeKey(context: INestApplicationContext, [id]: readonly string[]): Promise<unknown> {
  await context.get(TenantsService, { strict: false }).revokeKey(parseId('key', id));
  return { revoked: id };
}

async function createAccount(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const input = readDto(CreateAccountDto, options) as AccountInput;
  return view(context, await accounts(context).create(tenantOf(options), input, CLI));
}

async function listAccounts(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  return (await accounts(context).list(tenantOf(options))).map((account) => view(context, account));
}

async function getAccount(
  context: INestApplicationContext,
  [id]: readonly string[],
  options: Options,
): Promise<unknown> {
  return view(context, await accounts(context).get(tenantOf(options), parseId('account', id)));
}

async function updateAccount(
  context: INestApplicationContext,
  [id]: readonly string[],
  options: Options,
): Promise<unknown> {
  const input = readDto(UpdateAccountDto, options) as Partial<AccountInput>;
  return view(context, await accounts(context).update(tenantOf(options), parseId('account', id), input, CLI));
}

async function deleteAccount(
  context: INestApplicationContext,
  [id]: readonly string[],
  options: Options,
): Promise<unknown> {
  await accounts(context).delete(tenantOf(options), parseId('account', id), CLI);
  return { deleted: id };
}

async function testAccount(
  context: INestApplicationContext,
  [id]: readonly string[],
  options: Options,
): Promise<unknown> {
  const findings = await accounts(context).diagnose(tenantOf(options), parseId('account', id));
  return { ok: findings.every((finding) => finding.ok), findings };
}

/** Callers carry a generator's integer in their configuration: an import keeps it. */
async function importGenerator(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const number = Number(needed(options, 'number'));
  if (!Number.isSafeInteger(number) || number < 1)
    throw new UsageError('--number must be a positive whole number');
  const input: GeneratorInput = toGeneratorInput(readDto(SaveGeneratorDto, options) as SaveGeneratorDto);
  // The plan is judged by a room that only the challenges open.
  context.get(ChallengesService, { strict: false });
  const { generator, warnings } = await context
    .get(GeneratorsService, { strict: false })
    .create(tenantOf(options), input, { strict: true, number }, CLI);
  return toGeneratorView(generator, warnings);
}

async function showLimits(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  return toLimitsView(await context.get(LimitPolicies, { strict: false }).get(policyOf(options)));
}

/** `platform` holds the budgets of all tenants together. */
async function setLimits(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const overrides = readDto(SaveLimitsDto, options) as SaveLimitsDto;
  await context.get(LimitPolicies, { strict: false }).save(policyOf(options), overrides, CLI);
  return toLimitsView(overrides);
}

async function switchOff(
  context: INestApplicationContext,
  _words: readonly string[],
  { scope, target, reason, until }: Options,
): Promise<unknown> {
  const dto = validated(PutSwitchDto, { scope, target, reason, until }) as PutSwitchDto;
  return toSwitchView(
    await context.get(SwitchesService, { strict: false }).put(null, toSwitchInput(dto, null), CLI),
  );
}

async function switchOn(context: INestApplicationContext, [id]: readonly string[]): Promise<unknown> {
  await context.get(SwitchesService, { strict: false }).lift(null, parseId('switch', id), CLI);
  return { on: id };
}

async function listSwitches(context: INestApplicationContext): Promise<unknown> {
  return (await context.get(SwitchesService, { strict: false }).list(null)).map(toSwitchView);
}

async function exportAudit(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const file = needed(options, 'file');
  const lines = await context.get(AuditLog, { strict: false }).export(chainOf(options), CLI);
  await pipeline(lines, createWriteStream(file, { mode: 0o600 }));
  return { file };
}

/** What `audit:verify` does with an export, on the chain as it is in the database now. */
async function checkAudit(
  context: INestApplicationContext,
  _words: readonly string[],
  options: Options,
): Promise<unknown> {
  const log = context.get(AuditLog, { strict: false });
  const lines = await log.export(chainOf(options), CLI, 'audit.checked');
  return { verdict: await verifyLines(lines, readKnowledge(options)) };
}

/** The chain of the installation has the name that its limits have. */
function chainOf(options: Options): Chain {
  return policyOf(options);
}

function policyOf(options: Options): string {
  return options['tenant'] === PLATFORM ? PLATFORM : tenantOf(options);
}

function accounts(context: INestApplicationContext): AccountsService {
  return context.get(AccountsService, { strict: false });
}

function view(context: INestApplicationContext, account: LoadedAccount): object {
  return toAccountView(account, accounts(context));
}

function tenantOf(options: Options): Identifier {
  return parseId('tenant', needed(options, 'tenant'));
}

function parseId(kind: IdKind, text: string | undefined): Identifier {
  const id = parseNative(kind, text);
  if (!id) throw new UsageError(`expected the id of a ${kind}`);
  return id;
}

function needed(options: Options, name: string): string {
  const value = options[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is required`);
  return value;
}

/** Reads and validates a JSON file as the API would validate the same body. `-` is standard input. */
function readDto(dto: new () => object, options: Options): object {
  const file = needed(options, 'file');
  let body: unknown;
  try {
    body = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--file: ${error instanceof SyntaxError ? 'not valid JSON' : 'cannot be read'}`);
  }
  return validated(dto, body as object);
}

function validated(dto: new () => object, body: object): object {
  const instance = plainToInstance(dto, body);
  const errors = toFieldErrors(
    validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false }),
  );
  if (errors.length > 0) throw new Problem('request.invalid', { errors });
  return instance;
}
