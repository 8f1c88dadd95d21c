// Links, from the backend that asks to the browser that goes on: every channel that carries one, and every trap that
// lies on the way.
import { createHash, randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { launchChromium } from '../support/chromium.js';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import {
  approved,
  linkTemplate,
  linkTo,
  newForm,
  openSite,
  readPage,
  type Site,
  submit,
} from '../support/links.js';
import { addDialog360, addInfobip } from '../support/other-accounts.js';
import { person } from '../support/person.js';

const CHROME =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36';
const seeded = new SimulatorConfig();

let house: House;
let shop: Site;
let evil: Site;
/** What the stranger's site shows. */
let trap = '';
let infobip: Awaited<ReturnType<typeof addInfobip>>;
/** Links by SMS, with exchange. */
let generator: string;
let numbers = 0;

beforeAll(async () => {
  house = await openHouse();
  shop = await openSite();
  evil = await openSite(() => trap);
  infobip = await addInfobip(house);
  generator = await saved({ channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }] });
});
afterAll(async () => {
  await house?.close();
  await Promise.all([shop?.close(), evil?.close()]);
});

const receiver = (): string => `+5255124${String(60_000 + ++numbers)}`;
const options = (): object => ({
  displayName: 'The Shop',
  exchange: true,
  redirectUrls: [`${shop.origin}/login`],
});
const save = (rules: object): Promise<Answer> =>
  house.call('POST', '/v1/generators', { name: 'links', kind: 'link', link: options(), ...rules });

async function saved(rules: object): Promise<string> {
  const answer = await save(rules);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.json.id;
}

const askFor = (body: object): Promise<Answer> =>
  house.call('POST', '/v1/challenges', {
    generator,
    receiver: receiver(),
    returnUrl: `${shop.origin}/login/done?state=s1`,
    ...body,
  });

/** A challenge that was asked for, and the link that came. */
async function opened(
  body: object = {},
): Promise<{ id: string; matchNumber: string; bindUrl: string; link: string; to: string }> {
  const to = receiver();
  const { status, text, json } = await askFor({ receiver: to, ...body });
  if (status !== 201) throw new Error(text);
  return { ...json, to, link: await linkTo(house, to) };
}

const stateOf = async (id: string): Promise<string> =>
  (await house.call('GET', `/v1/challenges/${id}`)).json.status;

/** Events of a challenge, once one of this type is written down. */
async function eventsOf(id: string, awaited: string): Promise<string[]> {
  const { json } = await until(
    () => house.call('GET', `/v1/challenges/${id}/timeline`),
    (answer) => answer.text.includes(awaited),
  );
  return json.items.map(({ type }: { type: string }) => type);
}

