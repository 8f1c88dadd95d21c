// The traps of codes that people send to us: each must end with nobody signed in, nothing agreed to, and a word about it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Partitions } from '#platform/partitions';
import { messagesBody, post } from '../../support/graph-webhooks.js';
import { type House, openHouse, until } from '../../support/house.js';
import { type Browser, CONSENT, inboundGenerator, openInbound, prefilled } from '../../support/inbound.js';
import { journalBacklog, journalRows } from '../../support/journal.js';
import { type Bubble, type Person, person } from '../../support/person.js';
import { behave } from '../../support/second-account.js';

const EXPIRED_MS = 601_000;

let house: House;
let login: string;
let consent: string;
let people = 0;
const somebody = (): string => `+573002${String(++people).padStart(6, '0')}`;
const whatsapp = (): string => house.demo.senderAddress;
const sms = (): string => house.demo.chat!.sms;

beforeAll(async () => {
  house = await openHouse();
  await behave(house, { statuses: { sentAfterMs: 1, deliveredAfterMs: 2 } });
  const channels = [
    { channel: 'whatsapp', sender: whatsapp(), language: 'es' },
    { channel: 'sms', sender: sms() },
  ];
  login = await inboundGenerator(house, channels, { purpose: 'login' });
  consent = await inboundGenerator(house, channels, { purpose: 'consent', consentText: CONSENT });
});
afterAll(() => house.close());

const text = ({ links }: Browser): string => prefilled(links['whatsapp']!);

/** Sends the code of a browser, and waits for the question. */
async function sends(who: Person, browser: Browser): Promise<Bubble> {
  const sent = await who.types('whatsapp', text(browser), whatsapp());
  return who.waitsFor('whatsapp', /\?|STOP|BAJA/, sent);
}
const wrongOf = (question: Bubble, { matchNumber }: Browser): string =>
  question.buttons.map(({ label }) => label).find((label) => label !== matchNumber)!;

async function typesToUs(who: Person, words: string, channel = 'whatsapp'): Promise<Bubble> {
  return who.types(channel, words, channel === 'sms' ? sms() : whatsapp());
}

/** Types of the journal about one challenge, once all of it is in PostgreSQL. */
async function storyOf({ id }: Browser): Promise<string[]> {
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
  );
  const rows = await journalRows(house.databaseUrl);
  return rows.filter(({ event_id: event }) => event.startsWith(id.slice(4))).map(({ type }) => type);
}

describe('QR-jacking: the attacker’s code sent by the victim does not log the attacker in', () => {
  it('when the victim answers NO', async () => {
    const attacker = await openInbound(house, login, { language: 'en' });
    const victim = person(house, somebody());
    const question = await sends(victim, attacker);
    expect(question.text).toContain('somebody sent you the code');
    const no = await typesToUs(victim, 'No.');
    await victim.waitsFor('whatsapp', 'Nobody was signed in', no);
    expect((await attacker.exchange()).json).toMatchObject({ state: 'denied', reason: 'by_receiver' });
  });

  it('when the victim guesses the number, which stands on a page that they do not see', async () => {
    const attacker = await openInbound(house, login, { language: 'en' });
    const victim = person(house, somebody());
    const question = await sends(victim, attacker);
    const guess = await victim.presses(question.id, wrongOf(question, attacker));
    const again = await victim.waitsFor('whatsapp', 'not the number', guess);
    expect(await attacker.status()).toMatchObject({ status: 'pending', attemptsRemaining: 1 });
    await victim.presses(again.id, wrongOf(again, attacker));
    await attacker.becomes('locked');
    expect((await attacker.exchange()).status).toBe(409);
  });

  it('when the victim does nothing: silence is no yes', async () => {
    const attacker = await openInbound(house, login);
    await sends(person(house, somebody()), attacker);
    expect((await attacker.exchange()).json).toMatchObject({ status: 'pending' });
    house.moveClock(EXPIRED_MS);
    await attacker.becomes('expired');
    expect((await attacker.exchange()).json).toMatchObject({
      code: 'challenge.not_pending',
      state: 'expired',
    });
  });

  it('and who was approved is told to the browser that asked alone, once, within a minute', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    await ana.presses((await sends(ana, browser)).id, browser.matchNumber);
    await browser.becomes('approved');
    const stranger = randomBytes(32).toString('base64url');
    expect((await browser.exchange(stranger)).json.code).toBe('exchange.not_accepted');
    expect((await browser.exchange()).json.status).toBe('approved');
    expect((await browser.exchange()).json).toMatchObject({ state: 'approved', reason: 'exchanged' });

    const slow = await openInbound(house, login);
    await ana.presses((await sends(ana, slow)).id, slow.matchNumber);
    await slow.becomes('approved');
    house.moveClock(61_000);
    expect((await slow.exchange()).json).toMatchObject({ state: 'approved', reason: 'exchange_late' });
  });
});

