// The suite itself: an adapter that keeps the rules passes it, and each rule catches an adapter that breaks it.
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { OutboundResult } from '#platform/http-client';
import { loggerFor } from '#platform/logging';
import type {
  MessageProvider,
  Notice,
  OutboundMessage,
  Receipts,
  SendResult,
  StatusNotice,
  WebhookRequest,
} from '../message-provider.js';
import {
  bodyOf,
  caseOf,
  judge,
  type ModelConfig,
  postModel,
  readJson,
  receipts,
  STATUSES,
} from './model-provider.fixtures.js';
import type { ProviderCase } from './provider-case.fixtures.js';
import { json } from './scripted-server.fixtures.js';
import { receiptChecks } from './receipt-checks.fixtures.js';
import { type Check, configChecks, sendChecks } from './send-checks.fixtures.js';

function checksOf(provider: ProviderCase): Check[] {
  return [...configChecks(provider), ...sendChecks(provider), ...receiptChecks(provider)];
}

/** Which of the named checks this adapter does not pass. */
async function findings(provider: ProviderCase, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const [check, ...more] = checksOf(provider).filter((candidate) => candidate.name.startsWith(name));
    if (!check || more.length > 0) throw new Error(`${name} names ${more.length + (check ? 1 : 0)} checks`);
    await check.run().catch(() => found.push(name));
  }
  return found;
}

describe('an adapter that keeps the rules', () => {
  for (const check of checksOf(caseOf())) it(check.name, () => check.run());
});

type Send = MessageProvider<ModelConfig>['send'];
const sending = (send: Send): Partial<MessageProvider<ModelConfig>> => ({ send });
const receiving = (changes: Partial<Receipts<ModelConfig>>): Partial<MessageProvider<ModelConfig>> => ({
  receipts: { ...receipts, ...changes },
});
/** The honest outcome, changed on its way out. */
const afterwards = (
  change: (result: SendResult, raw: OutboundResult) => SendResult,
): Partial<MessageProvider<ModelConfig>> =>
  sending(async (message, config, context) => {
    const raw = await postModel(message, config, context);
    return change(judge(raw, context.now()), raw);
  });

let lastMessage: OutboundMessage;
const table: Record<string, string> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
};

function statusOf(notice: Notice): string {
  return notice.kind === 'status' ? notice.status : '';
}

/** Reads an answer to its end, 64 MB of it, as clients without a cap do. */
function readAll(message: OutboundMessage, config: ModelConfig): Promise<OutboundResult> {
  return new Promise((resolve) => {
    const call = httpRequest(`${config.url}/send`, { method: 'POST' }, (answer) => {
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > 64 * 1024 * 1024) answer.destroy();
      });
      answer.on('close', () => resolve({ kind: 'unknown', reason: 'too_large' }));
    });
    call.end(JSON.stringify(bodyOf(message)));
  });
}