const wrongFor = (number: string): string => String(10 + ((Number(number) - 10 + 45) % 90));
const redeem = (token: string, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  house.call('POST', '/v1/exchanges', { token, ...more }, headers);

/** Pages, and a browser to look at them with. */
describe('a link that is carried', () => {
  const stepsOf: Record<string, () => Promise<object>> = {
    'whatsapp by Meta': async () => ({
      channel: 'whatsapp',
      sender: house.demo.senderAddress,
      template: await approved(house, linkTemplate(house, house.demo.accountId, 'link_meta')),
    }),
    'whatsapp by 360dialog': async () => {
      const { id, sender } = await addDialog360(house);
      return {
        channel: 'whatsapp',
        sender,
        template: await approved(house, linkTemplate(house, id, 'link_360')),
      };
    },
    'whatsapp by Infobip': async () => ({
      channel: 'whatsapp',
      sender: infobip.senderOn('whatsapp'),
      template: await approved(house, linkTemplate(house, infobip.id, 'link_infobip')),
    }),
    'whatsapp by Twilio': () => twilio('whatsapp', '15550783890', 'EUR'),
    'sms by Infobip': async () => ({ channel: 'sms', sender: infobip.senderOn('sms') }),
    'sms by Twilio': () => twilio('sms', '15550783891', 'USD'),
    'email by SMTP': async () => ({ channel: 'email', sender: house.demo.email!.senderAddress }),
    'email by Infobip': async () => ({ channel: 'email', sender: infobip.senderOn('email') }),
    'viber by Infobip': async () => ({ channel: 'viber', sender: infobip.senderOn('viber') }),
    'line by Infobip': async () => ({ channel: 'line', sender: infobip.senderOn('line') }),
    'zalo by Infobip': async () => ({ channel: 'zalo', sender: infobip.senderOn('zalo') }),
    'kakao by Infobip': async () => ({ channel: 'kakao', sender: infobip.senderOn('kakao') }),
  };

  async function twilio(channel: string, sender: string, name: string): Promise<object> {
    const created = await house.call('POST', '/v1/accounts', {
      name: `twilio-${name}`,
      provider: 'twilio-messaging',
      config: {
        baseUrl: `${house.simulator.url}/twilio`,
        accountSid: seeded.twilioAccountSid,
        authTokens: [seeded.twilioAuthToken],
        whatsappContentSid: `HX${'0'.repeat(32)}`,
      },
      countries: ['*'],
      senders: [{ channel, address: sender }],
    });
    if (created.status !== 201) throw new Error(created.text);
    return { channel, sender };
  }

  const LANGUAGES = {
    en: ['en', /^The Shop asks: do you want to sign in\?$/, 'Approved', /Open this link/],
    es: ['es', /^The Shop pregunta: ¿quiere iniciar sesión\?$/, 'Aprobado', /Abra este enlace/],
    pt_BR: ['pt', /^The Shop pergunta: você quer entrar\?$/, 'Aprovado', /Abra este link/],
  } as const;

  it.each(Object.keys(stepsOf))(
    '%s is opened and approved in English, Spanish and Portuguese',
    async (cell) => {
      const step = await stepsOf[cell]!();
      const mine = await saved({ link: { displayName: 'The Shop' }, channels: [step] });
      for (const [language, [lang, title, done, words]] of Object.entries(LANGUAGES)) {
        const to = cell.startsWith('email') ? `ana${++numbers}@shop.example` : receiver();
        const { json, status, text } = await house.call('POST', '/v1/challenges', {
          generator: mine,
          receiver: to,
          language,
        });
        expect([cell, language, status], text).toEqual([cell, language, 201]);
        const phone = person(house, to);
        // A mail lies in a mailbox, not on the phone.
        if (!cell.startsWith('email')) await phone.waitsFor(cell.split(' ', 1)[0]!, /./);
        const link = await linkTo(house, to);
        expect(link).toMatch(new RegExp(`^${house.api.url}/p/l/${json.id}\\.[\\w-]{22}$`));
        const said = (await house.simulated(to)).at(-1)!;
        // What these templates say is theirs.
        if (!/zalo|kakao|Twilio/.test(cell) || cell.startsWith('sms')) expect(said.text).toMatch(words);
        const page = readPage(await phone.opens(link));
        expect([page.lang, page.title]).toEqual([lang, expect.stringMatching(title)]);
        const answer = await submit(link, { answer: 'approve', number: json.matchNumber });
        expect([answer.status, readPage(answer).title]).toEqual([200, done]);
        expect(await stateOf(json.id)).toBe('approved');
      }
    },
  );

  it.each(['voice', 'telegram'])('%s cannot, and a generator says so when it is saved', async (channel) => {
    const answer = await save({ channels: [{ channel, sender: infobip.senderOn('voice') }] });
    expect([answer.status, answer.json.errors]).toEqual([
      422,
      [
        {
          pointer: '#/channels/0/channel',
          code: 'not_allowed',
          detail: expect.stringContaining('kind link'),
        },
      ],
    ]);
  });

  it('WhatsApp AUTHENTICATION templates forbid links: a UTILITY template with our URL button it is, or nothing', async () => {
    const { accountId, senderAddress } = house.demo;
    const templateOf = async (generatorId: string): Promise<string> =>
      (await house.call('GET', `/v1/generators/${generatorId}`)).json.channels[0].template;
    const url = (text: string): object => ({
      type: 'URL',
      text: 'Open',
      url: text,
      example: `${text.replace('{{1}}', 'x')}`,
    });
    const utility = (name: string, language: object): Promise<string> =>
      approved(house, {
        account: accountId,
        name,
        category: 'UTILITY',
        languages: [{ language: 'en', ...language }],
      });
    const unfit = {
      'UTILITY templates only': await templateOf(await house.newGenerator()),
      'leads to': await utility('no_button', { body: 'Open this link to sign in.' }),
      [`leads to ${house.api.url}/p/l/{{1}}`]: await utility('not_ours', {
        body: 'Open this link to sign in.',
        buttons: [url('https://shop.example/{{1}}')],
      }),
      'no placeholders': await utility('with_values', {
        body: 'Hi {{1}}, please open this link to sign in.',
        samples: ['Ana'],
        buttons: [url(`${house.api.url}/p/l/{{1}}`)],
      }),
    };
    for (const [rule, template] of Object.entries(unfit)) {
      const answer = await save({ channels: [{ channel: 'whatsapp', sender: senderAddress, template }] });
      expect([rule, answer.status, answer.json.errors?.[0]]).toEqual([
        rule,
        422,
        { pointer: '#/channels/0/template', code: 'not_allowed', detail: expect.stringContaining(rule) },
      ]);
    }
  });

  it('stands once in a wording of one’s own, and a code stands in none', async () => {
    const sender = infobip.senderOn('sms');
    const wording = (text: string): Promise<Answer> =>
      save({ channels: [{ channel: 'sms', sender, wording: { text } }] });
    expect((await wording('Tap {{link}} within {{minutes}} min')).status).toBe(201);
    for (const [text, code] of [
      ['Tap here', 'link_once'],
      ['{{link}} or {{link}}', 'link_once'],
      ['{{code}} {{link}}', 'placeholder_unknown'],
    ] as const)
      expect((await wording(text)).json.errors[0]).toMatchObject({
        pointer: '#/channels/0/wording/text',
        code,
      });
  });

  it('is a link in a mail, whatever its words hold', async () => {
    const mine = await saved({
      link: { displayName: 'The Shop' },
      channels: [
        { channel: 'email', sender: house.demo.email!.senderAddress, wording: { text: 'A & B: {{link}}' } },
      ],
    });
    const to = `ana${++numbers}@shop.example`;
    await house.call('POST', '/v1/challenges', { generator: mine, receiver: to });
    const link = await linkTo(house, to);
    expect((await house.simulated(to))[0]!.html).toContain(`A &#38; B: <a href="${link}">${link}</a>`);
  });
});

describe('opening', () => {
  it('tells two digits and where the asking browser goes; the link goes to the receiver alone', async () => {
    const to = receiver();
    const answer = await askFor({ receiver: to });
    expect(answer.json).toMatchObject({ status: 'pending', matchNumber: expect.stringMatching(/^[1-9]\d$/) });
    expect(answer.json.bindUrl).toMatch(new RegExp(`^${house.api.url}/p/b/${answer.json.id}\\.[\\w-]{22}$`));
    const link = await linkTo(house, to);
    const token = link.slice(-22);
    expect(answer.text).not.toContain(token);
    expect(answer.json.bindUrl).not.toContain(token);
    const read = await house.call('GET', `/v1/challenges/${answer.json.id}`);
    expect(read.json.kind).toBe('link');
    expect(read.text).not.toMatch(new RegExp(`${token}|matchNumber|bindUrl|returnUrl`));
    // Nothing discloses it, as a code of a test key is disclosed.
    const disclosed = await house.call('GET', `/v1/challenges/${answer.json.id}/code`);
    expect([disclosed.status, disclosed.json.code]).toEqual([403, 'challenge.code_not_disclosed']);
  });

  it('is the same answer under the same Idempotency-Key', async () => {
    const body = { generator, receiver: receiver(), returnUrl: `${shop.origin}/login` };
    const once = await house.call('POST', '/v1/challenges', body, { 'idempotency-key': 'link-1' });
    const again = await house.call('POST', '/v1/challenges', body, { 'idempotency-key': 'link-1' });
    expect([again.status, again.json]).toEqual([201, once.json]);
  });

  it('again is another link and another number: who asks second learns nothing of the first, whose link is void', async () => {
    const first = await opened();
    const { json } = await askFor({ receiver: first.to });
    expect(json.id).not.toBe(first.id);
    expect(json.bindUrl).not.toBe(first.bindUrl);
    const link = await linkTo(house, first.to, 2);
    expect((await ask('GET', first.link)).status).toBe(404);
    expect((await ask('GET', link)).status).toBe(200);
    expect(await stateOf(first.id)).toBe('canceled');
    for (const onLive of ['resend', 'return'])
      expect((await askFor({ onLive })).json.errors).toEqual([
        expect.objectContaining({ pointer: '#/onLive' }),
      ]);
  });

  it('is sent again as it was, or under `rotate` as another one that voids it', async () => {
    const first = await opened();
    const resent = await house.call('POST', `/v1/challenges/${first.id}/resend`);
    expect(resent.json).toMatchObject({ id: first.id, matchNumber: first.matchNumber });
    expect(await linkTo(house, first.to, 2)).toBe(first.link);

    const rotating = await saved({
      resend: { code: 'rotate' },
      channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }],
    });
    const other = await opened({ generator: rotating });
    await house.call('POST', `/v1/challenges/${other.id}/resend`);
    const second = await linkTo(house, other.to, 2);
    expect(second).not.toBe(other.link);
    expect((await submit(other.link, { answer: 'approve', number: other.matchNumber })).status).toBe(404);
    await submit(second, { answer: 'approve', number: other.matchNumber });
    expect(await stateOf(other.id)).toBe('approved');
  });

  it.each([
    '//evil.example/login',
    'https:evil.example',
    '\\\\evil.example',
    'https://ok@evil.example/login',
    'javascript:alert(1)',
    'ORIGIN/login%0d%0aSet-Cookie:x=1',
    'ORIGIN./login',
    'ORIGIN/LOGIN',
    'ORIGIN/login/../admin',
    'ORIGIN/elsewhere',
    'http://127.0.0.1:1/login',
  ])('ATK-18 BI-67 return URL %s is refused, and not repeated', async (text) => {
    const returnUrl = text.replace('ORIGIN', shop.origin);
    const answer = await askFor({ returnUrl });
    expect([answer.status, answer.json.errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '#/returnUrl', code: 'not_allowed' })],
    ]);
    expect(answer.text).not.toContain('evil');
  });

  it('needs a way to know the asking browser where there is exchange, and takes none elsewhere', async () => {
    expect((await askFor({ returnUrl: undefined })).json.errors).toEqual([
      expect.objectContaining({ pointer: '#/returnUrl', code: 'required' }),
    ]);
    const pkce = { challenge: 'x'.repeat(43), method: 'S256' };
    for (const other of [
      await saved({
        link: { displayName: 'The Shop' },
        channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }],
      }),
      await house.newGenerator(),
    ])
      expect((await askFor({ generator: other, pkce })).json.errors).toEqual([
        expect.objectContaining({ pointer: '#/returnUrl', code: 'not_allowed' }),
        expect.objectContaining({ pointer: '#/pkce', code: 'not_allowed' }),
      ]);
    for (const broken of [
      { ...pkce, method: 'plain' },
      { ...pkce, challenge: 'short' },
    ])
      expect((await askFor({ pkce: broken })).status).toBe(422);
  });

  it.each([
    ['displayName', { link: { displayName: 'evil\u202egnp.exe' } }],
    ['displayName', { link: { displayName: 'x'.repeat(10_240) } }],
    [
      'redirectUrls/0',
      { link: { displayName: 'x', exchange: true, redirectUrls: ['https://ok@evil.example/'] } },
    ],
  ])('BI-68 a generator with a bad %s is refused', async (field, rules) => {
    const answer = await save({ ...rules, channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }] });
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, `#/link/${field}`]);
    expect(answer.text).not.toContain('evil');
  });
});

