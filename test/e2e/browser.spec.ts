import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.js';
import { type House, openHouse, until } from '../support/house.js';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
/** What was looked at, for whoever wants to see it. */
const PICTURES = join(tmpdir(), `countersign-pictures-${process.getuid?.() ?? 'user'}`);

// Scripts for the page are text: its types are not those of a test.
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`;
const MISBEHAVE = `{
  const inline = document.createElement('script');
  inline.textContent = 'globalThis.ran = true';
  const foreign = document.createElement('img');
  foreign.src = 'http://127.0.0.1:9/picture.png';
  document.body.append(inline, foreign);
  void fetch('/phone/assets/nothing.js');
}`;

/** Everything that must not happen while a page is open. */
interface Watch {
  page: Page;
  complaints: string[];
  /** Pages and files it asked for. */
  requests: string[];
}

describe('in a browser', () => {
  let house: House;
  let browser: Browser;
  let context: BrowserContext | undefined;
  let generator: string;
  let numbers = 0;
  const receiver = (): string => `+52551234${7001 + numbers++}`;

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    browser = await launchChromium();
    house = await openHouse();
    generator = await newGenerator(['en', 'es', 'pt_BR']);
  });
  afterEach(async () => {
    await context?.close();
    context = undefined;
  });
  afterAll(async () => {
    await browser?.close();
    await house?.close();
  });

  /** A generator whose one template speaks each of the languages. */
  async function newGenerator(languages: string[]): Promise<string> {
    const template = await house.call('POST', '/v1/templates', {
      account: house.demo.accountId,
      name: 'browser',
      category: 'AUTHENTICATION',
      languages: languages.map((language) => ({
        language,
        addSecurityRecommendation: true,
        codeExpirationMinutes: 10,
      })),
    });
    await until(
      () => house.call('GET', `/v1/templates/${template.json.id}`),
      ({ json }) => json.languages.every((entry: { status: string }) => entry.status === 'approved'),
    );
    const created = await house.call('POST', '/v1/generators', {
      name: 'browser',
      channels: [
        { channel: 'whatsapp', sender: house.demo.senderAddress, template: template.json.id, language: 'en' },
      ],
    });
    return created.json.id;
  }

  async function send(to: string, language = 'en'): Promise<string> {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: to, language });
    expect(opened.status, opened.text).toBe(201);
    return opened.json.id;
  }

  /** Opens a page that reports every failed or foreign request, policy violation and error. */
  async function open(url: string, viewport = PHONE): Promise<Watch> {
    context ??= await browser.newContext({ viewport, locale: 'en-US' });
    const page = await context.newPage();
    const watch: Watch = { page, complaints: [], requests: [] };
    const complain = (text: string): void => void watch.complaints.push(text);
    page.on('request', (request) => {
      watch.requests.push(request.url());
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== new URL(url).origin)
        complain(`foreign request: ${request.url()}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // Leaving a page ends its stream of events.
      if (!request.url().endsWith('/events') || reason !== 'net::ERR_ABORTED')
        complain(`failed: ${request.url()} ${reason}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) complain(`${response.status()}: ${response.url()}`);
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complain(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complain(`error: ${error.message}`));
    await page.addInitScript(TELL_VIOLATIONS);
    await page.goto(url);
    return watch;
  }

  async function openPhone(number: string, viewport?: typeof PHONE): Promise<Watch> {
    const watch = await open(`${house.simulator.url}/phone/${number}`, viewport);
    await watch.page.getByText('Live', { exact: true }).waitFor();
    return watch;
  }

  const bubble = (page: Page, nth = 1) => page.locator('.bubble').nth(nth - 1);

  async function picture(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  /** What one would get by pasting. */
  async function pasted(): Promise<string> {
    const page = await context!.newPage();
    await page.setContent('<textarea autofocus></textarea>');
    await page.locator('textarea').focus();
    await page.keyboard.press('ControlOrMeta+V');
    return page.locator('textarea').inputValue();
  }

  describe('the phone', () => {
    it('shows a code as it arrives, copies it, and what was copied is right', async () => {
      const number = receiver();
      const { page, complaints, requests } = await openPhone(number);
      await context!.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: house.simulator.url });
      await page.getByText('No messages yet').waitFor();
      await picture(page, 'phone-empty');
      const pages = requests.length;

      const id = await send(number);
      const text = bubble(page).locator('.bubble-text');
      await expect.poll(() => text.textContent(), { timeout: 30_000 }).toMatch(/is your verification code\./);
      const { code } = (await house.call('GET', `/v1/challenges/${id}/code`)).json;
      expect(await text.textContent()).toBe(
        `${code} is your verification code. For your security, do not share this code.`,
      );
      expect(await text.locator('strong').textContent()).toBe(code);
      expect(await bubble(page).locator('.bubble-footer').textContent()).toBe(
        'This code expires in 10 minutes.',
      );
      // It came by itself: the page was not loaded again.
      expect(requests.slice(pages).filter((url) => url.includes('/phone'))).toEqual(
        requests.slice(pages).filter((url) => url.endsWith('/read')),
      );
      await picture(page, 'phone');

      await bubble(page).getByRole('button', { name: 'Copy code' }).click();
      await bubble(page).getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(code);
      const typed = await pasted();
      const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: typed });
      expect(checked.json).toMatchObject({ status: 'approved', valid: true });
      expect(complaints).toEqual([]);
    });

    it('copies where the page may not use the clipboard', async () => {
      const number = receiver();
      context = await browser.newContext({ viewport: PHONE });
      await context.addInitScript(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`);
      const { page, complaints } = await openPhone(number);
      const id = await send(number);
      await bubble(page).getByRole('button', { name: 'Copy code' }).click();
      await bubble(page).getByRole('button', { name: 'Copied' }).waitFor();
      const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: await pasted() });
      expect(checked.json).toMatchObject({ status: 'approved' });
      expect(complaints).toEqual([]);
    });

    it.each([
      [
        'es',
        /^Tu código de verificación es \d{6}\. Por tu seguridad/,
        'Este código caduca en 10 minutos.',
        'Copiar código',
      ],
      [
        'pt_BR',
        /^Seu código de verificação é \d{6}\. Para sua segurança/,
        'Este código expira em 10 minutos.',
        'Copiar código',
      ],
    ])('speaks %s', async (language, text, footer, button) => {
      const number = receiver();
      const { page, complaints } = await openPhone(number);
      await send(number, language);
      await expect
        .poll(() => bubble(page).locator('.bubble-text').textContent(), { timeout: 30_000 })
        .toMatch(text);
      expect(await bubble(page).locator('.bubble-footer').textContent()).toBe(footer);
      expect(await bubble(page).getAttribute('lang')).toBe(language.replace('_', '-'));
      await bubble(page).getByRole('button', { name: button }).waitFor();
      await picture(page, `phone-${language}`);
      expect(complaints).toEqual([]);
    });

    it('stands on a desk beside what is known of the message, and in the list of phones', async () => {
      const number = receiver();
      const { page, complaints } = await openPhone(number, DESK);
      await send(number);
      await send(number);
      await page.locator('.bubble-footer:visible').nth(1).waitFor();
      await expect
        .poll(() => page.locator('#steps li').allTextContents(), { timeout: 30_000 })
        .toHaveLength(4);
      expect((await page.locator('#steps span').allTextContents()).join()).toBe(
        'Accepted,Sent,Delivered,Read',
      );
      await picture(page, 'phone-desk');
      await page.getByRole('link', { name: 'All phones' }).click();
      const digits = number.slice(1);
      await page.locator(`a[href*="${digits}"]`).waitFor();
      await picture(page, 'phones-desk');
      expect(complaints).toEqual([]);
    });

    it('is watched: what must not happen would be seen', async () => {
      const { page, complaints } = await openPhone(receiver());
      await page.evaluate(MISBEHAVE);
      await expect
        .poll(() => complaints.join('\n'), { timeout: 30_000 })
        .toMatch(/(?=[^]*policy: script-src)(?=[^]*policy: img-src)(?=[^]*404: )/);
      expect(await page.evaluate(`'ran' in globalThis`)).toBe(false);
    });
  });

  describe('the documentation', () => {
    it('lists the operations and opens one, with everything from this server', async () => {
      const { page, complaints, requests } = await open(`${house.api.url}/docs`, DESK);
      const operation = page.locator('.opblock', { hasText: 'Open a challenge and send its message' });
      await operation.waitFor();
      await picture(page, 'docs');
      expect(await page.locator('.opblock').count()).toBe(await countOperations());
      expect(await page.title()).toBe('Countersign API');

      await operation.locator('.opblock-summary').click();
      await operation.getByText('Opened; the message is on its way, or the person is awaited.').waitFor();
      await operation.getByText('Idempotency-Key').first().waitFor();
      await operation.scrollIntoViewIfNeeded();
      await picture(page, 'docs-operation');
      await operation.getByText('429', { exact: true }).first().scrollIntoViewIfNeeded();
      await operation.getByText('limit.cool_down').first().waitFor();
      await picture(page, 'docs-answers');
      expect(await page.locator('.errors-wrapper').count()).toBe(0);
      expect(requests.length).toBeGreaterThan(3);
      expect(complaints).toEqual([]);
    });

    it('describes an API: version, answers, bodies, security', async () => {
      const { status, json } = await house.call('GET', '/openapi.json', undefined, { authorization: '' });
      expect(status).toBe(200);
      expect(json.openapi).toMatch(/^3\./);
      expect(json.components.securitySchemes).toHaveProperty('bearer');
      const paths = Object.entries<Record<string, Record<string, any>>>(json.paths); // eslint-disable-line @typescript-eslint/no-explicit-any -- any document
      expect(paths.length).toBeGreaterThan(15);
      for (const [path, item] of paths)
        for (const [method, operation] of Object.entries(item)) {
          expect(Object.keys(operation['responses']).length, `${method} ${path}`).toBeGreaterThan(0);
          if (method !== 'post') continue;
          const schema = operation['requestBody'].content['application/json'].schema.$ref as string;
          expect(json.components.schemas, `${method} ${path}`).toHaveProperty(schema.split('/').at(-1)!);
        }
    });

    async function countOperations(): Promise<number> {
      const { json } = await house.call('GET', '/openapi.json');
      return Object.values<object>(json.paths).flatMap((item) => Object.keys(item)).length;
    }
  });
});

describe('the finder', () => {
  it('takes CHROME_PATH first and says when it is none', async () => {
    await expect(findChromium({ CHROME_PATH: process.execPath })).resolves.toMatchObject({
      executablePath: process.execPath,
    });
    await expect(findChromium({ CHROME_PATH: '/nowhere/chromium' })).rejects.toThrow(/CHROME_PATH/);
  });
});
