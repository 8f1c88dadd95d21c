// Protects the conversations that people open: each message is heard once and by whom it was meant for, and is answered
// at most once, in the chat that it came from.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InboundMessagesService } from '#challenges';
import { Metrics } from '#platform/metrics';
import { Queues } from '#platform/queue';
import { ChatReplies } from '../../libs/challenges/chat/chat-replies.service.js';
import type { Heard } from '../../libs/challenges/inbound/inbound-reader.js';
import { messagesBody, post as postTo, signature } from '../support/graph-webhooks.js';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { Witness } from '../../libs/providers/conformance/witness.fixtures.js';
import { addDialog360, addInfobip, addTwilio, type OtherAccount } from '../support/other-accounts.js';
import { person } from '../support/person.js';
import { behave } from '../support/second-account.js';

let house: House;
let heard: Heard[] = [];
/** What the reader does with a message, beside remembering it. */
let reading: (heard: Heard) => Promise<void> = async () => undefined;
let replies: ChatReplies;

beforeAll(async () => {
  house = await openHouse();
  replies = house.api.app.get(ChatReplies, { strict: false });
  house.api.app.get(InboundMessagesService, { strict: false }).register({
    read: async (one) => {
      await reading(one);
      heard.push(one);
      return true;
    },
  });
});
afterAll(() => house.close());

beforeEach(() => {
  heard = [];
  reading = async () => undefined;
});
afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));

let people = 0;
const somebody = (): string => `+573001${String(++people).padStart(6, '0')}`;
const whatsapp = (): string => house.demo.senderAddress;
const senderOn = (channel: string): string =>
  channel === 'whatsapp' ? whatsapp() : (house.demo.chat as unknown as Record<string, string>)[channel]!;

const first = async (): Promise<Heard> =>
  (
    await until(
      async () => heard,
      (list) => list.length > 0,
    )
  )[0]!;
const answerTo = ({ account, sender, notice }: Heard, text: string, more: object = {}): Promise<boolean> =>
  replies.say({
    ...{ account, channel: notice.channel, to: notice.from, senderId: sender.id },
    ...{ text, key: randomBytes(6).toString('hex'), ...more },
  });

async function counted(metric: 'receipts' | 'chatReplies', labels: Record<string, string>): Promise<number> {
  const apps = metric === 'receipts' ? house.api.app : house.worker!.app;
  const { values } = await apps.get(Metrics, { strict: false })[metric].get();
  return values
    .filter((value) => Object.entries(labels).every(([name, word]) => value.labels[name as never] === word))
    .reduce((sum, { value }) => sum + value, 0);
}