it('a dialect of codes knows no links: Messangi’s finds no such generator', async () => {
  const { number } = (await house.call('GET', `/v1/generators/${generator}`)).json;
  const path = `/eyriesgate/v1/2fa/${number}`;
  const to = receiver();
  for (const answer of [
    await house.call('GET', path),
    await house.call('DELETE', path),
    await house.call('POST', `${path}/codes`, { channel: 'SMS', receiver: to }),
  ])
    expect(answer.status).toBe(404);
  const listed = (await house.call('GET', '/eyriesgate/v1/2fa')).json.data;
  expect(listed.map(({ id }: { id: number }) => id)).not.toContain(number);
  expect(await house.simulated(to)).toEqual([]);
});

it('under strictApproval a link is approved once PostgreSQL has its row, and two clicks are one approval', async () => {
  const strict = await saved({
    strictApproval: true,
    channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }],
  });
  const { id, link, matchNumber } = await opened({ generator: strict });
  const fields = { answer: 'approve', number: matchNumber, form: newForm() };
  const clicks = await Promise.all(Array.from({ length: 5 }, () => submit(link, fields)));
  for (const click of clicks) expect(readPage(click).title).toBe('Approved');
  const events = await eventsOf(id, 'challenge.approved');
  expect(events.filter((type) => type === 'challenge.approved')).toHaveLength(1);
});

