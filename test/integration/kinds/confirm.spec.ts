// Protects the questions of kind confirm: only a certain yes of the person who was asked approves, and it approves what
// they had read.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsService, type InboundNotice, type LoadedAccount } from '#providers';
import { InboundMessagesService } from '#challenges';
import { parseNative } from '#platform/identifiers';
import { ConfirmAnswersService } from '../../../libs/challenges/confirm/confirm-answers.service.js';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { addDialog360, addInfobip, addTwilio } from '../../support/other-accounts.js';
import { type Bubble, person } from '../../support/person.js';
import {
  ask,
  asked,
  newReceiver,
  type OpenQuestion,
  pay,
  PAYMENT,
  questionGenerator,
  questionTemplate,
  RULES,
  settled,
  timeline,
} from '../../support/questions.js';

let house: House;
const generators: Record<string, string> = {};
const senders: Record<string, string> = {};

beforeAll(async () => {
  house = await openHouse();
  const template = await questionTemplate(house, house.demo.accountId);
  Object.assign(senders, { whatsapp: house.demo.senderAddress, ...house.demo.chat });
  const step = (channel: string): object => ({ channel, sender: senders[channel] });
  generators['whatsapp'] = await questionGenerator(house, [{ ...step('whatsapp'), template }]);
  generators['sms'] = await questionGenerator(house, [step('sms')]);
  generators['viber'] = await questionGenerator(house, [step('viber')]);
  generators['both'] = await questionGenerator(house, [
    { ...step('sms'), fallbackAfterSeconds: 5 },
    step('viber'),
  ]);
  generators['strict'] = await questionGenerator(house, [{ ...step('whatsapp'), template }], {
    strictApproval: true,
  });
});
afterAll(() => house.close());

const open = (
  channel: string,
  more: Record<string, unknown> & { since?: Bubble } = {},
): Promise<OpenQuestion> => ask(house, generators[channel]!, channel, more);
const statusOf = async (id: string): Promise<string> =>
  (await house.call('GET', `/v1/challenges/${id}`)).json.status;
const says = (question: OpenQuestion, channel: string, text: string): Promise<Bubble> =>
  question.ana.types(channel, text, senders[channel]!);
const another = { context: { ...PAYMENT, amount: '7.00' } };

const LANGUAGES = {
  en: { yes: 'Y', no: 'N', taken: 'Your answer is YES', refused: 'Your answer is NO' },
  es: { yes: 'SI', no: 'NO', taken: 'Su respuesta es SÍ', refused: 'Su respuesta es NO' },
  pt_BR: { yes: 'SIM', no: 'NAO', taken: 'Sua resposta é SIM', refused: 'Sua resposta é NÃO' },
};
const ROWS = ['whatsapp', 'sms', 'viber'].flatMap((channel) =>
  (['en', 'es', 'pt_BR'] as const).flatMap((language) =>
    (['yes', 'no'] as const).map((answer) => ({ channel, language, answer })),
  ),
);

