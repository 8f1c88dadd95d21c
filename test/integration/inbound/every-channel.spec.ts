// Each channel on which people can write to us, end to end at the simulator's phone, in each language.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse } from '../../support/house.js';
import {
  CONSENT,
  inboundGenerator,
  LISTENING,
  type Listeners,
  listeners,
  openInbound,
  prefilled,
} from '../../support/inbound.js';
import { person } from '../../support/person.js';
import { behave } from '../../support/second-account.js';

const WORDS = {
  en: { yes: 'Yes', done: /you are signed in/, asks: /Which number/, agreed: /withdraw/, stop: 'STOP' },
  es: { yes: 'Sí', done: /ya ha iniciado sesión/, asks: /Qué número/, agreed: /retirarlo/, stop: 'BAJA' },
  pt: { yes: 'Sim', done: /você já entrou/, asks: /Que número/, agreed: /retirar/, stop: 'PARAR' },
} as const;
const LANGUAGES = Object.keys(WORDS) as (keyof typeof WORDS)[];
const CASES = LISTENING.flatMap((channel) => LANGUAGES.map((language) => ({ channel, language })));

let house: House;
let our: Listeners;
let people = 0;
const somebody = (): string => `+573001${String(++people).padStart(6, '0')}`;

beforeAll(async () => {
  house = await openHouse();
  our = await listeners(house);
  await behave(house, { statuses: { sentAfterMs: 1, deliveredAfterMs: 2 } });
});
afterAll(() => house.close());

/** Text of the page's deep link, or what the page shows to be typed where a link opens an empty chat. */
const textOf = (links: Record<string, string>, token: string, channel: string): string =>
  ['zalo', 'kakao'].includes(channel) ? token.toLowerCase() : prefilled(links[channel]!);

describe.each(CASES)('by $channel in $language', ({ channel, language }) => {
  const words = WORDS[language];

  it('a person signs in: sends the code, picks the number, and the browser that asked learns who it was', async () => {
    const sender = our.senderOn(channel);
    const generator = await inboundGenerator(house, [{ channel, sender, language }], { purpose: 'login' });
    const number = somebody();
    const ana = person(house, number);
    const browser = await openInbound(house, generator, { endUser: { device: 'Firefox', city: 'Bogotá' } });

    const sent = await ana.types(channel, textOf(browser.links, browser.token, channel), sender);
    const question = await ana.waitsFor(channel, words.asks, sent);
    expect(question.text).toContain('Firefox');
    expect(question.text).toContain('Bogotá');
    expect(question.text).toContain(browser.matchNumber);
    expect((await browser.exchange()).json).toMatchObject({ status: 'pending' });

    if (question.buttons.length > 0) await ana.presses(question.id, browser.matchNumber);
    else await ana.types(channel, browser.matchNumber, sender);
    await ana.waitsFor(channel, words.done, question);
    const assurance = channel === 'sms' ? 'low' : 'medium';
    expect((await browser.exchange()).json).toMatchObject({
      status: 'approved',
      receiver: number,
      channel,
      assurance,
    });
    expect(await browser.status()).toMatchObject({ kind: 'inbound', received: { channel, assurance } });
  });

  it('a person agrees and is on record, and takes it back with one word', async () => {
    const sender = our.senderOn(channel);
    const generator = await inboundGenerator(house, [{ channel, sender, language }], {
      purpose: 'consent',
      consentText: CONSENT,
    });
    const ana = person(house, somebody());
    const { id, links, token, becomes } = await openInbound(house, generator);
    const sent = await ana.types(channel, textOf(links, token, channel), sender);
    const question = await ana.waitsFor(channel, CONSENT, sent);
    if (question.buttons.length > 0) await ana.presses(question.id, words.yes);
    else await ana.types(channel, `${words.yes.toLowerCase()}!`, sender);
    await ana.waitsFor(channel, words.agreed, question);
    await becomes('approved');

    const stopped = await ana.types(channel, words.stop, sender);
    await ana.waitsFor(channel, /unsubscribed|dado de baja|descadastrado/, stopped);
    expect(id).toMatch(/^chl_/);
  });
});