describe('a wrong matching number', () => {
  it('is counted, and the right one after it still counts', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    const question = await sends(ana, browser);
    const wrong = await typesToUs(ana, wrongOf(question, browser));
    await ana.waitsFor('whatsapp', 'no es el número', wrong);
    await typesToUs(ana, ` ${browser.matchNumber}. `);
    await browser.becomes('approved');
    expect(await storyOf(browser)).toEqual([
      'challenge.requested',
      'challenge.received',
      'challenge.answer_refused',
      'challenge.approved',
    ]);
  });

  it('of another question is not this one’s: a button answers what it stood under', async () => {
    const ana = person(house, somebody());
    const [first, second] = [await openInbound(house, login), await openInbound(house, login)];
    const older = await sends(ana, first);
    await sends(ana, second);
    await ana.presses(older.id, first.matchNumber);
    await first.becomes('approved');
    expect(await second.state()).toBe('pending');
    await typesToUs(ana, second.matchNumber);
    await second.becomes('approved');
  });
});

describe('a spoofed sender', () => {
  it('by SMS is believed less than by WhatsApp: the approval says so', async () => {
    const browser = await openInbound(house, login);
    const number = somebody();
    const ana = person(house, number);
    await ana.types('sms', prefilled(browser.links['sms']!), sms());
    await ana.waitsFor('sms', browser.matchNumber);
    await typesToUs(ana, browser.matchNumber, 'sms');
    await browser.becomes('approved');
    expect((await browser.exchange()).json).toMatchObject({
      channel: 'sms',
      assurance: 'low',
      receiver: number,
    });
  });

  it('cannot answer by SMS what was asked on WhatsApp', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    await sends(ana, browser);
    await typesToUs(ana, browser.matchNumber, 'sms');
    const after = await typesToUs(ana, browser.matchNumber);
    await browser.becomes('approved');
    expect(await storyOf(browser)).not.toContain('challenge.answer_refused');
    expect(after.channel).toBe('whatsapp');
  });
});

describe('who writes is not who was expected', () => {
  it('expectedFrom: another number’s message is a mismatch, and the right one’s still counts', async () => {
    const [expected, other] = [somebody(), somebody()];
    const browser = await openInbound(house, login, { expectedFrom: expected, language: 'en' });
    const stranger = person(house, other);
    const sent = await typesToUs(stranger, text(browser));
    await stranger.waitsFor('whatsapp', 'meant for another number', sent);
    expect(await browser.status()).toMatchObject({ status: 'pending', attemptsRemaining: 1 });
    const ana = person(house, expected);
    await ana.presses((await sends(ana, browser)).id, browser.matchNumber);
    await browser.becomes('approved');
    expect(await storyOf(browser)).toContain('challenge.mismatched');
  });

  it('number change: a user id without a phone is nobody, unless just that one was expected', async () => {
    const number = somebody();
    const ana = person(house, number);
    const browser = await openInbound(house, login, { language: 'en' });
    const sent = await ana.types('whatsapp', text(browser), whatsapp(), { hidesNumber: true });
    await ana.waitsFor('whatsapp', 'cannot see your phone number', sent);
    expect((await browser.status()).received).toBeUndefined();

    const known = await openInbound(house, login, { expectedFrom: `US.${number.slice(1)}`, language: 'en' });
    await ana.types('whatsapp', text(known), whatsapp(), { hidesNumber: true });
    const question = await ana.waitsFor('whatsapp', known.matchNumber);
    await ana.presses(question.id, known.matchNumber, { hidesNumber: true });
    await known.becomes('approved');
    expect((await known.exchange()).json.receiver).toBe(`US.${number.slice(1)}`);
  });

  it('number change between code and answer: the answer of the new identity is not heard', async () => {
    const ana = person(house, somebody());
    const browser = await openInbound(house, login);
    const question = await sends(ana, browser);
    await ana.presses(question.id, browser.matchNumber, { hidesNumber: true });
    await ana.types('whatsapp', browser.matchNumber, whatsapp(), { hidesNumber: true });
    await typesToUs(ana, 'no');
    await browser.becomes('denied');
    expect(await storyOf(browser)).not.toContain('challenge.approved');
  });

  it('a code is of one use: who sends it second gets nothing, and does not take it away', async () => {
    const browser = await openInbound(house, login, { language: 'en' });
    const [ana, eve] = [person(house, somebody()), person(house, somebody())];
    const question = await sends(ana, browser);
    const sent = await typesToUs(eve, text(browser));
    await eve.waitsFor('whatsapp', 'was used before', sent);
    await typesToUs(eve, browser.matchNumber);
    expect(await browser.state()).toBe('pending');
    await ana.presses(question.id, browser.matchNumber);
    await browser.becomes('approved');
    const third = await typesToUs(eve, text(browser));
    await eve.waitsFor('whatsapp', 'was used before', third);
  });
});