it('follows by the next step of the plan when the first one fails: the same link', async () => {
  const plan = await saved({
    channels: [
      {
        channel: 'whatsapp',
        sender: house.demo.senderAddress,
        template: await approved(house, linkTemplate(house, house.demo.accountId, 'link_first')),
      },
      { channel: 'sms', sender: infobip.senderOn('sms') },
    ],
  });
  const to = receiver();
  await ask('PUT', `${house.simulator.url}/_sim/behavior`, {
    faults: [{ match: { to, phoneNumberId: '200000000000001' }, kind: 'graphError', code: 131026 }],
  });
  const { json } = await askFor({ generator: plan, receiver: to });
  const link = await linkTo(house, to);
  const [message] = await house.simulated(to);
  expect(message!.channel).toBe('sms');
  expect(readPage(await submit(link, { answer: 'approve', number: json.matchNumber })).title).toBe(
    'Approved',
  );
});

it('to a test number goes nowhere', async () => {
  const to = receiver();
  const endsAt = new Date(Date.now() + 86_400_000).toISOString();
  await house.call('POST', '/v1/test-numbers', { receiver: to, code: '424242', endsAt });
  const { json } = await askFor({ receiver: to });
  expect(json.testNumber).toBe(true);
  await until(
    async () => (await house.call('GET', `/v1/challenges/${json.id}`)).json.messages[0].status,
    (status) => status === 'delivered',
  );
  expect(await house.simulated(to)).toEqual([]);
  expect((await house.call('POST', `/v1/challenges/${json.id}/check`, { code: '424242' })).status).toBe(422);
});

