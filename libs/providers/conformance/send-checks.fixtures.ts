// What every adapter's `send` must do, as a list: `describeProvider` runs it, and a spec runs it against adapters that
// were broken on purpose.
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { HttpClient } from '#platform/http-client';
import type { OutboundMessage, SendResult } from '../message-provider.js';
import type { ProviderCase, SimulatedCase } from './provider-case.fixtures.js';
import {
  closedAddress,
  json,
  type Play,
  type ReceivedRequest,
  ScriptedServer,
  text,
} from './scripted-server.fixtures.js';
import { PAGE, situationsOf } from './situations.fixtures.js';
import { Witness } from './witness.fixtures.js';

export interface Check {
  name: string;
  run(): Promise<void>;
}

interface SendOptions {
  message?: Partial<OutboundMessage>;
  config?: object;
  baseUrl?: string;
  signal?: AbortSignal;
}

const DEADLINE_MS = 5_000;
/** What an adapter may take beyond the deadline or a cut to come back. */
const LENIENCE_MS = 700;
const LONGEST_SANE_DELAY_MS = 60_000;

/** One server, one client and one witness: what a check works with. */
class Rig {
  /** An adapter that guards its requests would go to neither otherwise. */
  readonly http: HttpClient;

  private constructor(
    readonly provider: ProviderCase,
    readonly server: ScriptedServer,
    readonly witness: Witness,
    /** Where nobody listens. */
    readonly nobody: string,
  ) {
    this.http = new HttpClient({ guard: { trustedOrigins: [server.url, nobody] } });
  }

  /** Runs a check. Whatever it does, nothing secret may be told meanwhile. */
  static async use(provider: ProviderCase, work: (rig: Rig) => Promise<void>): Promise<void> {
    const nobody = await closedAddress();
    const rig = new Rig(provider, await ScriptedServer.start(), new Witness(secretsOf(provider)), nobody);
    try {
      await work(rig);
      rig.witness.expectNothingSecret();
    } finally {
      rig.witness.stop();
      await rig.server.stop();
      await rig.http.onApplicationShutdown();
    }
  }

  /** Sends the sample. Message and config are frozen: an adapter keeps no state and changes nothing it is given. */
  async send({ message, config, baseUrl = this.server.url, signal }: SendOptions = {}): Promise<SendResult> {
    const { provider } = this.provider;
    try {
      const result = await provider.send(
        freeze({ ...withCode(this.provider.message, message?.code), deadlineMs: DEADLINE_MS, ...message }),
        freeze(config ?? this.provider.config(baseUrl)),
        { http: this.http, now: () => Date.now(), signal },
      );
      this.witness.hear(result);
      return result;
    } catch (error) {
      this.witness.hearError(error);
      this.witness.expectNothingSecret();
      throw error;
    }
  }

  async sendTo(play: Play, options?: SendOptions): Promise<SendResult> {
    this.will(play);
    return this.send(options);
  }

  /** What happens to the request that sends; those before it are answered as documented. */
  will(play: Play): void {
    this.server.will((response, request) => (this.preludeOf(request) ?? play)(response, request));
  }

  /** What the calls before the sending one run into. */
  willNotComeTo(play: Play): void {
    this.server.will(play);
  }

  /** The requests that send. */
  get sent(): ReceivedRequest[] {
    return this.server.received.filter((request) => !this.preludeOf(request));
  }

  private preludeOf({ url }: ReceivedRequest): Play | undefined {
    return this.provider.prelude?.[url];
  }
}

export function checker(provider: ProviderCase): (name: string, work: (rig: Rig) => Promise<void>) => Check {
  return (name, work) => ({ name, run: () => Rig.use(provider, work) });
}

export function situationChecks(provider: ProviderCase): Check[] {
  const check = checker(provider);
  return situationsOf(provider).map(({ name, what, expected, deadlineMs = DEADLINE_MS, play }) =>
    check(`${name}: ${what}`, async (rig) => {
      const from = performance.now();
      const result = await rig.sendTo(play(provider, rig.server), { message: { deadlineMs } });
      expect(result).toMatchObject(expected);
      expectWellFormed(result);
      expect(performance.now() - from).toBeLessThan(deadlineMs + LENIENCE_MS);
      expect(rig.sent).toHaveLength(1);
    }),
  );
}