describe('a person who writes to us', () => {
  const ENDS: [provider: string, channel: string, sender: () => string][] = [
    ['Meta', 'whatsapp', whatsapp],
    ['the quick start', 'sms', () => senderOn('sms')],
    ['the quick start', 'viber', () => senderOn('viber')],
    ...['whatsapp', 'sms', 'viber', 'line', 'kakao', 'zalo'].map((channel): (typeof ENDS)[0] => [
      'Infobip',
      channel,
      () => infobip.senderOn(channel),
    ]),
    ['Twilio', 'sms', () => twilio.senderOn['sms']!],
    ['Twilio', 'whatsapp', () => twilio.senderOn['whatsapp']!],
    ['360dialog', 'whatsapp', () => cloud.sender],
    ['360dialog On-Premise', 'whatsapp', () => onPremise.sender],
  ];
  let infobip: Awaited<ReturnType<typeof addInfobip>>;
  let twilio: Awaited<ReturnType<typeof addTwilio>>;
  let cloud: OtherAccount;
  let onPremise: OtherAccount;
  beforeAll(async () => {
    infobip = await addInfobip(house);
    twilio = await addTwilio(house);
    cloud = await addDialog360(house);
    onPremise = await addDialog360(house, 'on-premise');
  });

  it.each(ENDS)(
    'through %s on %s is heard, and answered in the same chat',
    async (_provider, channel, end) => {
      const number = somebody();
      const ana = person(house, number);
      await ana.types(channel, '¿Quién es? 👍', end());
      const message = await first();
      expect(message.notice).toMatchObject({ kind: 'inbound', channel, from: number, text: '¿Quién es? 👍' });
      expect(message.sender.address).toBe(end());

      expect(await answerTo(message, 'Somos Countersign.')).toBe(true);
      expect(await ana.waitsFor(channel, 'Somos Countersign.')).toMatchObject({ buttons: [], channel });
      expect(await ana.sees(channel)).toHaveLength(1);
      expect(heard).toHaveLength(1);
    },
  );

  it.each([
    ['Infobip', () => infobip.senderOn('whatsapp')],
    ['360dialog', () => cloud.sender],
    ['360dialog On-Premise', () => onPremise.sender],
  ])('through %s presses a button', async (_provider, end) => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', end());
    await answerTo(await first(), 'Is it you?', { buttons: [{ payload: 'chl_1|yes', title: 'Yes' }] });
    const { id } = await ana.waitsFor('whatsapp', 'Is it you?');
    heard = [];
    await ana.presses(id, 'Yes');
    expect((await first()).notice).toMatchObject({ payload: 'chl_1|yes', text: 'Yes', inReplyTo: id });
  });

  it('through Infobip without a number is known by an id, and answered under it', async () => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', infobip.senderOn('whatsapp'), { hidesNumber: true });
    const message = await first();
    expect(message.notice.from).toMatch(/^US\.\d+$/);
    await answerTo(message, 'Hello, whoever you are.');
    await ana.waitsFor('whatsapp', 'whoever you are');
  });
});

describe('buttons', () => {
  it('are pressed on WhatsApp: what they carry comes back, with the message that they stand under', async () => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    const buttons = [
      { payload: 'chl_1|yes', title: 'Yes, it is me' },
      { payload: 'chl_1|no', title: 'No' },
    ];
    await answerTo(await first(), 'Is it you?', { buttons });
    const { id } = await ana.waitsFor('whatsapp', 'Is it you?');
    heard = [];
    await ana.presses(id, 'chl_1|yes');
    expect((await first()).notice).toMatchObject({
      payload: 'chl_1|yes',
      text: 'Yes, it is me',
      inReplyTo: id,
    });
  });

  it('are left out where a channel has none', async () => {
    const ana = person(house, somebody());
    await ana.types('sms', 'hello', senderOn('sms'));
    await answerTo(await first(), 'Reply 1 or 2.', { buttons: [{ payload: 'a', title: '1' }] });
    expect((await ana.waitsFor('sms', 'Reply 1 or 2.')).buttons).toEqual([]);
  });
});

it('a person without a number is known by an id, and answered under it', async () => {
  const ana = person(house, somebody());
  await ana.types('whatsapp', 'hello', whatsapp(), { hidesNumber: true });
  const message = await first();
  expect(message.notice.from).toMatch(/^US\.\d+$/);
  await answerTo(message, 'Hello, whoever you are.');
  await ana.waitsFor('whatsapp', 'whoever you are');
});

it('a deep link of WhatsApp, SMS or Viber leads to the words that it holds', async () => {
  const ana = person(house, somebody());
  const text = 'Código: K7QX 3MPD';
  const links: [string, string][] = [
    ['whatsapp', `https://wa.me/${whatsapp()}?text=${encodeURIComponent(text)}`],
    ['sms', `sms:+${senderOn('sms')}?body=${encodeURIComponent(text)}`],
    ['viber', `viber://pa?chatURI=${senderOn('viber')}&text=${encodeURIComponent(text)}`],
  ];
  for (const [channel, link] of links) {
    heard = [];
    await ana.follows(link);
    expect((await first()).notice).toMatchObject({ channel, text });
  }
});