describe('the page behind a link', () => {
  it('Link previewers/scanners fetch GET/HEAD: ten times without cookies or scripts, and nothing happens (ATK-21, BI-69)', async () => {
    const { id, link, matchNumber } = await opened();
    for (let turn = 0; turn < 10; turn++) {
      const page = await ask('GET', link, undefined, { 'user-agent': 'WhatsApp/2.23' });
      expect(page.status).toBe(200);
      expect(page.headers).not.toHaveProperty('set-cookie');
    }
    const head = await ask('HEAD', link);
    expect([head.status, head.text]).toEqual([200, '']);
    expect(await stateOf(id)).toBe('pending');
    const answer = await submit(link, { answer: 'approve', number: matchNumber });
    expect(readPage(answer).title).toBe('Approved');
    expect((await ask('GET', link)).status).toBe(404);
    const events = await eventsOf(id, 'challenge.approved');
    expect(events.filter((type) => type.startsWith('challenge.'))).toEqual([
      'challenge.requested',
      'challenge.approved',
    ]);
  });

  it('says nothing to previews, is kept by nobody, framed by nobody, and tells no other site where it was (ATK-19, STD-27)', async () => {
    const { link } = await opened();
    const { headers, text } = await ask('GET', link);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': expect.stringContaining('noindex'),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
    const [, nonce] =
      /^default-src 'none'; style-src 'nonce-([^']+)'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'/.exec(
        String(headers['content-security-policy']),
      )!;
    expect(text).toContain(`<style nonce="${nonce}">`);
    expect((await ask('GET', link)).text).not.toContain(nonce);
    expect(text).not.toMatch(/<script|og:|href=|src=|\son\w+=/);
  });

  it('BI-65 answers no other origin, nor does the API', async () => {
    const { id, link } = await opened();
    for (const origin of ['https://evil.example', 'null'])
      for (const answer of [
        await ask('GET', link, undefined, { origin }),
        await house.call('GET', `/v1/challenges/${id}`, undefined, { origin }),
        await ask('OPTIONS', `${house.api.url}/v1/challenges`, undefined, {
          origin,
          'access-control-request-method': 'POST',
        }),
      ])
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('ATK-20 BI-68 shows names and cities as text', async () => {
    const displayName = `"><script>alert(1)</script>`;
    const mine = await saved({
      link: { displayName },
      channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }],
    });
    const endUser = { userAgent: `Chrome/1 <img src=x onerror=alert(1)>`, city: '<svg onload=alert(1)>' };
    const { link } = await opened({ generator: mine, returnUrl: undefined, endUser });
    const page = await ask('GET', link);
    expect(readPage(page).title).toContain(displayName);
    expect(readPage(page).text).toContain('Chrome, <svg onload=alert(1)>');
    expect(page.text).not.toMatch(/<script|<svg|<img/);
    for (const body of [
      { language: '"><script>' },
      { endUser: { city: 'a\u202eb' } },
      { endUser: { city: 'x'.repeat(10_240) } },
    ])
      expect((await askFor(body)).status).toBe(422);
  });

  it.each(['return_url=//evil.example', 'returnUrl=https:evil.example', 'next=javascript:alert(1)'])(
    'BI-67 ATK-18 takes no address from its own: ?%s is a 400 page that leads nowhere',
    async (query) => {
      const { link, bindUrl } = await opened();
      for (const address of [link, bindUrl]) {
        const page = await ask('GET', `${address}?${query}`);
        expect(page.status).toBe(400);
        expect(page.headers['content-type']).toContain('text/html');
        expect(page.headers).not.toHaveProperty('location');
        expect(page.text).not.toMatch(/evil|javascript|refresh/);
      }
    },
  );

  it('shows what is authorised, in the language of the challenge (STD-33)', async () => {
    const context = { amount: '120.00', currency: 'MXN', payee: 'ACME <b>' };
    const { link } = await opened({ purpose: 'transaction', context, language: 'es_MX' });
    expect(readPage(await ask('GET', link)).text).toContain('120.00 MXN a ACME <b>');
  });

  it('one page for whatever does not work: no link, another token, an ended one, another kind’s', async () => {
    const { id, link } = await opened();
    const code = await house.call('POST', '/v1/challenges', {
      generator: await house.newGenerator(),
      receiver: receiver(),
    });
    const token = link.slice(-22);
    const other = `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`;
    const pages = await Promise.all(
      [
        other,
        link.replace(id, 'chl_00000000000000000000000000'),
        link.replace(id, code.json.id),
        `${house.api.url}/p/l/${id}`,
        `${house.api.url}/p/l/${token}`,
        `${house.api.url}/p/l/x`,
      ].map((url) => ask('GET', url)),
    );
    await house.call('POST', `/v1/challenges/${id}/cancel`);
    pages.push(await ask('GET', link));
    for (const page of pages)
      expect([page.status, readPage(page).title]).toEqual([404, 'This link does not work']);
  });

  it('Token in Referer, logs, analytics: Redis and the journal hold none, nor the number', async () => {
    const { id, link, matchNumber } = await opened();
    const token = link.slice(-22);
    const [key] = await house.redis.keys(`{p*}:ch:${id.slice(4)}`);
    const record = await house.redis.hgetall(key!);
    expect(
      Object.entries(record).filter(
        ([name, value]) => value.includes(token) || (name !== 'l' && value === matchNumber),
      ),
    ).toEqual([]);
    // As small as any other record of Redis: nothing of it is longer than 64 bytes, but for the address it leads back to.
    const long = Object.entries(record).filter(([, value]) => Buffer.byteLength(value) > 64);
    expect(long.map(([name]) => name)).toEqual([]);
    await submit(link, { answer: 'approve', number: matchNumber });
    const ended = await house.redis.hgetall(key!);
    expect(Object.keys(ended).filter((name) => ['c', 'h', 'hk', 'eu'].includes(name))).toEqual([]);
    const timeline = await eventsOf(id, 'challenge.approved').then(() =>
      house.call('GET', `/v1/challenges/${id}/timeline`),
    );
    expect(timeline.text).not.toContain(token);
  });

  it('wrong matching number: told, counted, and after five the link is void for the right one as well', async () => {
    const { id, link, matchNumber } = await opened();
    for (const number of ['', '7', 'ab', '１２', '123']) {
      const page = await submit(link, { answer: 'approve', number });
      expect(readPage(page).text).toContain('Type the two digits');
    }
    expect((await house.call('GET', `/v1/challenges/${id}`)).json.attemptsRemaining).toBe(5);
    for (let left = 4; left > 0; left--) {
      const page = await submit(link, { answer: 'approve', number: wrongFor(matchNumber) });
      expect(readPage(page).text).toContain(`That is not the number. Tries left: ${left}.`);
    }
    expect(readPage(await submit(link, { answer: 'approve', number: wrongFor(matchNumber) })).title).toBe(
      'Too many wrong numbers',
    );
    expect((await submit(link, { answer: 'approve', number: matchNumber })).status).toBe(404);
    expect(await stateOf(id)).toBe('locked');
  });

  it('whoever knows an id alone can use up no attempt', async () => {
    const { id, link } = await opened();
    const guessed = `${link.slice(0, -22)}${'A'.repeat(22)}`;
    for (let turn = 0; turn < 6; turn++)
      expect((await submit(guessed, { answer: 'approve', number: '10' })).status).toBe(404);
    expect((await submit(guessed, { answer: 'deny' })).status).toBe(404);
    expect((await house.call('GET', `/v1/challenges/${id}`)).json).toMatchObject({
      status: 'pending',
      attemptsRemaining: 5,
    });
  });

  it('Double click race: one approval, and both clicks see it', async () => {
    const { id, link, matchNumber } = await opened();
    const fields = { answer: 'approve', number: matchNumber, form: newForm() };
    const clicks = await Promise.all(Array.from({ length: 10 }, () => submit(link, fields)));
    for (const click of clicks) expect(readPage(click).title).toBe('Approved');
    const events = await eventsOf(id, 'challenge.approved');
    expect(events.filter((type) => type === 'challenge.approved')).toHaveLength(1);
  });

  it('Double click race: of many pages that were open one approves, and a denial comes first or not at all', async () => {
    const { id, link, matchNumber } = await opened();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        submit(link, at % 2 ? { answer: 'deny' } : { answer: 'approve', number: matchNumber }),
      ),
    );
    const won = answers.filter(({ status }) => status === 200).map((answer) => readPage(answer).title);
    expect(won).toHaveLength(1);
    const state = await stateOf(id);
    expect(won[0]).toBe(state === 'approved' ? 'Approved' : 'Thank you');
    const events = await eventsOf(id, `challenge.${state}`);
    expect(events.filter((type) => /approved|denied/.test(type))).toHaveLength(1);
  });

  it('ATK-22 takes a form from its own page only', async () => {
    const { id, link, bindUrl, matchNumber } = await opened();
    const fields = { answer: 'approve', number: matchNumber };
    const foreign = [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { origin: house.api.url, 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign)
      for (const [url, form] of [
        [link, fields],
        [bindUrl, {}],
      ] as const) {
        const answer = await submit(url, form, headers);
        expect([answer.status, answer.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
      }
    const bare = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ ...fields, form: newForm() }).toString();
    for (const headers of [bare, { ...bare, origin: 'null' }])
      expect((await ask('POST', link, body, headers)).status).toBe(403);
    expect(await stateOf(id)).toBe('pending');
    // An older browser tells the origin, and nothing else.
    expect((await ask('POST', link, body, { ...bare, origin: house.api.url })).status).toBe(200);
    expect(await stateOf(id)).toBe('approved');
  });

  it('answers a form that it did not write with a page, and does nothing', async () => {
    const { id, link } = await opened();
    const forms: Record<string, string>[] = [
      { answer: 'yes' },
      { answer: 'approve', form: 'x' },
      { answer: 'approve', returnUrl: 'https://evil.example' },
    ];
    for (const fields of forms) {
      const answer = await submit(link, fields);
      expect([answer.status, answer.headers['content-type']]).toEqual([422, 'text/html; charset=utf-8']);
      expect(answer.text).not.toContain('evil');
    }
    expect(await stateOf(id)).toBe('pending');
  });

  it('a late click changes nothing: the link has expired', async () => {
    const { id, link, matchNumber } = await opened();
    house.moveClock(601_000);
    expect((await submit(link, { answer: 'approve', number: matchNumber })).status).toBe(404);
    expect((await submit(link, { answer: 'deny' })).status).toBe(404);
    expect(await stateOf(id)).toBe('expired');
  });
});