const BROKEN: [what: string, changes: Partial<MessageProvider<ModelConfig>>, caughtBy: string[]][] = [
  ['shows a secret', { secrets: ['hookSecrets'] }, ['config: each secret']],
  ['tells another address than it uses', { baseUrl: () => 'https://elsewhere' }, ['config: tells where']],
  [
    'invents something new at each completion',
    { complete: (config) => ({ ...config, key: `${config.key}x` }) },
    ['config: tells where'],
  ],

  [
    'takes any 200 for an acceptance',
    afterwards((result, raw) =>
      raw.kind === 'response' && raw.status === 200
        ? { outcome: 'accepted', providerMessageId: 'x' }
        : result,
    ),
    ['page', 'empty', 'halfJson', 'answer: JSON of another shape'],
  ],
  [
    'takes any id',
    afterwards((result, raw) => {
      const id = raw.kind === 'response' ? readJson(raw.body)['id'] : undefined;
      return typeof id === 'string' ? { outcome: 'accepted', providerMessageId: id } : result;
    }),
    ['answer: an id'],
  ],
  [
    'tries again after a time-out',
    afterwards((result) =>
      result.outcome === 'unknown' ? { outcome: 'retry', reason: result.reason } : result,
    ),
    ['silence', 'reset:', 'hangUp', 'cutShort', 'flood', 'dripBody', 'connection: given up'],
  ],
  [
    'tries again after any 5xx',
    afterwards((result, raw) =>
      raw.kind === 'response' && raw.status >= 500 ? { outcome: 'retry', reason: 'x' } : result,
    ),
    ['badGateway', 'error: a bare 5xx'],
  ],
  [
    'does not know that a refused connection sent nothing',
    afterwards((result, raw) => (raw.kind === 'not_sent' ? { outcome: 'unknown', reason: 'x' } : result)),
    ['connection: refused'],
  ],
  [
    'takes every refusal for the receiver’s',
    afterwards((result) => (result.outcome === 'rejected' ? { ...result, failure: 'receiver' } : result)),
    ['badCredentials'],
  ],
  [
    'takes every refusal for the account’s',
    afterwards((result) => (result.outcome === 'rejected' ? { ...result, failure: 'account' } : result)),
    ['badReceiver'],
  ],
  [
    'does not read Retry-After',
    afterwards((result) => (result.outcome === 'retry' ? { ...result, afterMs: undefined } : result)),
    ['throttledForTwoSeconds', 'throttle: a long delay', 'throttle: a delay given as a date'],
  ],
  [
    'believes any Retry-After',
    afterwards((result, raw) =>
      result.outcome === 'retry' && raw.kind === 'response'
        ? { ...result, afterMs: Number(raw.headers['retry-after']) * 1_000 }
        : result,
    ),
    ['throttle: a delay that makes no sense', 'throttle: a delay given as a date'],
  ],
  [
    'takes a throttle for a refusal',
    afterwards((result) =>
      result.outcome === 'retry' ? { outcome: 'rejected', reason: 'x', failure: 'account' } : result,
    ),
    ['throttled:', 'throttle: a 429 of something', 'unavailable'],
  ],

  [
    'forgets the deadline',
    sending(async (message, config, context) =>
      judge(await postModel({ ...message, deadlineMs: 1_400 }, config, context), 0),
    ),
    ['silence'],
  ],
  [
    'forgets the signal',
    sending(async (message, config, context) =>
      judge(await postModel({ ...message, deadlineMs: 1_200 }, config, { ...context, signal: undefined }), 0),
    ),
    ['connection: given up'],
  ],
  [
    'reads answers without a cap',
    sending(async (message, config) => judge(await readAll(message, config), 0)),
    ['answer: a flood'],
  ],
  [
    'follows redirections',
    sending(async (message, config, context) => {
      const first = await postModel(message, config, context);
      return judge(
        first.kind === 'response' && first.status === 302 ? await postModel(message, config, context) : first,
        0,
      );
    }),
    ['redirect'],
  ],

  [
    'sends a code as a number',
    sending(async (message, config, context) =>
      judge(await postModel(message, config, context, { ...bodyOf(message), text: Number(message.code) }), 0),
    ),
    ['request: is the documented', 'request: keeps leading zeros'],
  ],
  [
    'sends a code twice where once is documented',
    sending(async (message, config, context) =>
      judge(await postModel(message, config, context, { ...bodyOf(message), again: message.code }), 0),
    ),
    ['request: is the documented'],
  ],
  [
    'writes the code into the address',
    sending(async (message, config, context) =>
      judge(await postModel(message, config, context, bodyOf(message), `/send?code=${message.code}`), 0),
    ),
    ['request: has code and receiver in its body only', 'request: is the documented'],
  ],
  [
    'keeps the message on the instance',
    sending(async (message, config, context) => {
      lastMessage = message;
      await Promise.resolve();
      return judge(await postModel(lastMessage, config, context), 0);
    }),
    ['state: thirty sends'],
  ],
  [
    'changes the message it is given',
    sending(async (message, config, context) => {
      message.to = message.to.slice(1);
      return judge(await postModel(message, config, context), 0);
    }),
    ['accepts'],
  ],

  [
    'repeats the provider’s words as the reason',
    afterwards((result, raw) =>
      raw.kind === 'response' && result.outcome !== 'accepted'
        ? ({ ...result, reason: raw.body } as SendResult)
        : result,
    ),
    ['secrets: what the provider repeats'],
  ],
  [
    'throws what it sent',
    sending(async (message) => {
      throw new Error('could not send', { cause: { body: bodyOf(message) } });
    }),
    ['accepts'],
  ],
  [
    'logs the message',
    sending(async (message, config, context) => {
      loggerFor('model').debug({ message }, 'sending');
      return judge(await postModel(message, config, context), context.now());
    }),
    ['accepts', 'silence'],
  ],
  [
    'prints the key',
    sending(async (message, config, context) => {
      process.stderr.write(`using ${config.key}\n`);
      return judge(await postModel(message, config, context), context.now());
    }),
    ['accepts'],
  ],
  [
    'tells the receiver in the id',
    afterwards((result) =>
      result.outcome === 'accepted' ? { ...result, providerMessageId: '525512345678-1' } : result,
    ),
    ['accepts'],
  ],

  [
    'believes everybody',
    receiving({ verify: () => true }),
    [
      'proof: none',
      'proof: holds for the very bytes',
      'proof: of either secret',
      'proof: is under no secret',
    ],
  ],
  [
    'believes nobody',
    receiving({ verify: () => false }),
    ['proof: the provider’s own', 'proof: is taken over bytes'],
  ],
  [
    'believes who brings no proof',
    receiving({
      verify: (request, config) =>
        request.headers['x-proof'] === undefined || receipts.verify(request, config),
    }),
    ['proof: none'],
  ],
  [
    'believes the first of two proofs',
    receiving({
      verify: ({ headers, ...rest }, config) =>
        receipts.verify({ ...rest, headers: { 'x-proof': [headers['x-proof']].flat()[0] } }, config),
    }),
    ['proof: none'],
  ],
  [
    'proves with an empty secret when there is none',
    receiving({
      verify: (request, { hookSecrets, ...config }) =>
        receipts.verify(request, { ...config, hookSecrets: hookSecrets.length > 0 ? hookSecrets : [''] }),
    }),
    ['proof: is under no secret'],
  ],
  [
    'knows one secret only',
    receiving({
      verify: (request, { hookSecrets, ...config }) =>
        receipts.verify(request, { ...config, hookSecrets: hookSecrets.slice(0, 1) }),
    }),
    ['proof: of either secret'],
  ],
  [
    'proves the JSON, not its bytes',
    receiving({
      verify: (request: WebhookRequest, config) =>
        receipts.verify(
          { ...request, rawBody: Buffer.from(JSON.stringify(readJson(request.rawBody.toString()))) },
          config,
        ),
    }),
    ['proof: holds for the very bytes', 'proof: is taken over bytes'],
  ],
  [
    'compares in any case',
    receiving({
      verify: ({ headers, ...rest }, config) =>
        receipts.verify(
          { ...rest, headers: { 'x-proof': String(headers['x-proof']).toLowerCase() } },
          config,
        ),
    }),
    ['proof: none'],
  ],

  [
    'throws at what is not JSON',
    receiving({ parse: (body) => (Object.keys(body as object), receipts.parse(body)) }),
    ['parse: something else'],
  ],
  [
    'stops at the first malformed one',
    receiving({
      parse: (body) => {
        const found = receipts.parse(body);
        return found.malformed > 0 ? { notices: [], ignored: 0, malformed: 1 } : found;
      },
    }),
    ['parse: one that is malformed'],
  ],
  [
    'looks statuses up where every object has some',
    receiving({
      parse: (body) => {
        const { items } = body as { items: { id: string; status: string }[] };
        const notices = items.flatMap(({ id, status }) =>
          table[status]
            ? [{ kind: 'status', providerMessageId: id, status: table[status] } as StatusNotice]
            : [],
        );
        return { notices, ignored: items.length - notices.length, malformed: 0 };
      },
    }),
    ['parse: a status that nobody knows'],
  ],
  [
    'tells each message once',
    receiving({
      parse: (body) => {
        const found = receipts.parse(body);
        return {
          ...found,
          notices: [...new Map(found.notices.map((notice) => [JSON.stringify(notice), notice])).values()],
        };
      },
    }),
    ['parse: repeats'],
  ],
  [
    'puts them in order',
    receiving({
      parse: (body) => {
        const found = receipts.parse(body);
        return {
          ...found,
          notices: found.notices.sort(
            (left, right) => STATUSES.indexOf(statusOf(left)) - STATUSES.indexOf(statusOf(right)),
          ),
        };
      },
    }),
    ['parse: repeats'],
  ],
  [
    'drops what it does not know without counting',
    receiving({ parse: (body) => ({ ...receipts.parse(body), ignored: 0 }) }),
    ['parse: a status that nobody knows', 'parse: what is of no interest'],
  ],
  [
    'repeats the provider’s words as a reason',
    receiving({
      parse: (body) => {
        const found = receipts.parse(body);
        for (const notice of found.notices)
          if (notice.kind === 'status') notice.reason = JSON.stringify(body).slice(0, 500);
        return found;
      },
    }),
    ['parse: a reason'],
  ],
  [
    'reads ids as they come',
    receiving({
      parse: (body) => {
        const { items = [] } = (body ?? {}) as { items?: { id: string; status: StatusNotice['status'] }[] };
        return {
          notices: items.map(({ id, status }) => ({ kind: 'status', providerMessageId: id, status })),
          ignored: 0,
          malformed: 0,
        };
      },
    }),
    ['parse: one that is malformed', 'parse: anything anywhere'],
  ],
];