describe('a message', () => {
  it('duplicate webhook: is heard once, however often it is posted', async () => {
    await behave(house, { webhooks: { duplicate: 4, retryBaseMs: 50 } });
    const before = await counted('receipts', { status: 'inbound', outcome: 'repeated' });
    await person(house, somebody()).types('whatsapp', 'hello', whatsapp());
    await until(
      () => counted('receipts', { status: 'inbound', outcome: 'repeated' }),
      (repeated) => repeated === before + 4,
    );
    expect(heard).toHaveLength(1);
  });

  it('is read again after a failure of ours, and then no more', async () => {
    await behave(house, { webhooks: { retryBaseMs: 50 } });
    let failures = 2;
    reading = async () => {
      if (failures-- > 0) throw new Error('not now');
    };
    await person(house, somebody()).types('whatsapp', 'hello', whatsapp());
    await first();
    expect([heard.length, failures]).toEqual([1, -1]);
  });

  it('duplicate webhook: a copy that comes while it is read is to come again, and is then known', async () => {
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    let begun = false;
    reading = () => {
      begun = true;
      return held;
    };
    const message = words(somebody().slice(1), 'hello');
    const posting = post([message]);
    await until(
      async () => begun,
      (is) => is,
    );
    const copy = await post([message]);
    expect([copy.status, copy.json.code, copy.headers['retry-after']]).toEqual([503, 'webhook.busy', '1']);
    free();
    expect((await posting).status).toBe(200);
    expect((await post([message])).status).toBe(200);
    expect(heard).toHaveLength(1);
  });

  it('out-of-order webhook: of one person come in the order that they were posted in; people do not wait for each other', async () => {
    const order: string[] = [];
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    reading = async ({ notice }) => {
      if (notice.text === 'a1') await held;
      order.push(notice.text!);
    };
    const [ana, bea] = [somebody(), somebody()].map((number) => number.slice(1));
    const posting = post([words(ana!, 'a1'), words(ana!, 'a2'), words(bea!, 'b1')]);
    await until(
      async () => order,
      (list) => list.includes('b1'),
    );
    free();
    expect((await posting).status).toBe(200);
    expect(order).toEqual(['b1', 'a1', 'a2']);
  });

  it('flooding strangers: of somebody who floods us is not looked at beyond twenty a minute; nobody else is concerned', async () => {
    const [flooding, other] = [somebody(), somebody()].map((number) => number.slice(1));
    const before = await counted('receipts', { status: 'inbound', outcome: 'throttled' });
    const flood = Array.from({ length: 30 }, (_, at) => words(flooding!, `guess ${at}`));
    expect((await post(flood)).status).toBe(200);
    expect(heard).toHaveLength(20);
    expect(await counted('receipts', { status: 'inbound', outcome: 'throttled' })).toBe(before + 10);

    await post([words(other!, 'hello'), words(flooding!, 'once more')]);
    expect(heard.slice(20).map(({ notice }) => notice.text)).toEqual(['hello']);
    house.moveClock(60_000);
    await post([words(flooding!, 'a minute later')]);
    expect(heard.at(-1)!.notice.text).toBe('a minute later');
  });

  it('ATK-15 BI-74 forged webhook: is not heard without a signature, under another secret, or altered', async () => {
    const body = messagesBody([words('573009999999', 'let me in')]);
    const right = signature(body);
    for (const proof of [null, '', signature(body, 'another secret'), right.replace('sha256=', 'sha1=')])
      expect((await postTo(house, body, proof)).status).toBe(401);
    expect((await postTo(house, body.replace('let me in', 'let me im'), right)).status).toBe(401);
    expect(heard).toEqual([]);
  });

  it('BI-79 spoofed sender: to a sender of another account is not heard, although it is signed', async () => {
    const before = await counted('receipts', { status: 'inbound', outcome: 'foreign' });
    expect((await post([words('573009999999', 'hello')], '299999999999999')).status).toBe(200);
    expect(heard).toEqual([]);
    expect(await counted('receipts', { status: 'inbound', outcome: 'foreign' })).toBe(before + 1);
  });

  it('of a group is not for us', async () => {
    const number = somebody().slice(1);
    await post([{ ...words(number, 'Y'), group_id: 'HxFY1u' }, words(number, 'to you alone')]);
    expect(heard.map(({ notice }) => notice.text)).toEqual(['to you alone']);
  });
});

