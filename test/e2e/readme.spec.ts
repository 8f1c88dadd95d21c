// Protects the README against rot. Every `sh` block under a comment `<!-- executed: name -->` is run, in their order and
// in one shell, against a real `npm start`; a `json` block right after it must have the shape of what came back.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, until } from '../support/house.js';
import { type Launch, launch, newPorts, newStateDir, ROOT } from '../support/launcher.js';

const SLOW = 300_000;
const BLOCK = /^<!-- executed: ([a-z ]+) -->\n+```sh\n([\s\S]*?)^```\n(?:\n+```json\n([\s\S]*?)^```\n)?/gm;

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(BLOCK)].map(([, name, script, answer]) => ({
  name: name!,
  script: script!,
  answer: answer === undefined ? undefined : (JSON.parse(answer) as unknown),
}));

describe('the README', () => {
  let running: Launch | undefined;
  let printed: Record<string, string>;

  beforeAll(async () => {
    running = await launch(newStateDir(), await newPorts());
    printed = run(running);
  }, SLOW);
  afterAll(async () => {
    await running?.interrupt();
  }, SLOW);

  it('has blocks to run, and runs each that follows a comment', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(12);
    expect(blocks).toHaveLength(readme.split('<!-- executed').length - 1);
  });

  it.each(blocks.filter(({ answer }) => answer !== undefined))(
    'shows the answer of $name as it is',
    ({ name, answer }) => {
      const last = printed[name]!.trim().split('\n').at(-1)!;
      expect(shapeOf(JSON.parse(last))).toEqual(shapeOf(answer));
    },
  );

  it('ends each of its flows with an approval', () => {
    expect(printed['verify']).toContain('"explain":"valid code"');
    expect(printed['native check']).toContain('"status":"approved","valid":true');
  });

  it('is right that a live key is not shown the code', { timeout: SLOW }, async () => {
    const { quickstart } = running!;
    const headers = {
      authorization: `Bearer ${(JSON.parse(printed['live key']!) as { key: string }).key}`,
    };
    const call = (method: string, path: string, body?: unknown) =>
      ask(method, quickstart.apiUrl + path, body, headers);
    const { wabaId } = quickstart.simulator.graph;
    const components = [
      { type: 'BODY' },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy' }] },
    ];
    const template = await call('POST', `/balerion/v2/whatsapp/templates?wabaId=${wabaId}`, {
      name: 'live_code',
      category: 'AUTHENTICATION',
      templateLanguages: [{ language: 'en', components }],
    });
    const templateId = template.json.data.templateLanguages[0].id as string;
    const channels = [{ type: 'WHATSAPP', address: '584111111111', templateId, placeholder: 'code' }];
    const generator = await call('POST', '/eyriesgate/v1/2fa', {
      codeLength: 6,
      expirationMinutes: 15,
      channels,
    });
    const codes = `/eyriesgate/v1/2fa/${generator.json.data.id}/codes`;
    const { id } = (await call('GET', '/v1/templates')).json.items[0];
    await until(
      () => call('POST', `/v1/templates/${id}/sync`),
      (answer) => answer.json.languages[0].status === 'approved',
      30_000,
    );
    const sent = await call('POST', codes, { channel: 'WHATSAPP', receiver: quickstart.receiver });
    const status = await call('PATCH', codes, { action: 'status', requestId: sent.json.data.requestId });
    expect(status.json.data).toMatchObject({ status: 'PENDING', token: null });
    const elsewhere = await call('POST', codes, { channel: 'WHATSAPP', receiver: '+14155552671' });
    expect(elsewhere.status).toBe(403);
  });
});

/** Runs the blocks and returns what each printed. Meta is replaced by the simulator; nothing else is changed. */
function run({ dir, quickstart }: Launch): Record<string, string> {
  const { graph } = quickstart.simulator;
  const meta: [RegExp, string][] = [
    [/"config": \{/, `"config": { "baseUrl": "${graph.baseUrl}",`],
    [/<WABA_ID>/, graph.wabaId],
    [/<SYSTEM_USER_TOKEN>/, graph.accessToken],
    [/<APP_SECRET>/, graph.appSecret],
    [/<PHONE_NUMBER_DIGITS>/, '584111111111'],
    [/<PHONE_NUMBER_ID>/, graph.phoneNumberId],
  ];
  const mark = (name: string): string => `\n--- ${name} ---\n`;
  const script = blocks.map(({ name, script: block }) => `printf '%s' '${mark(name)}'\n${block}`).join('\n');
  const filled = meta.reduce((text, [placeholder, value]) => text.replace(placeholder, value), script);
  const shell = spawnSync('sh', ['-eu'], {
    cwd: ROOT,
    input: filled,
    encoding: 'utf8',
    env: { ...process.env, ...installationOf(dir, quickstart) },
    timeout: SLOW,
  });
  expect([shell.status, shell.stderr.replace(/^npm warn .*\n?/gm, '')]).toEqual([0, '']);
  return Object.fromEntries(
    blocks.map(({ name }) => [name, shell.stdout.split(mark(name))[1]!.split('\n--- ')[0]!]),
  );
}

/** The variables that a person would have in `.env` for this installation. */
function installationOf(dir: string, quickstart: Launch['quickstart']): Record<string, string> {
  const file = (name: string): Record<string, string> =>
    JSON.parse(readFileSync(join(dir, name), 'utf8')) as Record<string, string>;
  const secrets = file('secrets.json');
  return {
    COUNTERSIGN_DIR: dir,
    NODE_ENV: 'development',
    DATABASE_URL: `postgres://postgres@127.0.0.1:${file('postgres/service.json')['port']}/countersign`,
    REDIS_URL: `redis://127.0.0.1:${file('redis/service.json')['port']}`,
    PUBLIC_URL: quickstart.apiUrl,
    SIMULATOR_URL: quickstart.simulatorUrl,
    INSTALLATION_KEY: secrets['installationKey']!,
    KEYRING: secrets['keyring']!,
    ALLOW_VOLATILE_REDIS: '1',
  };
}

/** What stays the same from run to run: members in their order, words, and the form of ids, dates and numbers. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
  if (typeof value === 'number') return value < 1_000 ? value : 'a large number';
  if (typeof value !== 'string' || !/\d/.test(value)) return isToken(value) ? 'a token' : value;
  if (/^https?:/.test(value))
    return `an address ending in ${new URL(value).pathname.replace(/[0-9a-z]{26}$/, '…')}`;
  return isToken(value) ? 'a token' : value.replace(/[0-9A-Za-z]/g, 'x');
}

const isToken = (value: unknown): boolean => typeof value === 'string' && /^[\w-]{24}$/.test(value);