describe('in a browser', () => {
  let browser: Browser;
  let contexts: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });
  afterAll(() => browser?.close());

  async function newBrowser(settings: object = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 390, height: 844 },
      javaScriptEnabled: false,
      ...settings,
    });
    contexts.push(context);
    return context.newPage();
  }

  async function approve(page: Page, number: string, button = 'Yes, approve'): Promise<void> {
    await page.getByRole('textbox').fill(number);
    await page.getByRole('button', { name: button }).click();
  }

  it('without scripts: the browser that asked opens the link, approves, and is led back with a token that no Referer tells of', async () => {
    const { id, link, bindUrl } = await opened({ endUser: { userAgent: CHROME, city: 'Bogotá' } });
    const page = await newBrowser();
    await page.goto(bindUrl);
    const number = (await page.locator('.number').textContent())!.trim();
    await page.goto(link);
    await page.getByText('Asked from: Chrome, Android, Bogotá').waitFor();
    await page.getByText('Did you start this?').waitFor();
    const before = shop.visits.length;
    await approve(page, number);
    await page.waitForURL(/\/login\/done/);
    const [visit] = shop.visits.slice(before).filter(({ url }) => url.startsWith('/login'));
    expect(visit!.headers).not.toHaveProperty('referer');
    const query = new URL(visit!.url, shop.origin).searchParams;
    expect(query.get('state')).toBe('s1');
    const taken = await redeem(query.get('exchange')!);
    expect(taken.json).toMatchObject({ id, status: 'approved', kind: 'link', purpose: 'authentication' });
    expect(await eventsOf(id, 'challenge.exchanged')).toEqual(
      expect.arrayContaining(['challenge.approved', 'challenge.exchange_issued', 'challenge.exchanged']),
    );
  });

  it.each(['whatsapp', 'sms'])(
    'from the phone, on %s: the link in the chat leads to the page',
    async (channel) => {
      const { accountId, senderAddress } = house.demo;
      const step =
        channel === 'sms'
          ? { channel, sender: infobip.senderOn('sms') }
          : {
              channel,
              sender: senderAddress,
              template: await approved(house, linkTemplate(house, accountId, 'link_phone')),
            };
      const mine = await saved({ link: { displayName: 'The Shop' }, channels: [step] });
      const to = receiver();
      const { json } = await house.call('POST', '/v1/challenges', { generator: mine, receiver: to });
      const phone = await newBrowser({ javaScriptEnabled: true });
      await phone.goto(`${house.simulator.url}/phone/${to}`);
      const [page] = await Promise.all([
        phone.context().waitForEvent('page'),
        phone.locator('.bubble a[href*="/p/l/"]').click(),
      ]);
      await approve(page, json.matchNumber);
      await page.getByText('You can close this page').waitFor();
      expect(await stateOf(json.id)).toBe('approved');
    },
  );

  it('a forwarded link on another browser approves for the one that asked: the clicking one is led nowhere', async () => {
    const { link, bindUrl, id } = await opened();
    const [asking, clicking] = [await newBrowser(), await newBrowser()];
    await asking.goto(bindUrl);
    const number = (await asking.locator('.number').textContent())!.trim();
    await clicking.goto(link);
    await approve(clicking, number);
    await clicking.getByText('You can close this page').waitFor();
    expect(await clicking.content()).not.toMatch(/exchange|refresh/);
    const before = shop.visits.length;
    // It looks again by itself.
    await asking.getByRole('button', { name: 'Continue' }).click();
    await asking.waitForURL(/\/login\/done/);
    const token = new URL(
      shop.visits.slice(before).find(({ url }) => url.startsWith('/login'))!.url,
      shop.origin,
    ).searchParams.get('exchange')!;
    expect((await redeem(token)).json.id).toBe(id);
    // The clicking browser, should it come by the address of the other, has what that address says and no second token.
    await clicking.goto(bindUrl);
    await clicking.getByRole('button', { name: 'Continue' }).click();
    await clicking.getByText('You can close this page').waitFor();
  });

  it('Session fixation: a stranger’s request shows the stranger’s browser and city, and is denied; his browser gets nothing', async () => {
    const { id, link, bindUrl } = await opened({
      endUser: { userAgent: CHROME, city: 'Elsewhere' },
      language: 'pt',
    });
    const [attacker, victim] = [await newBrowser(), await newBrowser()];
    await attacker.goto(bindUrl);
    await victim.goto(link);
    await victim.getByText('Pedido feito de: Chrome, Android, Elsewhere').waitFor();
    expect(await victim.locator('main').innerText()).not.toMatch(/\d/);
    await victim.getByRole('button', { name: 'Não fui eu' }).click();
    await victim.getByText('Nada foi aprovado').waitFor();
    expect(await stateOf(id)).toBe('denied');
    await attacker.getByText('Nada foi aprovado').waitFor();
    expect(await eventsOf(id, 'challenge.denied')).not.toContain('challenge.exchange_issued');
    const read = await house.call('GET', `/v1/challenges/${id}`);
    expect(read.json).toMatchObject({ status: 'denied', reason: 'not_me' });
  });

  it('Double click in the browser that asked: whichever answer it shows leads back with the one token', async () => {
    const { link, bindUrl, matchNumber } = await opened();
    const page = await newBrowser();
    await page.goto(bindUrl);
    const [{ name, value, httpOnly, sameSite }] = (await page.context().cookies()) as [Cookie];
    expect([name, httpOnly, sameSite]).toEqual(['countersign-asking', true, 'Strict']);
    const fields = { answer: 'approve', number: matchNumber, form: newForm() };
    const cookie = { cookie: `other=1; ${name}=${value}` };
    const answers = await Promise.all([1, 2, 3].map(() => submit(link, fields, cookie)));
    const tokens = new Set(answers.map(({ text }) => /exchange&#61;|exchange=([\w.-]+)/.exec(text)?.[1]));
    expect([tokens.size, [...tokens][0]]).toEqual([1, expect.stringMatching(/^chl_/)]);
  });

  it('ATK-19 a page in a stranger’s frame is not shown', async () => {
    const { link } = await opened();
    trap = `<iframe src="${link}"></iframe>`;
    const page = await newBrowser({ javaScriptEnabled: true });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(evil.foreign);
    await expect.poll(() => complaints.join()).toMatch(/frame-ancestors/);
    expect(await page.frames()[1]!.content()).not.toContain('The Shop');
  });

  it('ATK-22 a form that a stranger’s page sends is answered 403, with the victim’s cookies or without', async () => {
    const { id, link, bindUrl, matchNumber } = await opened();
    const page = await newBrowser({ javaScriptEnabled: true });
    await page.goto(bindUrl);
    trap = `<form method="post" action="${link}"><input name="number" value="${matchNumber}"><input name="form" value="${newForm()}"><button name="answer" value="approve">Win</button></form>`;
    for (const site of [evil.foreign, evil.origin]) {
      await page.goto(site);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        page.getByRole('button', { name: 'Win' }).click(),
      ]);
      expect(answer.status()).toBe(403);
    }
    expect(await stateOf(id)).toBe('pending');
  });

  it('ATK-20 runs nothing that a name, a city or a payee holds', async () => {
    const payloads = [
      '"><script>document.title="run"</script>',
      "'><img src=x onerror=document.title='run'>",
      '</title><svg onload=document.title="run">',
      'javascript:document.title="run"',
      '{{constructor}}${7*7}<%= 1 %>',
    ];
    const page = await newBrowser({ javaScriptEnabled: true });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    for (const displayName of payloads) {
      const mine = await saved({
        link: { displayName },
        channels: [{ channel: 'sms', sender: infobip.senderOn('sms') }],
      });
      const context = { amount: '1', currency: 'EUR', payee: displayName };
      const { link } = await opened({
        generator: mine,
        returnUrl: undefined,
        purpose: 'transaction',
        context,
        // A city holds no address, and a dot may make one.
        endUser: { city: displayName.replaceAll('.', ' ').slice(0, 40) },
      });
      await page.goto(link);
      expect(await page.locator('h1').textContent()).toContain(displayName);
      expect(await page.title()).not.toBe('run');
    }
    expect(complaints).toEqual([]);
  });

  it('reads to everybody: labelled, in its language, large enough to touch, and with an error that is announced', async () => {
    const { link, matchNumber } = await opened({ language: 'es' });
    const page = await newBrowser();
    await page.goto(link);
    expect(await page.locator('html').getAttribute('lang')).toBe('es');
    await page.getByRole('heading', { level: 1, name: 'The Shop pregunta' }).waitFor();
    await page.getByRole('textbox', { name: 'Las dos cifras' }).waitFor();
    for (const button of await page.getByRole('button').all())
      expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    await approve(page, wrongFor(matchNumber), 'Sí, aprobar');
    expect(await page.getByRole('alert').textContent()).toBe('No es ese número. Intentos que quedan: 4.');
  });
});

