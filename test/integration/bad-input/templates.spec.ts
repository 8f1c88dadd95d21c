import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../../support/house.js';
import {
  expectRefusal,
  expectUntouched,
  nextReceiver,
  openChallenge,
  type OpenChallenge,
  type Refusal,
} from './refusals.js';

/** Texts that some engine, terminal or reader would take for more than text. */
const TRICKS: readonly [what: string, text: string][] = [
  ['a variable', '{{1}}'],
  ['a path to a constructor', '{{constructor}}'],
  ['a script’s placeholder', '${7*7}'],
  ['another engine’s tag', '#{7*7}'],
  ['a bracket alone', 'Copy }'],
  ['a change of direction', 'Copy \u202edoc'],
  ['an isolate', 'Copy \u2066a\u2069'],
  ['a space without width', 'Co\u200bpy'],
  ['a joiner without width', 'Co\u200dpy'],
  ['a byte order mark', '\ufeffCopy'],
  ['a soft hyphen', 'Co\u00adpy'],
  ['a newline', 'Copy\nme'],
  ['a bell', 'Copy\u0007'],
  ['a private sign', 'Copy \ue000'],
  ['a tag sign', 'Copy \u{e0041}'],
];
/** No name; on a button it is just text, since nothing of ours or of the provider's reads it as more. */
const NO_NAME: readonly [what: string, text: string][] = [
  ...TRICKS,
  ['an engine’s tag', '<%= 7*7 %>'],
  ['a tag', '<b>x</b>'],
];
/** The WhatsApp button is text for people: links and pictures are barred there beyond that. */
const NO_BUTTON: readonly [what: string, text: string][] = [
  ...TRICKS,
  ['a link', 'https://e.example'],
  ['a link without its scheme', 'www.e.example'],
  ['a link in capitals', 'HTTPS://e.example'],
  ['a picture', 'Copy \u{1f4cb}'],
  ['26 characters', 'C'.repeat(26)],
  ['nothing', ''],
];

const field = (pointer: string, code: string): Refusal => ({
  status: 422,
  code: 'request.invalid',
  field: [pointer, code],
});

let house: House;
let open: OpenChallenge;

beforeAll(async () => {
  house = await openHouse();
  open = await openChallenge(house, await house.newGenerator());
});
afterAll(() => house.close());

const sentBack = (text: string): string[] =>
  text.length > 3 ? [text, JSON.stringify(text).slice(1, -1)] : [];

describe('ATK-41 text that is more than text', () => {
  it.each(NO_BUTTON)('%s is refused on a button, and never reaches the provider', async (_what, text) => {
    const code = text.length === 0 || text.length > 25 ? 'length' : 'format';
    await expectUntouched(house, async () => {
      const before = await providersTemplates();
      const native = await house.call('POST', '/v1/templates', {
        account: house.demo.accountId,
        name: 'tricked',
        category: 'AUTHENTICATION',
        languages: [{ language: 'en', copyCodeButtonText: text }],
      });
      expectRefusal('native', native, field('#/languages/0/copyCodeButtonText', code), sentBack(text));
      const messangi = await house.call(
        'POST',
        `/balerion/v2/whatsapp/templates/?wabaId=${house.demo.wabaId}`,
        {
          name: 'tricked',
          category: 'AUTHENTICATION',
          templateLanguages: [
            {
              language: 'en',
              components: [
                { type: 'BODY' },
                { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text }] },
              ],
            },
          ],
        },
      );
      expectRefusal('messangi', messangi, { status: 422, code: 'request.invalid' }, sentBack(text));
      expect(await providersTemplates()).toEqual(before);
    });
  });

  it.each(NO_NAME)('%s is refused in the name of a generator', async (_what, text) => {
    const body = (name: string): object => ({
      name,
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: open.template }],
    });
    await expectUntouched(house, async () => {
      for (const name of [text, `login ${text}`]) {
        for (const [method, path] of [
          ['POST', '/v1/generators'],
          ['PUT', `/v1/generators/${open.generator}`],
        ] as const)
          expectRefusal(
            'native',
            await house.call(method, path, body(name)),
            field('#/name', 'format'),
            sentBack(text),
          );
      }
    });
  });

  it.each(NO_NAME)('%s is refused in the name of an account', async (_what, text) => {
    await expectUntouched(house, async () => {
      const answer = await house.call('PATCH', `/v1/accounts/${house.demo.accountId}`, { name: text });
      expectRefusal('native', answer, field('#/name', 'format'), sentBack(text));
    });
  });

  it.each([...NO_NAME.map(([, text]) => text), 'Login', 'login code', 'ключ', '../x', 'a'.repeat(513)])(
    'a template may not be called %j',
    async (name) => {
      await expectUntouched(house, async () => {
        const answer = await house.call('POST', '/v1/templates', {
          account: house.demo.accountId,
          name,
          category: 'AUTHENTICATION',
          languages: [{ language: 'en' }],
        });
        expectRefusal(
          'native',
          answer,
          field('#/name', name.length > 512 ? 'length' : 'format'),
          sentBack(name),
        );
      });
    },
  );

  it('a name in any script is a name', async () => {
    const body = {
      name: 'Вход 登录 2.0',
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: open.template }],
    };
    const created = await house.call('POST', '/v1/generators', body);
    expect([created.status, created.json.name]).toEqual([201, body.name]);
  });

  it('is kept in metadata as the data it is, and in nobody’s message', async () => {
    const receiver = nextReceiver();
    const metadata = Object.fromEntries(TRICKS.map(([, text], at) => [`k${at}`, text]));
    const opened = await house.call('POST', '/v1/challenges', {
      generator: open.generator,
      receiver,
      metadata,
    });
    expect(opened.status, opened.text).toBe(201);
    expect((await house.call('GET', `/v1/challenges/${opened.json.id}`)).json.metadata).toEqual(metadata);
    const [message] = await until(
      () => house.simulated(receiver),
      (found) => found.length === 1,
    );
    expect(message!.text).toMatch(/^\*\d{6}\* is your verification code\.$/);
    const listed = await until(
      () => house.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}`),
      (answer) => answer.json.items.length === 1,
    );
    expect(listed.json.items[0].metadata).toEqual(metadata);
  });

  async function providersTemplates(): Promise<unknown> {
    return (await ask('GET', `${house.simulator.url}/_sim/templates`)).json;
  }
});

describe('ATK-42 what is installed', () => {
  it('is pinned by the lock file, every package with its digest', () => {
    const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
      lockfileVersion: number;
      packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean; version?: string }>;
    };
    const packages = Object.entries(lock.packages).filter(
      ([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.inBundle,
    );
    expect(lock.lockfileVersion).toBeGreaterThanOrEqual(3);
    expect(packages.length).toBeGreaterThan(300);
    expect(
      packages
        .filter(([, entry]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? ''))
        .map(([path]) => path),
    ).toEqual([]);
  });

  it('is asked for by exact versions', () => {
    const manifest = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});