describe('an adapter that', () => {
  it.each(BROKEN)('%s is caught', async (_what, changes, caughtBy) => {
    expect(await findings(caseOf(changes), caughtBy)).toEqual(caughtBy);
  });
});

/** The model with a question before each message; `judgeAsked` says what becomes of one that is not answered well. */
function askingCase(judgeAsked: (asked: SendResult) => SendResult | 'go on'): ProviderCase {
  const send: Send = async (message, config, context) => {
    const asked = judge(await postModel(message, config, context, { to: message.to }, '/ask'), context.now());
    const verdict = asked.outcome === 'accepted' ? 'go on' : judgeAsked(asked);
    if (verdict !== 'go on') return verdict;
    return judge(await postModel(message, config, context), context.now());
  };
  return { ...caseOf(sending(send)), prelude: { '/ask': json(200, { id: 'ask-1' }) } };
}

const nothingSent = (asked: SendResult): SendResult =>
  asked.outcome === 'unknown' ? { outcome: 'retry', reason: asked.reason } : asked;

describe('an adapter that asks before it sends', () => {
  const checks = sendChecks(askingCase(nothingSent));
  it('is looked at before the sending call as well', () => {
    expect(checks.filter(({ name }) => name.startsWith('before the sending call')).length).toBeGreaterThan(
      15,
    );
  });
  for (const check of checks) it(check.name, () => check.run());

  const SILENT = 'before the sending call, silence';
  const REFUSED = 'before the sending call, badCredentials';
  it.each<[string, Parameters<typeof askingCase>[0], string[]]>([
    ['does not know that nothing was sent', (asked) => asked, [SILENT]],
    ['sends whatever it is answered', () => 'go on', [SILENT, REFUSED]],
    ['tries a refusal again', ({ outcome }) => ({ outcome: 'retry', reason: outcome }), [REFUSED]],
  ])('and %s is caught', async (_what, judgeAsked, caughtBy) => {
    expect(await findings(askingCase(judgeAsked), caughtBy)).toEqual(caughtBy);
  });
});