describe('a question', () => {
  it.each(ROWS)('is answered $answer on $channel in $language', async ({ channel, language, answer }) => {
    const question = await open(channel, { language });
    const { id, ana, bubble, reference } = question;
    for (const part of Object.values(PAYMENT)) expect(bubble.text).toContain(part);
    if (channel === 'whatsapp') {
      expect(bubble.text).toBe(asked(language));
      await ana.presses(bubble.id, bubble.buttons[answer === 'yes' ? 0 : 1]!.label);
    } else {
      expect(bubble.text).toContain(`${LANGUAGES[language][answer]} ${reference}`);
      await says(question, channel, `${LANGUAGES[language][answer]} ${reference}`);
    }
    const { json } = await settled(house, id, answer === 'yes' ? 'approved' : 'denied');
    expect(json).toMatchObject({
      kind: 'confirm',
      decision: answer,
      decidedVia: channel === 'whatsapp' ? 'button' : 'text',
      decidedOn: channel,
      assurance: channel === 'sms' ? 'low' : 'medium',
    });
    await ana.waitsFor(channel, LANGUAGES[language][answer === 'yes' ? 'taken' : 'refused']);
  });

  it('what-you-see-is-what-you-sign: the decision carries the digest of the text that was read', async () => {
    const question = await open('sms', { language: 'es' });
    await says(question, 'sms', 'SÍ');
    const { json } = await settled(house, question.id, 'approved');
    const { amount, currency, payee } = PAYMENT;
    const seen = [question.id, amount, currency, payee, question.bubble.text].join('\n');
    expect(json.shown).toBe(createHash('sha256').update(seen).digest('base64url'));
    const rendered = await until(
      () => timeline(house, question.id, 'challenge.approved'),
      (found) => found.length > 0,
    );
    expect(rendered[0]).toMatchObject({ shown: json.shown, decidedVia: 'text' });
    expect(await timeline(house, question.id, 'message.rendered')).toMatchObject([{ shown: json.shown }]);
  });

  it('is the same after Redis has forgotten it', async () => {
    const question = await open('sms');
    await says(question, 'sms', 'no');
    const { json } = await settled(house, question.id, 'denied');
    await until(
      () => timeline(house, question.id, 'challenge.denied'),
      (found) => found.length > 0,
    );
    for (const key of await house.redis.keys('{p*}:ch:*')) await house.redis.del(key);
    expect((await house.call('GET', `/v1/challenges/${question.id}`)).json).toEqual({
      ...json,
      sends: 1,
    });
  });

  it('is approved once under strictApproval', async () => {
    const question = await ask(house, generators['strict']!, 'whatsapp');
    await question.ana.presses(question.bubble.id, 'Yes');
    const { json } = await settled(house, question.id, 'approved');
    expect(json).toMatchObject({ decision: 'yes', decidedVia: 'button' });
  });

  it('is answered on WhatsApp by words that quote it, and by words alone while no other one is open', async () => {
    const quoted = await open('whatsapp', { language: 'es' });
    await quoted.ana.quotes(quoted.bubble.id, 'sí');
    expect((await settled(house, quoted.id, 'approved')).json).toMatchObject({ decidedVia: 'quote' });
    const said = await open('whatsapp', { language: 'es' });
    await says(said, 'whatsapp', '👍🏽');
    expect((await settled(house, said.id, 'approved')).json).toMatchObject({ decidedVia: 'text' });
  });

  it('keeps its reference when the next step of the plan asks again', async () => {
    // Its messages arrive, but nobody tells us.
    const first = await ask(house, generators['both']!, 'sms', { receiver: '+12025550162' });
    expect(first.reference).toMatch(/^\d\d$/);
    house.moveClock(6_000);
    const again = await first.ana.waitsFor('viber', '?');
    expect(again.text).toContain(` ${first.reference} `);
    await says(first, 'viber', `Y ${first.reference}`);
    expect((await settled(house, first.id, 'approved')).json).toMatchObject({ decidedOn: 'viber', sends: 2 });
  });

  it('is not checked by a caller, and shows no code', async () => {
    const { id } = await open('sms');
    const check = await house.call('POST', `/v1/challenges/${id}/check`, { code: 'yes1' });
    expect([check.status, check.json.code]).toEqual([409, 'challenge.other_kind']);
    const code = await house.call('GET', `/v1/challenges/${id}/code`);
    expect([code.status, code.json.code]).toEqual([403, 'challenge.code_not_disclosed']);
  });

  it('MFA fatigue: the same alert is not sent again at once', async () => {
    const authorization = `Bearer ${await house.newKey('live')}`;
    const receiver = newReceiver();
    const alert = (): Promise<Answer> =>
      house.call(
        'POST',
        '/v1/challenges',
        { generator: generators['sms'], receiver, purpose: 'transaction', context: PAYMENT },
        { authorization },
      );
    expect((await alert()).status).toBe(201);
    const again = await alert();
    expect([again.status, again.json.code]).toEqual([429, 'limit.cool_down']);
  });
});

