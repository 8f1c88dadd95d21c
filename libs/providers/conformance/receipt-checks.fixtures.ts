// What every adapter must make of the webhooks it is posted: which it believes, and what it reads out of them.
import { expect } from 'vitest';
import {
  ACCOUNT_EVENTS,
  type Notice,
  type Notices,
  type StatusNotice,
  TEMPLATE_STATUSES,
  type WebhookRequest,
} from '../message-provider.js';
import type { ProviderCase } from './provider-case.fixtures.js';
import { type Check, freeze, secretsOf } from './send-checks.fixtures.js';
import { Witness } from './witness.fixtures.js';

/** Values that stand where the provider's documentation puts something else. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  'x',
  '\u0000',
  '__proto__',
  'constructor',
  [],
  [[]],
  [null],
  {},
  { a: { b: [] } },
];
/** Words for a status that no provider uses, some of which every object knows. */
const UNKNOWN_STATUSES = [
  'played',
  'SENT',
  'sent ',
  '',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
];
const MANY = 1_000;

export function receiptChecks(provider: ProviderCase): Check[] {
  const { receipts } = provider.provider;
  const sample = provider.receipts;
  if (!receipts || !sample) return [];
  const [current, next] = sample.secrets;
  const arrived = (value: unknown): { body: unknown; query?: Record<string, unknown> } =>
    sample.arrives?.(value) ?? { body: value };
  const body = Buffer.from(written(arrived(sample.sample.body).body, receipts.format));

  const verify = (request: WebhookRequest, secrets: readonly string[] = [current]): boolean =>
    receipts.verify(freezeRequest(request), freeze(sample.config(secrets)));
  const parse = (value: unknown): Notices => {
    const { body: told, query } = freeze(arrived(value));
    return receipts.parse(told, query);
  };
  const withProof = (proof: string | string[] | undefined): WebhookRequest => {
    const request = sample.post(body, current);
    return { ...request, headers: { ...request.headers, [sample.proofHeader]: proof } };
  };
  const check = (name: string, work: (witness: Witness) => void): Check => ({
    name,
    run: async () => {
      const witness = new Witness([...secretsOf(provider), current, next]);
      try {
        work(witness);
        witness.expectNothingSecret();
      } finally {
        witness.stop();
      }
    },
  });

  return [
    check('proof: the provider’s own is believed', () => {
      expect(verify(sample.post(body, current))).toBe(true);
    }),

    check('proof: of either secret while one replaces the other, and of no third', () => {
      for (const secrets of [
        [current, next],
        [next, current],
      ]) {
        expect(verify(sample.post(body, current), secrets)).toBe(true);
        expect(verify(sample.post(body, next), secrets)).toBe(true);
        expect(verify(sample.post(body, `${next}x`), secrets)).toBe(false);
      }
      expect(verify(sample.post(body, next), [current])).toBe(false);
      expect(verify(sample.post(body, current), [next])).toBe(false);
    }),

    check('proof: none, an empty one, two, or one not quite right is not believed, and no error', () => {
      const right = String(sample.post(body, current).headers[sample.proofHeader]);
      expect(verify(withProof(right))).toBe(true);
      for (const proof of [undefined, '', ' ', [], [right], [right, right], ...sample.oddProofs(right)]) {
        expect(verify(withProof(proof)), JSON.stringify(proof)).toBe(false);
      }
    }),

    check('proof: is under no secret, not even an empty one, when the account has none', () => {
      for (const secret of ['', 'undefined', 'null'])
        expect(verify(sample.post(body, secret), [])).toBe(false);
    }),

    check('proof: holds for the very bytes that were posted', () => {
      if (!sample.provesBody) return;
      const posted = sample.post(body, current);
      const forged = (rawBody: Buffer): boolean => verify({ ...posted, rawBody });
      for (let at = 0; at < body.length; at += 7) {
        const tampered = Buffer.from(body);
        tampered[at]! ^= 1;
        expect(forged(tampered), `byte ${at}`).toBe(false);
      }
      // The same JSON in other bytes: what re-serialises before it verifies would let these pass.
      const escaped = body.toString().replaceAll('/', '\\/');
      for (const other of [
        `${body.toString()} `,
        ` ${body.toString()}`,
        JSON.stringify(sample.sample.body, undefined, 1),
        escaped,
        body.toString().slice(0, -1),
        '',
      ]) {
        expect(forged(Buffer.from(other))).toBe(other === body.toString());
      }
    }),

    check('proof: is taken over bytes, whatever they are', () => {
      for (const bytes of [
        Buffer.alloc(0),
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from('{"é":"\\u00e9\\/"}'),
      ]) {
        expect(verify(sample.post(bytes, current))).toBe(true);
      }
    }),

    check('parse: the documented sample', () => {
      expect(parse(sample.sample.body)).toEqual({ notices: sample.sample.notices, ignored: 0, malformed: 0 });
    }),

    check('parse: a status that nobody knows is counted and ignored', () => {
      for (const status of UNKNOWN_STATUSES) {
        expect(parse(sample.envelope([sample.item('id-1', status)])), status).toEqual({
          notices: [],
          ignored: 1,
          malformed: 0,
        });
      }
    }),

    check('parse: what is of no interest is counted and ignored', () => {
      for (const value of sample.uninteresting) {
        const found = parse(value);
        expect(found, JSON.stringify(value)).toMatchObject({ notices: [], malformed: 0 });
        expect(found.ignored).toBeGreaterThan(0);
      }
    }),

    check('parse: something else altogether is malformed, not an error', () => {
      for (const value of [undefined, null, 5, 'text', true, []]) {
        expect(parse(value), JSON.stringify(value)).toEqual({ notices: [], ignored: 0, malformed: 1 });
      }
    }),

    check('parse: one that is malformed does not take the others with it', () => {
      const malformed = [
        null,
        5,
        'x',
        [],
        {},
        sample.item(undefined, 'sent'),
        sample.item(5, 'sent'),
        sample.item('', 'sent'),
        sample.item('a\u0000b', 'sent'),
        sample.item('x'.repeat(10_000), 'sent'),
        sample.item('id-1', 5),
        sample.item('id-1', null),
      ];
      for (const bad of malformed) {
        expect(parse(sample.envelope([bad])), JSON.stringify(bad).slice(0, 60)).toEqual({
          notices: [],
          ignored: 0,
          malformed: 1,
        });
      }
      if (!sample.batches) return;
      const items = Array.from({ length: MANY }, (_, at) => sample.item(`id-${at}`, 'delivered', `c-${at}`));
      for (const bad of malformed) {
        const found = parse(sample.envelope(items.with(MANY / 2, bad)));
        expect(found).toMatchObject({ ignored: 0, malformed: 1 });
        expect(found.notices).toHaveLength(MANY - 1);
      }
    }),

    check('parse: repeats and any order are handed on as they came', () => {
      const told: [id: string, status: StatusNotice['status']][] = [
        ['id-1', 'read'],
        ['id-1', 'delivered'],
        ['id-2', 'sent'],
        ['id-1', 'read'],
        ['id-1', 'sent'],
      ];
      const items = told.map(([id, status]) => sample.item(id, status, `c-${id}`));
      const found = sample.batches
        ? parse(sample.envelope(items)).notices
        : items.flatMap((item) => parse(sample.envelope([item])).notices);
      expect(found).toMatchObject(
        told.map(([providerMessageId, status]) => ({ kind: 'status', providerMessageId, status })),
      );
      if (provider.provider.echoesCorrelation)
        expect(found).toMatchObject(told.map(([id]) => ({ correlationId: `c-${id}` })));
    }),

    check('parse: a reason is a code of ours, never the provider’s words', (witness) => {
      const words = [...secretsOf(provider), current].join(' ');
      const { item, reason } = sample.failedItem('id-1', words);
      const found = parse(sample.envelope([item]));
      witness.hear(found);
      expect(found.notices).toMatchObject([{ status: 'failed', reason }]);
      found.notices.forEach(expectWellFormed);
    }),

    check('parse: anything anywhere in it is survived', () => {
      for (const odd of variants(sample.sample.body)) {
        const found = parse(odd);
        found.notices.forEach(expectWellFormed);
      }
    }),

    check('parse: ten thousand in time that grows with their number', () => {
      if (!sample.batches) return;
      const items = Array.from({ length: 10 * MANY }, (_, at) => sample.item(`id-${at}`, 'sent'));
      const whole = freeze(sample.envelope(items));
      const from = performance.now();
      expect(parse(whole).notices).toHaveLength(10 * MANY);
      expect(performance.now() - from).toBeLessThan(1_000);
    }),
  ];
}