describe('an exchange token', () => {
  const verifier = randomBytes(32).toString('base64url');
  const pkce = { challenge: createHash('sha256').update(verifier).digest('base64url'), method: 'S256' };

  /** Approved; asked for by PKCE alone, unless said. */
  async function approvedLink(body: object = { pkce, returnUrl: undefined }): Promise<string> {
    const { id, link, matchNumber } = await opened(body);
    await submit(link, { answer: 'approve', number: matchNumber });
    return id;
  }
  const issue = (id: string, codeVerifier = verifier, headers = {}): Promise<Answer> =>
    house.call('POST', `/v1/challenges/${id}/exchange`, { codeVerifier }, headers);
  const refused = { status: 403, code: 'exchange.not_accepted' };

  it('is had by the verifier of the browser that asked, once, and taken once', async () => {
    const id = await approvedLink();
    const wrong = await issue(id, 'x'.repeat(43));
    expect(wrong.json).toMatchObject(refused);
    const issued = await issue(id, verifier, { 'idempotency-key': 'exchange-1' });
    expect(issued.json).toEqual({ token: expect.stringMatching(`^${id}\\.`), expiresAt: expect.any(String) });
    expect((await issue(id, verifier, { 'idempotency-key': 'exchange-1' })).json).toEqual(issued.json);
    expect((await issue(id)).json).toMatchObject({ status: 409, code: 'exchange.not_available' });

    const { token } = issued.json;
    expect((await redeem(token)).json).toMatchObject(refused);
    expect((await redeem(token, { codeVerifier: 'y'.repeat(43) })).json).toMatchObject(refused);
    const taken = await redeem(token, { codeVerifier: verifier }, { 'idempotency-key': 'take-1' });
    expect(taken.json).toMatchObject({ id, status: 'approved' });
    expect((await redeem(token, { codeVerifier: verifier }, { 'idempotency-key': 'take-1' })).json).toEqual(
      taken.json,
    );
    expect((await redeem(token, { codeVerifier: verifier })).json).toMatchObject(refused);
  });

  it('BI-66 of another tenant, altered, of another challenge or older than 60 seconds is worth nothing', async () => {
    const { token } = (await issue(await approvedLink())).json;
    const { key } = await house.newTenantKey('stranger');
    const stranger = { authorization: `Bearer ${key}` };
    const other = (await issue(await approvedLink())).json.token;
    const mixed = `${token.slice(0, token.indexOf('.'))}${other.slice(other.indexOf('.'))}`;
    const altered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const text of [mixed, altered, '', 'x', token.slice(4), `${token}.none`])
      expect([text, (await redeem(text, { codeVerifier: verifier })).json.status]).toEqual([text, 403]);
    expect((await redeem(token, { codeVerifier: verifier }, stranger)).json).toMatchObject(refused);
    house.moveClock(60_100);
    expect((await redeem(token, { codeVerifier: verifier })).json).toMatchObject(refused);
  });

  it('is there for an approved link only, of one’s own', async () => {
    const { id, link } = await opened({ pkce, returnUrl: undefined });
    expect((await issue(id)).json).toMatchObject({
      status: 409,
      code: 'exchange.not_available',
      state: 'pending',
    });
    const { key } = await house.newTenantKey('another');
    expect((await issue(id, verifier, { authorization: `Bearer ${key}` })).status).toBe(404);
    await submit(link, { answer: 'deny' });
    expect((await issue(id)).json).toMatchObject({ state: 'denied', reason: 'not_me' });
    const reader = { authorization: `Bearer ${await house.newKey('test', ['challenges:read'])}` };
    expect((await issue(id, verifier, reader)).status).toBe(403);
    for (const codeVerifier of ['short', 'ü'.repeat(43), 'x'.repeat(129)])
      expect((await issue(id, codeVerifier)).json.errors).toEqual([
        expect.objectContaining({ pointer: '#/codeVerifier' }),
      ]);
  });

  it('is not had later than five minutes after the approval', async () => {
    const id = await approvedLink();
    house.moveClock(301_000);
    expect((await issue(id)).json).toMatchObject({ status: 409, code: 'exchange.not_available' });
  });

  it('is not had by a browser whose cookie is another challenge’s, or made up', async () => {
    const { link, matchNumber } = await opened();
    const stranger = await opened();
    const made = link.slice(link.lastIndexOf('/') + 1);
    const theirs = stranger.bindUrl.slice(stranger.bindUrl.lastIndexOf('/') + 1);
    const cookie = `countersign-asking=${made}; countersign-asking=${theirs}`;
    const answer = await submit(link, { answer: 'approve', number: matchNumber }, { cookie });
    expect(readPage(answer).title).toBe('Approved');
    expect(answer.text).not.toMatch(/exchange|refresh/);
    expect((await ask('GET', stranger.bindUrl.slice(0, -22) + 'A'.repeat(22))).status).toBe(404);
  });
});