describe('traps of a reply', () => {
  it('"y no fui yo" is not read as Y: it is asked again twice at most, then left, and silence holds', async () => {
    const question = await open('sms', { language: 'es' });
    const { id, ana, reference } = question;
    await says(question, 'sms', 'y no fui yo');
    const asking = await ana.waitsFor('sms', `Responda solo SI ${reference} o NO ${reference}`);
    await says(question, 'sms', 'quién pregunta?');
    await ana.waitsFor('sms', 'Responda solo', asking);
    for (const text of ['no sé', 'si no fui yo', 'hola']) await says(question, 'sms', text);
    const unclear = await until(
      () => timeline(house, id, 'challenge.unclear'),
      (found) => found.length === 3,
    );
    expect(unclear.map(({ reason }) => reason)).toEqual(Array(3).fill('not_understood'));
    expect((await ana.sees('sms')).filter(({ text }) => text.includes('Responda solo'))).toHaveLength(2);
    expect(await statusOf(id)).toBe('pending');
    house.moveClock(601_000);
    expect(await statusOf(id)).toBe('expired');
  });

  it('what was not understood on WhatsApp is asked again with the same buttons', async () => {
    const question = await open('whatsapp');
    await says(question, 'whatsapp', 'what is this');
    const again = await question.ana.waitsFor('whatsapp', 'Please press a button');
    await question.ana.presses(again.id, 'No');
    await settled(house, question.id, 'denied');
  });

  it('two open alerts, one Y: it is answered "which one?", and the reference decides', async () => {
    const first = await open('sms');
    const second = await open('sms', { receiver: first.receiver, since: first.bubble, ...another });
    expect(second.reference).not.toBe(first.reference);
    await says(first, 'sms', 'Y');
    await first.ana.waitsFor('sms', 'Which one?');
    expect([await statusOf(first.id), await statusOf(second.id)]).toEqual(['pending', 'pending']);
    await says(first, 'sms', `Y ${second.reference}`);
    await settled(house, second.id, 'approved');
    expect(await statusOf(first.id)).toBe('pending');
    await says(first, 'sms', 'N');
    await settled(house, first.id, 'denied');
  });

  it('late reply while another alert is open: the yes is not taken for that one', async () => {
    const first = await open('sms');
    house.moveClock(601_000);
    const second = await open('sms', { receiver: first.receiver, since: first.bubble, ...another });
    await says(first, 'sms', 'Y');
    await first.ana.waitsFor('sms', 'Which one?');
    await says(first, 'sms', `Y ${first.reference}`);
    await first.ana.waitsFor('sms', 'Too late');
    expect(await statusOf(second.id)).toBe('pending');
    await says(first, 'sms', `Y ${second.reference}`);
    await settled(house, second.id, 'approved');
  });

  it('two open alerts, one Y on WhatsApp: a quote or a button names the one', async () => {
    const first = await open('whatsapp');
    const second = await open('whatsapp', { receiver: first.receiver, since: first.bubble, ...another });
    await says(first, 'whatsapp', 'Y');
    await first.ana.waitsFor('whatsapp', 'press the button');
    expect([await statusOf(first.id), await statusOf(second.id)]).toEqual(['pending', 'pending']);
    await first.ana.quotes(first.bubble.id, 'Y');
    await settled(house, first.id, 'approved');
    expect(await statusOf(second.id)).toBe('pending');
  });

  it('a reference that no open alert has is no answer to another one', async () => {
    const question = await open('sms');
    const wrong = question.reference === '99' ? '98' : '99';
    await says(question, 'sms', `Y ${wrong}`);
    await question.ana.waitsFor('sms', 'Reply only');
    expect(await statusOf(question.id)).toBe('pending');
  });

  it.each(['sms', 'whatsapp'])(
    'late reply on %s: answered "too late, nothing was changed", and nothing is',
    async (channel) => {
      const question = await open(channel);
      house.moveClock(601_000);
      if (channel === 'sms') await says(question, channel, `Y ${question.reference}`);
      else await question.ana.presses(question.bubble.id, 'Yes');
      await question.ana.waitsFor(channel, 'Too late: this question has ended. Nothing was changed.');
      expect(await statusOf(question.id)).toBe('expired');
      // Long after, when only history knows the question.
      if (channel === 'sms') return;
      for (const key of await house.redis.keys('{p*}:ch:*')) await house.redis.del(key);
      await question.ana.presses(question.bubble.id, 'No');
      await until(
        () => question.ana.sees('whatsapp'),
        (seen) => seen.filter(({ text }) => text.includes('Too late')).length === 2,
      );
      expect(await statusOf(question.id)).toBe('expired');
    },
  );

  it('out-of-order webhook: a no after the yes changes nothing, and is told so', async () => {
    const question = await open('sms');
    await says(question, 'sms', 'yes');
    await settled(house, question.id, 'approved');
    await says(question, 'sms', 'no');
    await question.ana.waitsFor('sms', 'answered before. Nothing was changed.');
    expect(await statusOf(question.id)).toBe('approved');
  });
});