export function sendChecks(provider: ProviderCase): Check[] {
  const check = checker(provider);
  return [
    ...situationChecks(provider),

    ...(provider.prelude ? preludeChecks(provider, check) : []),

    check('request: is the documented one, with the code as often as documented', async (rig) => {
      expect(await rig.sendTo(provider.accepted('message-1'))).toEqual({
        outcome: 'accepted',
        providerMessageId: 'message-1',
      });
      const [request] = rig.sent;
      expect(request).toMatchObject({
        method: provider.request.method,
        url: provider.request.url,
        headers: provider.request.headers,
      });
      expect(readBody(provider, request!.body)).toEqual(provider.request.body);
      expect(written(provider, request!.body).split(provider.message.code)).toHaveLength(
        provider.codeOccurrences + 1,
      );
    }),

    check(
      'request: has code and receiver in its body only, where no log of addresses keeps them',
      async (rig) => {
        await rig.sendTo(provider.accepted('message-1'));
        expect(rig.server.received.length).toBeGreaterThan(0);
        for (const { url, headers } of rig.server.received) {
          for (const secret of [provider.message.code, digitsOf(provider.message.to)]) {
            expect(url).not.toContain(secret);
            expect(JSON.stringify(headers)).not.toContain(secret);
          }
        }
      },
    ),

    check('request: keeps leading zeros and every character of a code', async (rig) => {
      for (const code of provider.odd?.codes ?? ['000000', '000123', 'A1B2C3D4E5F6G7H']) {
        await rig.sendTo(provider.accepted('message-1'), { message: { code } });
        expect(written(provider, rig.sent.at(-1)!.body).split(code)).toHaveLength(
          provider.codeOccurrences + 1,
        );
      }
    }),

    check('state: thirty sends at once do not mix', async (rig) => {
      rig.will((response, request) => {
        const code = /7000\d\d/.exec(written(provider, request.body))![0];
        provider.accepted(`id-of-${code}`)(response, request);
      });
      const codes = Array.from({ length: 30 }, (_, at) => String(700_000 + at));
      const results = await Promise.all(
        codes.map((code) => rig.send({ message: { code, correlationId: `c-${code}` } })),
      );
      expect(results).toEqual(
        codes.map((code) => ({ outcome: 'accepted', providerMessageId: `id-of-${code}` })),
      );
      for (const { body } of rig.sent)
        expect(new Set(written(provider, body).match(/7000\d\d/g)).size).toBe(1);
    }),

    check('throttle: a long delay is told as long, so that another account is tried', async (rig) => {
      const result = await rig.sendTo(provider.throttled({ 'retry-after': '3600' }));
      expect(result).toMatchObject({ outcome: 'retry', afterMs: 3_600_000 });
    }),

    check('throttle: a delay given as a date is kept', async (rig) => {
      const date = new Date(Date.now() + 30_000).toUTCString();
      const result = await rig.sendTo(provider.throttled({ 'retry-after': date }));
      expect(result).toMatchObject({ outcome: 'retry' });
      const { afterMs } = result as { afterMs: number };
      expect(afterMs).toBeGreaterThan(25_000);
      expect(afterMs).toBeLessThanOrEqual(30_000);
    }),

    check('throttle: a delay that makes no sense is no delay', async (rig) => {
      const past = new Date(Date.now() - 3_600_000).toUTCString();
      for (const junk of [
        'soon',
        '-5',
        '',
        'NaN',
        '1e999',
        'Infinity',
        '2, 3',
        '0',
        'Thu, 32 Foo 2026',
        past,
      ]) {
        const result = await rig.sendTo(provider.throttled({ 'retry-after': junk }));
        expect(result, junk).toMatchObject({ outcome: 'retry' });
        expectSaneDelay(result);
      }
    }),

    check('throttle: a 429 of something before the provider is one as well', async (rig) => {
      for (const play of [text(429, PAGE, { 'content-type': 'text/html' }), text(429, ''), json(429, {})]) {
        const result = await rig.sendTo(play);
        expect(result).toMatchObject({ outcome: 'retry' });
        expectSaneDelay(result);
      }
      expect(await rig.sendTo(text(429, '', { 'retry-after': '2' }))).toMatchObject({
        outcome: 'retry',
        afterMs: 2_000,
      });
    }),

    check('error: a bare 5xx is unknown, whatever it looks like', async (rig) => {
      for (const status of [500, 502, 503, 504, 520]) {
        for (const body of ['', PAGE, '{}', '[]', 'null', '{"ok":true}']) {
          expect(await rig.sendTo(text(status, body)), `${status} ${body}`).toMatchObject({
            outcome: 'unknown',
          });
        }
      }
    }),

    check('answer: JSON of another shape is unknown', async (rig) => {
      if (provider.odd?.anyAnswerAccepts) return;
      for (const body of [
        'null',
        '[]',
        '[1]',
        '5',
        '"accepted"',
        'true',
        '{}',
        '{"messages":{}}',
        '{"messages":[null]}',
        '{"error":null}',
        '{"error":"no"}',
      ]) {
        for (const status of [200, 201, 202]) {
          expect(await rig.sendTo(text(status, body)), body).toMatchObject({ outcome: 'unknown' });
        }
      }
    }),

    check('answer: an id that no journal could keep is none', async (rig) => {
      for (const id of ['', 'a\u0000b', 'a\nb', 'x'.repeat(10_000), '\ud800', null, {}, ['a']]) {
        const result = await rig.sendTo(provider.accepted(id));
        expect(result, JSON.stringify(id).slice(0, 40)).toMatchObject(
          provider.odd?.anyAnswerAccepts
            ? { outcome: 'accepted', providerMessageId: provider.message.correlationId }
            : { outcome: 'unknown' },
        );
        expectWellFormed(result);
      }
    }),

    check('answer: a flood is not taken in', async (rig) => {
      await rig.sendTo(rig.server.flood());
      const taken = rig.server.floodedBytes;
      // The kernel's buffers hold some of it; a reader that went on would hold all.
      expect(taken).toBeLessThan(12 * 1024 * 1024);
      await pause(100);
      expect(rig.server.floodedBytes).toBe(taken);
    }),

    check('connection: refused means certainly not sent', async (rig) => {
      const result = await rig.send({ baseUrl: rig.nobody });
      expect(result).toMatchObject({ outcome: 'retry' });
      expectSaneDelay(result);
    }),

    check('connection: given up by the worker means unknown, at once', async (rig) => {
      const giveUp = new AbortController();
      setTimeout(() => giveUp.abort(new Error('the worker goes down')), 150);
      const from = performance.now();
      rig.will(() => undefined);
      expect(await rig.send({ signal: giveUp.signal })).toMatchObject({ outcome: 'unknown' });
      expect(performance.now() - from).toBeLessThan(150 + LENIENCE_MS);
      expect(rig.sent).toHaveLength(1);
    }),

    check('secrets: what the provider repeats of them goes no further', async (rig) => {
      const echo = secretsOf(provider).join(' ');
      for (const status of [200, 400, 401, 429, 500]) {
        for (const body of [
          echo,
          JSON.stringify({ echo }),
          JSON.stringify({ error: { code: echo, message: echo, type: echo } }),
          JSON.stringify({ error: { code: 99_999, message: echo, error_data: { details: echo } } }),
        ]) {
          expectWellFormed(
            await rig.sendTo(
              text(status, body, {
                'x-echo': encodeURIComponent(echo),
                'retry-after': encodeURIComponent(echo),
              }),
            ),
          );
        }
      }
    }),
  ];
}

