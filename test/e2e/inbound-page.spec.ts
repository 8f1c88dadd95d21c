// The page beside the chat, in a browser as people have it: what it shows, and what it must not do.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser as Chromium, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.js';
import { ask, type House, openHouse, until } from '../support/house.js';
import { inboundGenerator, openInbound, prefilled } from '../support/inbound.js';
import { person } from '../support/person.js';
import { behave } from '../support/second-account.js';

const PICTURES = join(tmpdir(), `countersign-pictures-${process.getuid?.() ?? 'user'}`);
const EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>&lt;b>';

let house: House;
let chromium: Chromium;
let context: BrowserContext | undefined;
let complaints: string[] = [];
let people = 0;
const somebody = (): string => `+573004${String(++people).padStart(6, '0')}`;
const channels = (language: string) => [
  { channel: 'whatsapp', sender: house.demo.senderAddress, language },
  { channel: 'sms', sender: house.demo.chat!.sms },
];

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  chromium = await launchChromium();
  house = await openHouse();
  await behave(house, { statuses: { sentAfterMs: 1, deliveredAfterMs: 2 } });
});
afterEach(async () => {
  await context?.close();
  context = undefined;
});
afterAll(async () => {
  await chromium?.close();
  await house?.close();
});

async function visit(url: string, options: object = {}): Promise<Page> {
  complaints = [];
  context = await chromium.newContext({ viewport: { width: 390, height: 844 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(house.api.url)) complaints.push(`foreign request: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

describe.each([
  ['en', 'Sign in by a message', 'Open WhatsApp', 'Answer the question in the chat', 'Done.'],
  ['es', 'Inicie sesión con un mensaje', 'Abrir WhatsApp', 'Responda a la pregunta en el chat', 'Listo.'],
  ['pt_BR', 'Entre com uma mensagem', 'Abrir o WhatsApp', 'Responda à pergunta no chat', 'Pronto.'],
])('in %s', (language, title, open, answer, done) => {
  it('goes along with the chat: code and number, then the question, then the end, without a script', async () => {
    const generator = await inboundGenerator(house, channels(language), { purpose: 'login' });
    const browser = await openInbound(house, generator);
    const page = await visit(browser.pageUrl, { javaScriptEnabled: false });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(title);
    expect(await page.getAttribute('html', 'lang')).toBe(language.replace('_', '-'));
    expect(await page.locator('.number').textContent()).toBe(browser.matchNumber);
    expect(await page.locator('code').textContent()).toBe(browser.token);
    expect(await page.getByText(`+${house.demo.senderAddress}`).isVisible()).toBe(true);
    expect(await page.getByRole('img', { name: browser.token }).isVisible()).toBe(true);
    const links = await page
      .getByRole('link')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    expect(links).toEqual([browser.links['whatsapp'], browser.links['sms'], browser.links['smsApple']]);
    expect(await page.getByRole('link', { name: open }).isVisible()).toBe(true);
    await page.screenshot({ path: join(PICTURES, `inbound-page-${language}.png`), fullPage: true });

    const ana = person(house, somebody());
    await ana.types('whatsapp', prefilled(browser.links['whatsapp']!), house.demo.senderAddress);
    // It looks again by itself; nobody has to wait for that three times.
    if (language !== 'en') {
      await until(browser.status, ({ received }) => received !== undefined);
      await page.reload();
    }
    await page.getByText(answer).waitFor({ timeout: 15_000 });
    expect(await page.locator('.number').textContent()).toBe(browser.matchNumber);
    expect(await page.locator('svg, code').count()).toBe(0);
    await ana.types('whatsapp', browser.matchNumber, house.demo.senderAddress);
    await browser.becomes('approved');
    await page.reload();
    await page.getByText(done).waitFor();
    expect(await page.locator('meta[http-equiv=refresh], .number').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

it('ATK-21 BI-69 a link scanner’s GET and HEAD, ten times over, without cookies or scripts, change nothing', async () => {
  const generator = await inboundGenerator(house, channels('en'), { purpose: 'login' });
  const browser = await openInbound(house, generator);
  const before = await browser.status();
  for (let at = 0; at < 10; at++) {
    const shown = await ask('GET', browser.pageUrl);
    expect([shown.status, shown.headers['set-cookie']]).toEqual([200, undefined]);
    expect((await ask('HEAD', browser.pageUrl)).status).toBe(200);
  }
  expect(await browser.status()).toEqual(before);
  expect((await ask('POST', browser.pageUrl, {})).status).toBe(405);
});

it('is kept nowhere, found by nobody, and tells no other site where it was', async () => {
  const generator = await inboundGenerator(house, channels('en'), { purpose: 'login' });
  const { headers } = await ask('GET', (await openInbound(house, generator)).pageUrl);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex, nofollow, noarchive',
    'x-content-type-options': 'nosniff',
  });
  const policy = String(headers['content-security-policy']);
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'nonce-[\w+/=]{24}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'$/,
  );
});

it('ATK-20 BI-68 what a generator or a caller says is text on the page, whatever it holds', async () => {
  const inbound = { purpose: 'consent', consentText: `${EVIL} ${'long '.repeat(60)}` };
  const generator = await inboundGenerator(house, channels('en'), inbound);
  const browser = await openInbound(house, generator);
  const page = await visit(browser.pageUrl);
  expect(await page.locator('blockquote').textContent()).toBe(inbound.consentText);
  expect(await page.locator('img, script, b').count()).toBe(0);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  expect(complaints).toEqual([]);
  const refused = await house.call('POST', '/v1/challenges', { generator, language: '"><script>' });
  expect(refused.status).toBe(422);
});

describe('a page of somebody else', () => {
  let server: Server;
  let framed: string;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<iframe src="${framed}"></iframe>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('ATK-19 cannot frame it', async () => {
    const generator = await inboundGenerator(house, channels('en'), { purpose: 'login' });
    framed = (await openInbound(house, generator)).pageUrl;
    const { port } = server.address() as AddressInfo;
    const page = await visit(`http://127.0.0.1:${port}/`);
    await expect.poll(() => complaints.join(' ')).toMatch(/frame-ancestors/);
    for (const frame of page.frames().slice(1)) expect(await frame.locator('.number').count()).toBe(0);
  });
});

it('ATK-11 an address that was not made here shows nothing, also with the right challenge in it', async () => {
  const generator = await inboundGenerator(house, channels('en'), { purpose: 'login' });
  const { id, pageUrl, token } = await openInbound(house, generator);
  for (const address of [
    id,
    `${id}.`,
    `${id}.${'A'.repeat(22)}`,
    `${pageUrl.split('/').at(-1)}x`,
    'nothing',
  ]) {
    const { status, text } = await ask('GET', `${house.api.url}/p/i/${address}`);
    expect([address, status, text.includes(token)]).toEqual([address, 404, false]);
    expect(text).toContain('There is nothing at this address.');
  }
});