describe('a question through other providers', () => {
  it.each(['infobip', 'dialog360 cloud', 'dialog360 on-premise'])(
    'is answered on WhatsApp: %s',
    async (through) => {
      const kind = through === 'dialog360 cloud' ? 'cloud' : 'on-premise';
      const infobip = through === 'infobip' ? await addInfobip(house) : undefined;
      const { id, sender } = infobip
        ? { id: infobip.id, sender: infobip.senderOn('whatsapp') }
        : await addDialog360(house, kind);
      const channels = [{ channel: 'whatsapp', sender, template: await questionTemplate(house, id) }];
      const generator = await questionGenerator(house, channels);
      const yes = await ask(house, generator, 'whatsapp', { language: 'es' });
      await yes.ana.presses(yes.bubble.id, 'Sí');
      await settled(house, yes.id, 'approved');
      await yes.ana.waitsFor('whatsapp', 'Su respuesta es SÍ');
      const no = await ask(house, generator, 'whatsapp');
      await no.ana.quotes(no.bubble.id, 'no');
      expect((await settled(house, no.id, 'denied')).json).toMatchObject({ decidedVia: 'quote' });
    },
  );

  it('is answered by SMS through Twilio, whose WhatsApp asks nothing', async () => {
    const { senderOn } = await addTwilio(house);
    const generator = await questionGenerator(house, [{ channel: 'sms', sender: senderOn['sms'] }]);
    const question = await ask(house, generator, 'sms', { language: 'pt_BR' });
    await question.ana.types('sms', `sim ${question.reference}`, senderOn['sms']!);
    await settled(house, question.id, 'approved');
    await question.ana.waitsFor('sms', 'Sua resposta é SIM');
    const channels = [{ channel: 'whatsapp', sender: senderOn['whatsapp'] }];
    const { status, json } = await house.call('POST', '/v1/generators', { ...RULES, channels });
    expect([status, json.errors[0].pointer]).toEqual([422, '#/channels/0/sender']);
  });
});