describe('a reply', () => {
  it('is said once under one key', async () => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    const message = await first();
    for (let time = 0; time < 3; time++) await answerTo(message, 'Only once.', { key: 'the same' });
    await ana.waitsFor('whatsapp', 'Only once.');
    await answerTo(message, 'Only once.', { key: 'the same' });
    await answerTo(message, 'And then this.');
    await ana.waitsFor('whatsapp', 'And then this.');
    expect((await ana.sees('whatsapp')).map(({ text }) => text)).toEqual(['Only once.', 'And then this.']);
  });

  it('ATK-09 lies in its job sealed: neither words nor receiver are in Redis, nor what the person wrote', async () => {
    const number = somebody();
    const ana = person(house, number);
    await ana.types('whatsapp', 'XYZZY-typed-7', whatsapp());
    const chat = house.api.app.get(Queues, { strict: false }).get('chat');
    await chat.pause();
    try {
      const buttons = [{ payload: 'XYZZY-payload-7', title: 'XYZZY-title-7' }];
      await answerTo(await first(), 'XYZZY-said-7', { buttons, key: `${number}:7` });
      const kept = await everythingIn(house);
      expect(kept).toContain('send-chat');
      expect(kept).not.toMatch(/XYZZY/);
      expect(kept).not.toContain(number.slice(1));
    } finally {
      await chat.resume();
    }
    await ana.waitsFor('whatsapp', 'XYZZY-said-7');
  });

  it('ATK-09 STD-30 is in no log and no metric, nor is what the person wrote, whatever fails', async () => {
    const number = somebody();
    const secrets = ['XYZZY-typed-8', 'XYZZY-said-8', number.slice(1)];
    const witness = new Witness(secrets);
    try {
      await behave(house, {
        webhooks: { retryBaseMs: 50 },
        faults: [{ kind: 'graphError', code: 131047, times: 1 }],
      });
      let failures = 1;
      reading = async ({ notice }) => {
        if (failures-- > 0) throw new Error(`cannot read from ${notice.sender}`);
      };
      const ana = person(house, number);
      await ana.types('whatsapp', 'XYZZY-typed-8', whatsapp());
      const message = await first();
      const before = await counted('chatReplies', { outcome: 'rejected' });
      await answerTo(message, 'XYZZY-said-8');
      await until(
        () => counted('chatReplies', { outcome: 'rejected' }),
        (count) => count === before + 1,
      );
      await answerTo(message, 'XYZZY-said-8, again');
      await ana.waitsFor('whatsapp', 'XYZZY-said-8');
      for (const app of [house.api.app, house.worker!.app])
        witness.hear(await app.get(Metrics, { strict: false }).registry.metrics());
      witness.expectHeard('chat.attempted');
      witness.expectNothingSecret();
    } finally {
      witness.stop();
    }
  });

  it('that waited for two minutes is not said any more', async () => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    const message = await first();
    const chat = house.api.app.get(Queues, { strict: false }).get('chat');
    await chat.pause();
    await answerTo(message, 'Too late.');
    house.moveClock(120_000);
    await chat.resume();
    await answerTo(message, 'In time.');
    await ana.waitsFor('whatsapp', 'In time.');
    expect((await ana.sees('whatsapp')).map(({ text }) => text)).toEqual(['In time.']);
  });

  it.each([
    ['when the provider throttles', { kind: 'graphError', code: 130429, times: 2 }, 'accepted'],
    ['when it was not there', { kind: 'status', status: 503, times: 1 }, 'accepted'],
  ])('is said later %s', async (_when, fault, outcome) => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    await behave(house, { faults: [fault] });
    const before = await counted('chatReplies', { outcome });
    await answerTo(await first(), 'After all.');
    await ana.waitsFor('whatsapp', 'After all.');
    expect(await counted('chatReplies', { outcome })).toBe(before + 1);
    expect(await ana.sees('whatsapp')).toHaveLength(1);
  });

  it.each([
    ['whose answer was lost', { kind: 'resetAfterAccept', times: 1 }, 'unknown', 1],
    ['that nobody answered for', { kind: 'reset', times: 1 }, 'unknown', 0],
    [
      'that came after the day of the conversation',
      { kind: 'graphError', code: 131047, times: 1 },
      'rejected',
      0,
    ],
  ])('%s is never repeated', async (_what, fault, outcome, seen) => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    await behave(house, { faults: [fault] });
    const before = await counted('chatReplies', { outcome });
    await answerTo(await first(), 'Perhaps.');
    await until(
      () => counted('chatReplies', { outcome }),
      (count) => count === before + 1,
    );
    const jobs = await house.api.app
      .get(Queues, { strict: false })
      .get('chat')
      .getJobCounts('waiting', 'delayed');
    expect(jobs).toEqual({ waiting: 0, delayed: 0 });
    await until(
      () => ana.sees('whatsapp'),
      (bubbles) => bubbles.length === seen,
    );
  });

  it('FR-16 is held back by a switch', async () => {
    const ana = person(house, somebody());
    await ana.types('whatsapp', 'hello', whatsapp());
    const message = await first();
    const key = { authorization: `Bearer ${await house.newKey('test', ['switches:write'])}` };
    const body = { scope: 'channel', target: 'whatsapp', reason: 'spec' };
    const put = await house.call('PUT', '/v1/switches', body, key);
    const tried = async (outcome: string): Promise<void> => {
      const before = await counted('chatReplies', { outcome });
      await until(
        async () => (await answerTo(message, outcome)) && (await counted('chatReplies', { outcome })),
        (count) => Number(count) > before,
      );
    };
    await tried('dropped');
    await house.call('DELETE', `/v1/switches/${put.json.id}`, undefined, key);
    await tried('accepted');
    await ana.waitsFor('whatsapp', 'accepted');
  });

  it('is not taken for a channel on which the account cannot talk', async () => {
    await person(house, somebody()).types('whatsapp', 'hello', whatsapp());
    expect(await answerTo(await first(), 'Hello.', { channel: 'voice' })).toBe(false);
  });
});

let messages = 0;

/** One element of Meta's `messages`. */
function words(from: string, body: string): Record<string, unknown> {
  const id = `wamid.SPEC${++messages}`;
  return { from, id, timestamp: '1750030073', type: 'text', text: { body } };
}

function post(list: object[], phoneNumberId?: string): Promise<Answer> {
  return postTo(house, messagesBody(list, phoneNumberId));
}

/** Every key of Redis with what it holds. */
async function everythingIn({ redis }: House): Promise<string> {
  const keys = await redis.keys('*');
  const values = await Promise.all(
    keys.map(async (key) => {
      switch (await redis.type(key)) {
        case 'hash':
          return JSON.stringify(await redis.hgetall(key));
        case 'list':
          return (await redis.lrange(key, 0, -1)).join();
        case 'zset':
          return (await redis.zrange(key, 0, -1)).join();
        case 'stream':
          return JSON.stringify(await redis.xrange(key, '-', '+'));
        default:
          return (await redis.get(key)) ?? '';
      }
    }),
  );
  return keys.map((key, at) => `${key} ${values[at]}`).join('\n');
}