describe('who may not be believed, or not be answered', () => {
  const live = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await house.newKey('live')}`,
  });

  it('a receiver that was closed by wrong answers in a row stays closed', async () => {
    const number = somebody();
    const browser = await openInbound(house, login, {}, await live());
    const { partition, ref } = house.api.app.get(Partitions, { strict: false }).locate(number);
    const tag = house.api.app.get(Partitions, { strict: false }).tag(partition);
    const tenant = house.demo.tenantId.slice(4);
    await house.redis.hset(`${tag}lim:${ref}`, tenant, Buffer.from([0, 100, 0, 0, 0]));
    await typesToUs(person(house, number), text(browser));
    await until(
      () => storyOf(browser),
      (story) => story.includes('limit.refused'),
    );
    expect((await browser.status()).received).toBeUndefined();
    await sends(person(house, somebody()), browser);
  });

  it('a country that the account may not send to is not answered either: toll fraud', async () => {
    const path = `/v1/accounts/${house.demo.accountId}`;
    const browser = await openInbound(house, login, {}, await live());
    expect((await house.call('PATCH', path, { countries: ['MX'] })).status).toBe(200);
    try {
      const ana = person(house, somebody());
      await until(
        async () => {
          await typesToUs(ana, text(browser));
          return storyOf(browser);
        },
        (story) => story.includes('limit.refused'),
      );
      expect((await browser.status()).received).toBeUndefined();
    } finally {
      await house.call('PATCH', path, { countries: ['*'] });
    }
  });
});

describe('STOP words', () => {
  it.each(['STOP', 'baja', ' Arrêt! ', 'Parar.'])(
    '%s, and nothing else in the message, withdraws at once',
    async (word) => {
      const browser = await openInbound(house, consent);
      const ana = person(house, somebody());
      await ana.presses((await sends(ana, browser)).id, 'Sí');
      await browser.becomes('approved');
      const listed = async () => (await house.call('GET', '/v1/consents?limit=100')).json.items;
      const mine = async () => (await listed()).find(({ id }: { id: string }) => id === browser.id);
      await until(mine, (found) => found !== undefined);
      await typesToUs(ana, `please do not ${word} anything`);
      expect((await mine()).withdrawnAt).toBeUndefined();
      const stop = await typesToUs(ana, word);
      await ana.waitsFor('whatsapp', /unsubscribed|de baja|descadastrado/, stop);
      expect(await until(mine, (found) => found.withdrawnAt !== undefined)).toMatchObject({
        wording: CONSENT,
      });
    },
  );

  it('STOP is answered once, and again when the person agreed anew', async () => {
    const ana = person(house, somebody());
    const stops = async (): Promise<number> =>
      (await ana.sees('whatsapp')).filter(({ text: said }) => said.includes('unsubscribed')).length;
    await ana.waitsFor('whatsapp', 'unsubscribed', await typesToUs(ana, 'STOP'));
    await typesToUs(ana, 'stop');
    const browser = await openInbound(house, consent);
    await ana.presses((await sends(ana, browser)).id, 'Sí');
    await browser.becomes('approved');
    expect(await stops()).toBe(1);
    await ana.waitsFor('whatsapp', 'unsubscribed', await typesToUs(ana, 'STOP'));
    expect(await stops()).toBe(2);
  });

  it('STOP while a login is asked about is no yes', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    await sends(ana, browser);
    await typesToUs(ana, 'STOP');
    await browser.becomes('denied');
  });
});

describe('edited prefilled text', () => {
  it.each([
    ['lower case', (token: string) => token.toLowerCase()],
    ['without the dash', (token: string) => token.replace('-', '')],
    ['letter by letter', (token: string) => [...token].join(' ')],
    ['in a sentence of its own', (token: string) => `hola, ¿sigue ahí? (${token}) gracias`],
    ['on two lines', (token: string) => `MI CODIGO:\n${token.replace('-', '\n')}`],
  ])('is read: %s', async (_name, edit) => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    await typesToUs(ana, edit(browser.token));
    await ana.waitsFor('whatsapp', browser.matchNumber);
  });

  it('is answered with help when the code is broken, and what never was a code is left alone', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, somebody());
    await typesToUs(ana, 'hola, ¿a qué hora abren mañana?');
    const broken = await typesToUs(ana, text(browser).slice(0, -1));
    await ana.waitsFor('whatsapp', 'casi un código', broken);
    expect(await ana.sees('whatsapp')).toHaveLength(1);
    expect(await browser.state()).toBe('pending');
  });
});

describe('code guessing by sending codes that do not exist', () => {
  it('token guessing: after five misses a sender is not looked up for an hour', async () => {
    const [browser, eve] = [await openInbound(house, login, { language: 'en' }), person(house, somebody())];
    // Well-formed, and not of this tenant's: the check characters are right.
    const foreign = await Promise.all(Array.from({ length: 5 }, () => openInbound(house, login)));
    for (const { id, token } of foreign) {
      await house.redis.del(...(await house.redis.keys(`{p*}:ch:${id.slice(4)}`)));
      for (const key of await house.redis.keys('{p*}:tok:*'))
        if ((await house.redis.get(key)) === id.slice(4)) await house.redis.del(key);
      const sent = await typesToUs(eve, token);
      await eve.waitsFor('whatsapp', 'do not know that code', sent);
    }
    await typesToUs(eve, text(browser));
    const ana = person(house, somebody());
    await sends(ana, browser);
    expect((await browser.status()).received).toBeDefined();
    expect(await eve.sees('whatsapp')).toHaveLength(5);
    house.moveClock(3_601_000);
    await sends(eve, await openInbound(house, login));
  });

  it('flooding strangers: what is not a code is answered by nobody and looked up nowhere', async () => {
    const eve = person(house, somebody());
    for (let at = 0; at < 25; at++) await typesToUs(eve, `spam ${at}`);
    expect(await eve.sees('whatsapp')).toEqual([]);
  });
});

describe('what a person may mean', () => {
  it('"y no fui yo" is not yes, nor is "y" where that is "and"; after two tries nobody asks again', async () => {
    const browser = await openInbound(house, consent);
    const ana = person(house, somebody());
    await sends(ana, browser);
    for (const words of ['y no fui yo', 'y'])
      await ana.waitsFor('whatsapp', 'No hemos entendido', await typesToUs(ana, words));
    const seen = (await ana.sees('whatsapp')).length;
    await typesToUs(ana, 'sí pero no');
    await typesToUs(ana, 'No');
    await browser.becomes('denied');
    await ana.waitsFor('whatsapp', 'no ha aceptado');
    expect(await ana.sees('whatsapp')).toHaveLength(seen + 1);
  });

  it('late reply: a code, a number or a button after the end changes nothing and is answered', async () => {
    const [asked, unsent] = [await openInbound(house, login), await openInbound(house, login)];
    const ana = person(house, somebody());
    const question = await sends(ana, asked);
    house.moveClock(EXPIRED_MS);
    for (const act of [
      () => typesToUs(ana, text(unsent)),
      () => typesToUs(ana, asked.matchNumber),
      () => ana.presses(question.id, asked.matchNumber),
    ])
      await ana.waitsFor('whatsapp', 'ha caducado', await act());
    for (const browser of [asked, unsent]) expect(await browser.state()).toBe('expired');
    expect((await unsent.status()).received).toBeUndefined();
  });
});

describe('duplicate and out-of-order webhooks', () => {
  const from = somebody().slice(1);
  const message = (body: string, id: string): object => ({
    ...{ from, id, timestamp: '1750030073', type: 'text' },
    text: { body },
  });

  it('a number before its code is nothing; a message ten times over is one', async () => {
    const browser = await openInbound(house, login);
    const ana = person(house, `+${from}`);
    // Who has not written to them is not written to, at WhatsApp.
    await typesToUs(ana, 'hola');
    const say = async (body: string, id: string): Promise<void> => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post(house, messagesBody([message(body, id)]))),
      );
      // Who reads it at the same time asks for it once more.
      expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
      expect((await post(house, messagesBody([message(body, id)]))).status).toBe(200);
    };
    await say(browser.matchNumber, 'wamid.early');
    expect(await browser.state()).toBe('pending');
    await say(text(browser), 'wamid.code');
    await ana.waitsFor('whatsapp', browser.matchNumber);
    await say(browser.matchNumber, 'wamid.number');
    await browser.becomes('approved');
    await ana.waitsFor('whatsapp', 'Correcto');
    await say(text(browser), 'wamid.code');
    expect(await ana.sees('whatsapp')).toHaveLength(2);
    expect((await storyOf(browser)).filter((type) => type === 'challenge.approved')).toHaveLength(1);
  });
});