/** What a provider's signed webhook would say, to the ear itself. */
describe('traps of a sender', () => {
  let account: LoadedAccount;
  let confirm: ConfirmAnswersService;
  let messages = 0;
  beforeAll(async () => {
    account = (await house.api.app
      .get(AccountsService, { strict: false })
      .load(parseNative('account', house.demo.accountId)!))!;
    confirm = house.api.app.get(ConfirmAnswersService, { strict: false });
  });

  const notice = (from: string, words: Partial<InboundNotice>): InboundNotice => ({
    kind: 'inbound',
    providerMessageId: `spec-${++messages}`,
    channel: 'whatsapp',
    from,
    sender: senders['whatsapp']!,
    ...words,
  });
  const hear = (from: string, words: Partial<InboundNotice>): Promise<string> =>
    house.api.app.get(InboundMessagesService, { strict: false }).hear(account, notice(from, words));
  /** Someone with whom we may talk, since they wrote to us. */
  const openToWriter = async (): Promise<OpenQuestion> => {
    const receiver = newReceiver();
    await person(house, receiver).types('whatsapp', 'hello', senders['whatsapp']!);
    return open('whatsapp', { receiver });
  };
  const payloadOf = ({ bubble }: OpenQuestion, at: 0 | 1): string => bubble.buttons[at]!.value!;

  it('spoofed sender: what another number presses, quotes or writes decides nothing', async () => {
    const question = await open('whatsapp');
    const stranger = newReceiver();
    expect(await hear(stranger, { payload: payloadOf(question, 0), text: 'Yes' })).toBe('ignored');
    expect(await hear(stranger, { text: 'Y', inReplyTo: question.bubble.id })).toBe('ignored');
    expect(await hear(stranger, { text: `Y` })).toBe('ignored');
    expect(await statusOf(question.id)).toBe('pending');
    // The same number in another spelling is the same person (E.164 equal).
    expect(await hear(question.receiver.replace('+52', '+521'), { payload: payloadOf(question, 0) })).toBe(
      'settled',
    );
    await settled(house, question.id, 'approved');
  });

  it('same sender: a payload is no answer when it comes in through another sender', async () => {
    const question = await open('whatsapp');
    const other = { ...account.senders[0]!, id: account.id };
    const heard = {
      account,
      sender: other,
      notice: notice(question.receiver, { payload: payloadOf(question, 0) }),
    };
    expect(await confirm.read(heard)).toBe(false);
    expect(await statusOf(question.id)).toBe('pending');
  });

  it('forged payload: neither the answer nor the question in it can be exchanged', async () => {
    const [one, two] = [await open('whatsapp'), await open('whatsapp')];
    const [yes, no] = [payloadOf(one, 0), payloadOf(one, 1)];
    const moved = payloadOf(two, 0).split('.').slice(0, 2).concat(yes.split('.').slice(2)).join('.');
    const turned = no.replace('.no.', '.yes.');
    for (const payload of [moved, turned, yes.slice(0, -1), `${yes}x`])
      for (const { receiver } of [one, two]) expect(await hear(receiver, { payload })).toBe('ignored');
    expect([await statusOf(one.id), await statusOf(two.id)]).toEqual(['pending', 'pending']);
  });

  it('duplicate webhook: one message decides once, however often it is read', async () => {
    const question = await openToWriter();
    const heard = {
      account,
      sender: account.senders.find(({ channel }) => channel === 'whatsapp')!,
      notice: notice(question.receiver, { payload: payloadOf(question, 0) }),
    };
    await Promise.all(Array.from({ length: 20 }, () => confirm.read(heard)));
    await confirm.read({ ...heard, notice: { ...heard.notice, providerMessageId: 'another' } });
    const approved = await until(
      () => timeline(house, question.id, 'challenge.approved'),
      (found) => found.length > 0,
    );
    expect(approved).toHaveLength(1);
    await question.ana.waitsFor('whatsapp', 'Your answer is YES');
    const thanks = (await question.ana.sees('whatsapp')).filter(({ text }) => text.includes('Your answer'));
    expect(thanks).toHaveLength(1);
  });

  it('40 parallel replies, half yes and half no, decide once', async () => {
    const question = await open('whatsapp');
    const sender = account.senders.find(({ channel }) => channel === 'whatsapp')!;
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        confirm.read({
          account,
          sender,
          notice: notice(question.receiver, { payload: payloadOf(question, at % 2 === 0 ? 0 : 1) }),
        }),
      ),
    );
    const { json } = await house.call('GET', `/v1/challenges/${question.id}`);
    expect(['approved', 'denied']).toContain(json.status);
    const ends = await until(
      async () => [
        ...(await timeline(house, question.id, 'challenge.approved')),
        ...(await timeline(house, question.id, 'challenge.denied')),
      ],
      (found) => found.length > 0,
    );
    expect(ends).toHaveLength(1);
  });

  it('number change, SIM swap, identity change: no yes is taken after it, a no still is', async () => {
    const question = await openToWriter();
    expect(await hear(question.receiver, { changed: true })).toBe('settled');
    expect(await hear(question.receiver, { payload: payloadOf(question, 0) })).toBe('settled');
    await question.ana.waitsFor('whatsapp', 'we take no yes from it now');
    expect(await statusOf(question.id)).toBe('pending');
    // What opened the conversation may be read after the question is asked, and is no answer to it either.
    const unclear = await until(
      () => timeline(house, question.id, 'challenge.unclear'),
      (found) => found.filter(({ reason }) => reason === 'identity_changed').length >= 2,
    );
    const others = unclear.filter(({ reason }) => reason !== 'identity_changed');
    expect(unclear).toHaveLength(others.length + 2);
    expect(new Set(others.map(({ reason }) => reason))).toEqual(
      new Set(others.length > 0 ? ['not_understood'] : []),
    );
    expect(await hear(question.receiver, { payload: payloadOf(question, 1) })).toBe('settled');
    await settled(house, question.id, 'denied');
  });

  it('who hides their number cannot be told to be the one who was asked', async () => {
    const question = await open('whatsapp');
    await question.ana.presses(question.bubble.id, 'Yes', { hidesNumber: true });
    expect(await hear('US.13491208655302741918', { payload: payloadOf(question, 0) })).toBe('ignored');
    expect(await statusOf(question.id)).toBe('pending');
  });
});