/**
 * What fails before the message was handed over has sent nothing: whatever became of that call, it is known of the
 * message that nobody has it. A refusal is one there as well.
 */
function preludeChecks(
  provider: ProviderCase,
  check: (name: string, work: (rig: Rig) => Promise<void>) => Check,
): Check[] {
  return situationsOf(provider)
    .filter(({ name }) => name !== 'accepts')
    .map(({ name, expected, deadlineMs = DEADLINE_MS, play }) =>
      check(`before the sending call, ${name}: ends there`, async (rig) => {
        rig.willNotComeTo(play(provider, rig.server));
        const from = performance.now();
        const result = await rig.send({ message: { deadlineMs } });
        expect(result).toMatchObject(expected['outcome'] === 'unknown' ? { outcome: 'retry' } : expected);
        expectWellFormed(result);
        expect(performance.now() - from).toBeLessThan(deadlineMs + LENIENCE_MS);
        expect(rig.sent).toHaveLength(0);
        expect(rig.server.received).toHaveLength(1);
      }),
    );
}

/** Rules of the port that hold before anything is sent. */
export function configChecks(provider: SimulatedCase): Check[] {
  const { provider: adapter, scheme = 'http' } = provider;
  const url = `${scheme}://127.0.0.1:4000`;
  return [
    {
      name: 'config: each secret is in a member that is never shown again',
      run: async () => {
        const config = provider.config(url) as Record<string, unknown>;
        const hidden = adapter.secrets.map((name) => JSON.stringify(config[name] ?? '')).join();
        for (const secret of provider.secrets) expect(hidden).toContain(secret);
        const shown = Object.entries(config).filter(([name]) => !adapter.secrets.includes(name));
        for (const secret of provider.secrets) expect(JSON.stringify(shown)).not.toContain(secret);
      },
    },
    {
      name: 'config: tells where its requests go, and is complete after one completion',
      run: async () => {
        const config = freeze(provider.config(url));
        // `origin` is for HTTP only.
        const { protocol, host } = new URL(adapter.baseUrl(config));
        expect(`${protocol}//${host}`).toBe(url);
        const complete = freeze(adapter.complete?.(config) ?? config);
        expect(complete).toMatchObject(config);
        expect(adapter.complete?.(complete) ?? complete).toEqual(complete);
      },
    },
  ];
}