/** A body as the provider posts it. */
function written(body: unknown, format: 'json' | 'form' = 'json'): string {
  return format === 'form'
    ? new URLSearchParams(body as Record<string, string>).toString()
    : JSON.stringify(body);
}

const PROVIDER_WORD = /^[\x21-\x7e]{1,255}$/;

function expectWellFormed(notice: Notice): void {
  if (notice.kind === 'status') {
    expect(notice.providerMessageId).toMatch(PROVIDER_WORD);
    expect(['sent', 'delivered', 'read', 'failed']).toContain(notice.status);
    expect([undefined, 'receiver', 'account', 'template', 'bug']).toContain(notice.failure);
    expect(typeof (notice.correlationId ?? '')).toBe('string');
    expect(notice.price?.amount ?? '0').toMatch(/^\d{1,12}(\.\d{1,12})?$/);
  } else if (notice.kind === 'template') {
    expect(notice.externalId).toMatch(PROVIDER_WORD);
    expect([undefined, ...TEMPLATE_STATUSES]).toContain(notice.status);
  } else if (notice.kind === 'inbound') {
    expect(notice.providerMessageId).toMatch(PROVIDER_WORD);
    expect(notice.from).toMatch(PROVIDER_WORD);
    for (const text of [notice.text, notice.payload, notice.inReplyTo])
      expect(typeof (text ?? '')).toBe('string');
  } else {
    expect(ACCOUNT_EVENTS).toContain(notice.event);
    for (const word of Object.values(notice.data ?? {})) expect(String(word)).toMatch(/^[\w.:-]{1,64}$/);
  }
  if ('reason' in notice) expect(notice.reason ?? 'none').toMatch(/^[\w.-]{1,64}$/);
}

/** The value with each of its parts, in turn, replaced by each odd value, or taken away. */
function* variants(value: unknown): Generator<unknown> {
  yield* ODD_VALUES;
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  const rebuild = (changed: [string, unknown][]): unknown =>
    Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed);
  for (const [at, [key, member]] of entries.entries()) {
    yield rebuild(entries.toSpliced(at, 1));
    for (const variant of variants(member)) yield rebuild(entries.with(at, [key, variant]));
  }
}

function freezeRequest(request: WebhookRequest): WebhookRequest {
  freeze(request.headers);
  freeze(request.query);
  return request;
}