describe('a generator of questions', () => {
  const save = (rules: object): Promise<Answer> =>
    house.call('POST', '/v1/generators', {
      ...RULES,
      channels: [{ channel: 'sms', sender: senders['sms'] }],
      ...rules,
    });
  const expectRefused = async (rules: object, field: string): Promise<void> => {
    const { status, json, text } = await save(rules);
    expect([status, text]).toEqual([422, expect.any(String)]);
    expect(
      json.errors.map((error: { pointer: string; code: string }) => `${error.pointer} ${error.code}`),
    ).toContain(field);
  };

  it.each(['email', 'voice', 'telegram', 'line', 'kakao', 'zalo'])('%s cannot carry it', (channel) =>
    expectRefused({ channels: [{ channel, sender: 'somebody' }] }, '#/channels/0/channel not_allowed'),
  );

  const wording = (text: string): object => ({ confirm: { wording: { en: text } } });
  const other = { purposes: ['authentication'] };
  it.each<[string, object, string]>([
    [
      'STD-33',
      wording('Did you pay {{currency}} to {{payee}}?'),
      '#/confirm/wording/en placeholder_required',
    ],
    ['STD-33', wording('Did you pay {{amount}} {{currency}}?'), '#/confirm/wording/en placeholder_required'],
    ['STD-33', { purposes: ['transaction', 'recovery'] }, '#/purposes not_allowed'],
    ['BI-83', { ...other, ...wording('Is it {{who}}?') }, '#/confirm/wording/en placeholder_unknown'],
    ['BI-83', { ...other, ...wording('Is it {{2}}?') }, '#/confirm/wording/en placeholder'],
    ['BI-83', { ...other, ...wording('Is it {{1?') }, '#/confirm/wording/en placeholder_unclosed'],
    ['BI-83', { ...other, ...wording('Is it you? \u202e') }, '#/confirm/wording/en format'],
    ['ATK-41', { ...other, ...wording('See https://bank.example') }, '#/confirm/wording/en format'],
    ['BI-83', { ...other, ...wording(' ') }, '#/confirm/wording/en length'],
    ['BI-83', { ...other, confirm: { wording: { english: 'Is it you?' } } }, '#/confirm/wording wording'],
    [
      'BI-83',
      { ...other, confirm: { wording: { en: 'Is it {{1}}?', es: '¿Es usted?' } } },
      '#/confirm/wording values_differ',
    ],
    ['BI-23', { lifeSeconds: 299 }, '#/lifeSeconds too_small'],
    ['BI-23', { lifeSeconds: 901 }, '#/lifeSeconds too_large'],
    ['BI-25', { confirm: { askAgain: 3 } }, '#/confirm/askAgain too_large'],
    ['BI-29', { callerCodes: true }, '#/callerCodes not_allowed'],
    ['SEC-11', { revealCode: true }, '#/revealCode not_allowed'],
    ['BI-24', { resend: { code: 'rotate' } }, '#/resend/code not_allowed'],
    [
      'STD-35',
      { ...other, confirm: { parameters: ['amount'] } },
      '#/confirm/parameters placeholder_not_allowed',
    ],
    ['BI-23', { kind: 'code', purposes: undefined }, '#/confirm not_allowed'],
    ['STD-34', { profile: 'psd2' }, '#/kind not_allowed'],
    ['STD-01', { profile: 'nist' }, '#/kind not_allowed'],
  ])('%s %o is refused with the field and the rule', (_id, rules, field) => expectRefused(rules, field));

  it('STD-33 a template that does not show amount and payee is refused, and so is one without its buttons', async () => {
    const account = house.demo.accountId;
    const plain = await questionTemplate(house, account, () => []);
    const linked = await questionTemplate(house, account, ({ yes, no }) => [
      { type: 'QUICK_REPLY', text: yes },
      { type: 'QUICK_REPLY', text: no },
      { type: 'URL', text: 'Look', url: 'https://bank.example' },
    ]);
    const right = await questionTemplate(house, account);
    const through = (template: string): object => ({
      channels: [{ channel: 'whatsapp', sender: senders['whatsapp'], template }],
    });
    await expectRefused(through(plain), '#/channels/0/template buttons');
    await expectRefused(through(linked), '#/channels/0/template buttons');
    await expectRefused({ ...through(right), confirm: {} }, '#/confirm/parameters placeholder_required');
    await expectRefused(
      { ...through(right), confirm: { parameters: ['amount', 'currency', 'payee', 'minutes'] } },
      '#/channels/0/template placeholder_required',
    );
    const code = (await house.call('GET', `/v1/generators/${await house.newGenerator()}`)).json.channels[0]
      .template;
    await expectRefused(through(code), '#/channels/0/template not_allowed');
  });

  it('a sender that nobody can reply to asks nothing', async () => {
    const hook = await house.call('POST', '/v1/accounts', {
      name: 'deaf',
      provider: 'generic-http',
      config: {
        url: `${house.simulator.url}/hook/codes`,
        secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      },
      countries: ['*'],
      senders: [{ channel: 'sms', address: '15550009999' }],
    });
    expect(hook.status, hook.text).toBe(201);
    await expectRefused(
      { channels: [{ channel: 'sms', sender: '15550009999' }] },
      '#/channels/0/sender not_allowed',
    );
  });
});