/** The text with the code in one piece. */
export function written({ odd }: Pick<ProviderCase, 'odd'>, text: string): string {
  return odd?.written?.(text) ?? text;
}

export function secretsOf({ secrets, message }: Pick<ProviderCase, 'secrets' | 'message'>): string[] {
  return [...secrets, message.code, digitsOf(message.to)];
}

function digitsOf(address: string): string {
  return address.replace(/^\+/, '');
}

/** What the journal, a metric and a person can live with. */
function expectWellFormed(result: SendResult): void {
  if (result.outcome === 'accepted') expect(result.providerMessageId).toMatch(/^[\x21-\x7e]{1,255}$/);
  else expect(result.reason).toMatch(/^[a-z0-9_.-]{1,64}$/);
}

function expectSaneDelay(result: SendResult): void {
  const afterMs = result.outcome === 'retry' ? (result.afterMs ?? 1) : Number.NaN;
  expect(afterMs).toBeGreaterThan(0);
  expect(afterMs).toBeLessThanOrEqual(LONGEST_SANE_DELAY_MS);
}

/** The message under another code: what it says holds the code as well. */
function withCode(message: OutboundMessage, code = message.code): OutboundMessage {
  const { content, template } = message;
  const change = (text: string): string => text.replaceAll(message.code, code);
  return {
    ...message,
    code,
    ...(content && {
      content: {
        text: change(content.text),
        ...(content.subject !== undefined && { subject: change(content.subject) }),
        ...(content.html !== undefined && { html: change(content.html) }),
      },
    }),
    ...(template?.values && { template: { ...template, values: template.values.map(change) } }),
  };
}

export function readBody({ request }: ProviderCase, body: string): unknown {
  return request.format === 'form'
    ? Object.fromEntries(new URLSearchParams(body))
    : (JSON.parse(body) as unknown);
}

/** To the bottom. What is frozen has been here before. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
