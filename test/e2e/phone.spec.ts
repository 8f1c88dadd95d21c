// The phone in a browser, against a simulator alone: a person reads, copies, answers, and everything can be seen.
//
// Pictures are judged by regions and not against kept ones: the browser and its fonts are whatever the machine has, and
// widths, line breaks and anti-aliasing follow them. What is measured holds with any font: where things stand, which
// colours are really painted, and that every text stands out from its ground (WCAG 2, 1.4.3 asks for 4.5 to 1).
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeliveriesService } from '../../apps/simulator/src/core/deliveries.service.js';
import { CHANNELS, type MessageDraft } from '../../apps/simulator/src/core/message.js';
import { MessageLog } from '../../apps/simulator/src/core/message-log.js';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import {
  authTemplate,
  codeMessage,
  SENDER,
  WABA,
  WebhookReceiver,
} from '../../apps/simulator/src/simulator.fixtures.js';
import { type RunningSimulator, startSimulator } from '../../apps/simulator/src/start-simulator.js';
import { launchChromium } from '../support/chromium.js';
import { ask } from '../support/house.js';
import { Picture, type Region } from '../support/pixels.js';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 960, height: 720 };
const SCALE = 1;
const CODE = '048213';
const SENDER_NUMBER = new SimulatorConfig().senderAddress;
/** Thin strokes never reach the full colour of a text: what is painted is a little fainter than its style. */
const FAINT = 4;
/** What was looked at, for whoever wants to see it. */
const PICTURES = join(tmpdir(), `countersign-pictures-${process.getuid?.() ?? 'user'}`);

let simulator: RunningSimulator;
let browser: Browser;
let context: BrowserContext | undefined;
let complaints: string[];
let numbers = 0;
let number: string;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  browser = await launchChromium();
  simulator = await startSimulator(new SimulatorConfig({ port: 0, smtpPort: 0, approveAfterMs: 0 }));
  await ask('PUT', `${simulator.url}/_sim/behavior`, { statuses: { sentAfterMs: 1, deliveredAfterMs: 2 } });
  await graph('POST', `${WABA}/message_templates`, authTemplate());
  await graph('POST', `${WABA}/message_templates`, {
    name: 'was_it_you',
    language: 'en_US',
    category: 'UTILITY',
    components: [
      { type: 'BODY', text: 'Somebody signs in from a new device. Was it you?' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Yes, it was me' },
          { type: 'QUICK_REPLY', text: 'No' },
          { type: 'URL', text: 'What is this?', url: 'https://example.com/help' },
          { type: 'PHONE_NUMBER', text: 'Call us', phone_number: '+15550001111' },
        ],
      },
    ],
  });
});
beforeEach(() => {
  complaints = [];
  number = `52551234${8001 + numbers++}`;
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await simulator?.app.close();
});

async function graph(method: string, path: string, body: unknown): Promise<string> {
  const answer = await ask(method, `${simulator.url}/v23.0/${path}`, body, {
    authorization: 'Bearer simulator-access-token',
  });
  expect(answer.status, answer.text).toBe(200);
  return answer.text;
}

const sendCode = () => graph('POST', `${SENDER}/messages`, { ...codeMessage(CODE), to: number });
const sendQuestion = () =>
  graph('POST', `${SENDER}/messages`, {
    ...codeMessage(),
    to: number,
    template: { name: 'was_it_you', language: { code: 'en_US' } },
  });

/** A message as a skin of any channel logs it. */
function arrive(draft: Partial<MessageDraft>): void {
  const message = simulator.app.get(MessageLog).append({
    channel: 'sms',
    skin: 'spec',
    id: `spec-${draft.channel}-${numbers}-${Math.random()}`,
    accountId: 'spec',
    senderId: 'spec',
    from: '584122222222',
    senderName: 'Example Bank',
    to: number,
    text: `*${CODE}* is your verification code.`,
    buttons: [],
    fate: { kind: 'delivered' },
    ...draft,
  });
  simulator.app.get(DeliveriesService).start(message);
}