describe('a request for a question', () => {
  const refused = async (more: object): Promise<string[]> => {
    const { status, json } = await pay(house, generators['sms']!, newReceiver(), more);
    expect(status).toBe(422);
    return (json.errors ?? [{ pointer: json.code, code: '' }]).map(
      (error: { pointer: string; code: string }) => `${error.pointer} ${error.code}`,
    );
  };

  it.each<[string, object, string]>([
    ['STD-34', { context: undefined }, '#/context/amount required'],
    ['STD-34', { context: { ...PAYMENT, payee: '' } }, '#/context/payee required'],
    ['ATK-41', { context: { ...PAYMENT, payee: 'A\u202eB' } }, '#/context/payee format'],
    ['STD-35', { purpose: 'authentication' }, 'challenge.purpose_not_allowed '],
    ['BI-73', { values: ['Nick'] }, '#/values count'],
    ['BI-73', { values: [] }, '#/values values'],
    ['BI-73', { values: 'Nick' }, '#/values values'],
    ['BI-73', { values: ['a\nb'] }, '#/values values'],
    ['ATK-41', { values: ['https://evil.example'] }, '#/values values'],
    ['BI-22', { fallbackReceiver: 'ana@example.com' }, '#/fallbackReceiver not_allowed'],
    ['BI-29', { code: '123456' }, 'challenge.caller_code_not_allowed '],
  ])('%s %o is refused with the field and the rule', async (_id, more, field) => {
    if ('code' in more) {
      const answer = await pay(house, generators['sms']!, newReceiver(), more);
      expect([answer.status, answer.json.code]).toEqual([403, field.trim()]);
    } else expect(await refused(more)).toContain(field);
  });

  it('BI-73 values are refused where no words take them', async () => {
    const generator = await house.newGenerator();
    const answer = await house.call('POST', '/v1/challenges', {
      generator,
      receiver: newReceiver(),
      values: ['Nick'],
    });
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, '#/values']);
  });

  it('two questions that differ by their values alone are two questions', async () => {
    const generator = await questionGenerator(house, [{ channel: 'sms', sender: senders['sms'] }], {
      purposes: ['authentication'],
      confirm: { wording: { en: 'Is it you who opens {{1}}?' } },
    });
    const receiver = newReceiver();
    const body = { generator, receiver };
    const one = await house.call('POST', '/v1/challenges', { ...body, values: ['door 1'] });
    const two = await house.call('POST', '/v1/challenges', { ...body, values: ['door 2'] });
    expect([one.status, two.status, two.json.id === one.json.id]).toEqual([201, 201, false]);
    const ana = person(house, receiver);
    await ana.waitsFor('sms', 'Is it you who opens door 1?');
    await ana.waitsFor('sms', 'Is it you who opens door 2?');
  });
});