async function openPhone(
  viewport = PHONE,
  colorScheme: 'light' | 'dark' = 'light',
  query = '',
): Promise<Page> {
  context = await browser.newContext({ viewport, colorScheme, locale: 'en-US', deviceScaleFactor: SCALE });
  const page = await context.newPage();
  page.on('request', (request) => {
    if (!request.url().startsWith(simulator.url)) complaints.push(`foreign request: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${simulator.url}/phone/+${number}${query}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

async function look(page: Page, name: string): Promise<Picture> {
  // What moves has come to rest.
  await page.evaluate('Promise.all(document.getAnimations().map((animation) => animation.finished))');
  const png = await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  return Picture.decode(png, SCALE);
}

async function boxOf(locator: Locator): Promise<Region> {
  const box = await locator.boundingBox();
  expect(box, String(locator)).not.toBeNull();
  return box!;
}

/** Every text that the screen shows, cut to what of it can be seen. */
const TEXTS = `[...document.querySelectorAll(
  '.device h1, .device h2, .device p, .device time, .device strong, .chip-name, .chip-channel, .chip-new, ' +
  '.bubble-buttons > *, .day, .details h2, .details dt, .details dd, .steps span, .steps time'
)].flatMap((element) => {
  if (element.closest('[hidden], .unseen') || !element.textContent.trim()) return [];
  const scroller = element.closest('.chat, .chats')?.getBoundingClientRect();
  const box = element.getBoundingClientRect();
  const top = Math.max(box.top, scroller?.top ?? 0);
  const bottom = Math.min(box.bottom, scroller?.bottom ?? innerHeight);
  const left = Math.max(box.left, scroller?.left ?? 0);
  const right = Math.min(box.right, scroller?.right ?? innerWidth);
  // A sliver at an edge shows no letter whole.
  if (!box.width || bottom - top < 0.9 * box.height || right - left < 0.9 * box.width) return [];
  return [{ text: element.textContent.trim().slice(0, 40), x: left, y: top, width: right - left, height: bottom - top }];
})`;

async function expectReadable(page: Page, picture: Picture): Promise<void> {
  const texts = await page.evaluate<(Region & { text: string })[]>(TEXTS);
  expect(texts.length).toBeGreaterThan(4);
  const faint = texts
    .map((region) => ({ text: region.text, contrast: Math.round(picture.contrast(region) * 10) / 10 }))
    .filter(({ contrast }) => contrast < FAINT);
  expect(faint).toEqual([]);
}

describe('a person with a phone', () => {
  it('sees a code arrive, copies it, is asked, and answers', async () => {
    const receiver = await new WebhookReceiver().start();
    await graph('POST', `${WABA}/subscribed_apps`, {
      override_callback_uri: receiver.url,
      verify_token: 'let-me-in',
    });
    const page = await openPhone();
    await context!.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: simulator.url });
    await expectReadable(page, await look(page, 'chat-empty'));

    await sendCode();
    const copy = page.getByRole('button', { name: 'Copy code' });
    await copy.click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(CODE);
    await expectReadable(page, await look(page, 'chat-code'));

    await sendQuestion();
    const yes = page.getByRole('button', { name: 'Yes, it was me' });
    await yes.waitFor();
    expect(await page.getByRole('link', { name: 'What is this?' }).getAttribute('href')).toBe(
      'https://example.com/help',
    );
    expect(await page.getByRole('link', { name: 'Call us' }).getAttribute('href')).toBe('tel:+15550001111');
    await expectReadable(page, await look(page, 'chat-question'));
    await yes.click();

    const own = page.locator('.bubble.own');
    await own.locator('.bubble-text').getByText('Yes, it was me').waitFor();
    expect(await own.locator('.bubble-quote').textContent()).toMatch(/^Somebody signs in/);
    expect(await yes.isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'No', exact: true }).isDisabled()).toBe(false);
    const heard = () => receiver.changes('messages').flatMap((change) => change.value.messages ?? []);
    await expect.poll(heard).toMatchObject([{ type: 'button', button: { text: 'Yes, it was me' } }]);

    await page.getByRole('textbox', { name: 'Your message' }).fill('And now?');
    await page.keyboard.press('Enter');
    await own.nth(1).getByText('And now?').waitFor();
    const picture = await look(page, 'chat-answered');
    await expectReadable(page, picture);
    await expectSides(page, picture);

    await page.reload();
    await own.nth(1).waitFor();
    expect(await yes.isDisabled()).toBe(true);
    await receiver.stop();
  });

  /** Theirs on the left, one's own on the right, nothing cut off or on top of another, in different colours. */
  async function expectSides(page: Page, picture: Picture): Promise<void> {
    const chat = await boxOf(page.locator('#chat'));
    const all = await page.locator('.bubble').all();
    let bottom = 0;
    const grounds: string[][] = [[], []];
    for (const bubble of all) {
      const box = await boxOf(bubble);
      const isOwn = (await bubble.getAttribute('class'))!.includes('own');
      expect(box.x).toBeGreaterThanOrEqual(chat.x);
      expect(box.x + box.width).toBeLessThanOrEqual(chat.x + chat.width);
      const [left, right] = [box.x - chat.x, chat.x + chat.width - box.x - box.width];
      expect(isOwn ? right : left).toBeLessThan(24);
      expect(box.y).toBeGreaterThan(bottom);
      bottom = box.y + box.height - 1;
      if (box.y > chat.y && bottom < chat.y + chat.height)
        grounds[Number(isOwn)]!.push(picture.ground(box).join());
    }
    const [theirs, ours] = grounds.map((colours) => new Set(colours));
    expect([theirs!.size, ours!.size]).toEqual([1, 1]);
    expect(theirs).not.toEqual(ours);
  }

  it('writes first, to a sender that listens, and opens a link in the answer', async () => {
    const receiver = await new WebhookReceiver().start();
    await graph('POST', `${WABA}/subscribed_apps`, {
      override_callback_uri: receiver.url,
      verify_token: 'let-me-in',
    });
    const heard = () => receiver.changes('messages').flatMap((change) => change.value.messages ?? []);
    const page = await openPhone(PHONE, 'dark');
    await page.getByRole('button', { name: 'Write to somebody' }).click();
    const dialog = page.getByRole('dialog', { name: 'Write to' });
    await dialog.getByRole('button', { name: 'Countersign demo' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('heading', { level: 2, name: 'Countersign demo' }).waitFor();
    const picture = await look(page, 'chat-first');
    await expectReadable(page, picture);

    await page.keyboard.type('Hello');
    await page.keyboard.press('Enter');
    await page.locator('.bubble.own').getByText('Hello').waitFor();
    await expect.poll(heard).toMatchObject([{ type: 'text', text: { body: 'Hello' } }]);

    const text = 'See https://example.com/a?b=1&c=<b> and *this*.';
    const sent = await graph('POST', `${SENDER}/messages`, {
      ...codeMessage(),
      to: number,
      type: 'text',
      template: undefined,
      text: { body: text },
    });
    expect(sent).toContain('wamid');
    const link = page.getByRole('link', { name: 'https://example.com/a' });
    await link.waitFor();
    expect([await link.getAttribute('href'), await link.getAttribute('rel')]).toEqual([
      'https://example.com/a?b=1&c=',
      'noopener noreferrer',
    ]);
    expect(await page.locator('.bubble:not(.own) .bubble-text').textContent()).toBe(text.replaceAll('*', ''));
    await expectReadable(page, await look(page, 'chat-link'));
    await receiver.stop();
  });

  it('follows a deep link: the words stand there, and are sent by the person only', async () => {
    const query = `?write=whatsapp:${SENDER_NUMBER}&text=${encodeURIComponent('Code: K7QX-3MPD')}`;
    const page = await openPhone(PHONE, 'light', query);
    const words = page.getByRole('textbox', { name: 'Your message' });
    await expect.poll(() => words.inputValue()).toBe('Code: K7QX-3MPD');
    expect(await page.locator('.bubble').count()).toBe(0);
    await words.press('Enter');
    await page.locator('.bubble.own').getByText('Code: K7QX-3MPD').waitFor();
  });

  it('can do all of it with the keyboard', async () => {
    await sendQuestion();
    const page = await openPhone();
    await page.getByRole('button', { name: 'Yes, it was me' }).waitFor();
    const reached: string[] = [];
    for (let steps = 0; steps < 12; steps++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate<string>(
          `document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim() || document.activeElement.id`,
        ),
      );
      if (reached.at(-1) === 'No') await page.keyboard.press('Enter');
    }
    await page.locator('.bubble.own').getByText('No').waitFor();
    for (const stop of [
      'All phones',
      'Write to somebody',
      'Messages',
      'Yes, it was me',
      'No',
      'What is this?',
      'Call us',
      'words',
    ])
      expect(reached).toContain(stop);
  });
});

describe('the chats of a phone', () => {
  const SENDERS: Partial<Record<MessageDraft['channel'], Partial<MessageDraft>>> = {
    sms: { from: 'EXAMPLE', senderName: 'EXAMPLE' },
    voice: { text: `Your code is ${[...CODE].join(', ')}. Again: ${[...CODE].join(', ')}.` },
    email: {
      from: 'codes@example.com',
      header: 'Your sign-in code',
      text: `Your code is ${CODE}.\n\nIt is valid for 10 minutes. If you did not ask for it, ignore this mail.`,
    },
    telegram: { from: 'example_bot', senderName: 'Verification Codes' },
  };

  function arriveEverywhere(): void {
    for (const channel of CHANNELS) arrive({ channel, ...SENDERS[channel] });
  }

  const labels = (page: Page): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('.chip')].map((chip) => chip.getAttribute('aria-label'))`);

  it('are one for each channel and sender; the newest is open, the others are listed', async () => {
    for (const from of ['584122222222', '584133333333']) arrive({ from, senderName: `Shop ${from.at(-1)}` });
    arrive({ from: '584122222222', senderName: 'Shop 2' });
    arrive({ channel: 'viber', senderName: 'Shop V' });
    const page = await openPhone();
    const chips = page.getByRole('navigation', { name: 'Chats' }).getByRole('button');
    await expect
      .poll(() => labels(page))
      .toEqual(['Shop V, Viber', 'Shop 2, SMS, 2 new', 'Shop 3, SMS, 1 new']);
    expect(await page.getByRole('heading', { level: 2, name: 'Shop V' }).isVisible()).toBe(true);
    expect(await page.locator('.bubble').count()).toBe(1);

    await chips.nth(1).click();
    await page.getByRole('heading', { level: 2, name: 'Shop 2' }).waitFor();
    expect(await page.locator('.bubble').count()).toBe(2);
    // What is looked at is read, and only that.
    await expect.poll(() => labels(page)).toEqual(['Shop V, Viber', 'Shop 2, SMS', 'Shop 3, SMS, 1 new']);
    const { json } = await ask('GET', `${simulator.url}/_sim/phones/${number}`);
    expect(json.messages.map(({ status }: { status: string }) => status)).toEqual([
      'read',
      'delivered',
      'read',
      'read',
    ]);

    // The person stays in the chat they chose; what comes elsewhere is listed first, and told.
    arrive({ channel: 'line', senderName: 'Shop L' });
    await page.getByRole('button', { name: 'Shop L, LINE, 1 new' }).waitFor();
    expect(await page.locator('#announcer').textContent()).toBe('New message from Shop L');
    expect(await page.getByRole('heading', { level: 2, name: 'Shop 2' }).isVisible()).toBe(true);
  });

  it('takes no markup from a message, a sender or a button', async () => {
    const evil = '<img src=x onerror=alert(1)><b>bold</b>';
    arrive({
      text: evil,
      senderName: evil,
      header: evil,
      footer: evil,
      buttons: [{ kind: 'reply', label: evil }],
    });
    arrive({ channel: 'viber', buttons: [{ kind: 'url', label: 'Go', value: 'javascript:alert(1)' }] });
    const page = await openPhone();
    expect(await page.getByRole('link', { name: 'Go' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Go' }).isDisabled()).toBe(true);
    await page.getByRole('navigation').getByRole('button').nth(1).click();
    await page.locator('.bubble-header').getByText(evil).waitFor();
    expect(await page.locator('.device img, .device b').count()).toBe(0);
  });

  it.each([
    ['a phone', 'light', PHONE, CHANNELS],
    ['a phone', 'dark', PHONE, CHANNELS],
    ['a desk', 'dark', DESK, ['email']],
  ] as const)(
    'each has its own look, and can be read, on %s in %s',
    async (where, scheme, viewport, channels) => {
      arriveEverywhere();
      const page = await openPhone(viewport, scheme);
      const looks = new Set<string>();
      for (const channel of channels) {
        await page.locator(`.chip[data-channel="${channel}"]`).click();
        await page.locator(`.device[data-channel="${channel}"] .bubble[data-channel="${channel}"]`).waitFor();
        await page.locator('.bubble[data-status="read"]').waitFor();
        const picture = await look(page, `${where.slice(2)}-${scheme}-${channel}`);
        await expectReadable(page, picture);
        const bar = await boxOf(page.locator('.bar'));
        const chat = await boxOf(page.locator('#chat'));
        looks.add([picture.ground(bar), picture.ground(chat)].join());
        // Nothing sticks out of the device.
        expect(bar.width).toBeLessThanOrEqual(viewport.width);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        const box = await boxOf(page.locator('.bubble'));
        if (channel === 'email') expect(box.width).toBeGreaterThan(chat.width * 0.85);
        else expect(box.width).toBeLessThan(chat.width * 0.9);
      }
      expect(looks.size).toBe(channels.length);
    },
    60_000,
  );
});
