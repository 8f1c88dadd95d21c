// For specs only: a simulator in this process on a free port, a client that reads
// raw answers, and a webhook receiver that keeps the raw bytes it was given.

import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { Clock } from './core/clock.js';
import { SimulatorConfig } from './simulator.config.js';
import { type RunningSimulator, startSimulator } from './start-simulator.js';

export const WABA = '100000000000001';
export const SENDER = '200000000000001';
const TOKEN = 'simulator-access-token';
export const SECRET = 'simulator-app-secret';
export const RECEIVER = '525512345678';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs reach into answers of every shape
  json: any;
}

class SteppingClock extends Clock {
  private offsetMs = 0;

  override now(): number {
    return Date.now() + this.offsetMs;
  }

  step(ms: number): void {
    this.offsetMs += ms;
  }
}

export class SimulatorUnderTest {
  private constructor(
    private readonly running: RunningSimulator,
    readonly clock: SteppingClock,
  ) {}

  static async start(overrides: Partial<SimulatorConfig> = {}): Promise<SimulatorUnderTest> {
    const clock = new SteppingClock();
    const config = new SimulatorConfig({ port: 0, smtpPort: 0, approveAfterMs: 0, ...overrides });
    const simulator = new SimulatorUnderTest(await startSimulator(config, clock), clock);
    await simulator.control('PUT', 'behavior', { statuses: { sentAfterMs: 5, deliveredAfterMs: 10 } });
    return simulator;
  }

  get url(): string {
    return this.running.url;
  }

  get smtpPort(): number {
    return this.running.smtpPort;
  }

  stop(): Promise<void> {
    return this.running.app.close();
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const call = request(`${this.url}${path}`, { method, headers: { ...json, ...headers } }, resolve);
      call.on('error', reject);
      call.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
    const text = await textOf(answer);
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      text,
      json: isJson && text !== '' ? tryParse(text) : undefined,
    };
  }

  graph(method: string, path: string, body?: unknown, token = TOKEN): Promise<Answer> {
    return this.call(method, `/v23.0/${path}`, body, { authorization: `Bearer ${token}` });
  }

  control(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, `/_sim/${path}`, body);
  }

  createTemplate(overrides: Record<string, unknown> = {}): Promise<Answer> {
    return this.graph('POST', `${WABA}/message_templates`, { ...authTemplate(), ...overrides });
  }

  send(overrides: Record<string, unknown> = {}): Promise<Answer> {
    return this.graph('POST', `${SENDER}/messages`, { ...codeMessage(), ...overrides });
  }

  subscribe(uri: string): Promise<Answer> {
    return this.graph('POST', `${WABA}/subscribed_apps`, {
      override_callback_uri: uri,
      verify_token: 'let-me-in',
    });
  }

  /** The log's record of the newest message, once it has the status. */
  async logged(status: string, to = RECEIVER): Promise<Answer['json']> {
    return eventually(async () => {
      const { json } = await this.control('GET', `messages?to=${to}`);
      const message = json.messages.at(-1);
      return message?.statuses.some((entry: { status: string }) => entry.status === status)
        ? message
        : undefined;
    });
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function authTemplate() {
  return {
    name: 'login_code',
    language: 'en_US',
    category: 'AUTHENTICATION',
    components: [
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 5 },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' }] },
    ],
  };
}

export function codeMessage(code = '012345') {
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: `+${RECEIVER}`,
    type: 'template',
    template: { name: 'login_code', language: { code: 'en_US' }, components: codeComponents(code) },
  };
}

export function codeComponents(code: string) {
  return [
    { type: 'body', parameters: [{ type: 'text', text: code }] },
    { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: code }] },
  ];
}

interface Delivery {
  raw: Buffer;
  headers: IncomingHttpHeaders;
  json: Answer['json'];
  at: number;
}

/** Answers the handshake; each POST with the next of `answers`, then with 200. */
export class WebhookReceiver {
  readonly deliveries: Delivery[] = [];
  answers: number[] = [];
  challengePrefix = '';
  private server: Server | undefined;

  get url(): string {
    return `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}/hook`;
  }

  async start(): Promise<this> {
    this.server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        if (incoming.method === 'GET') {
          const query = new URL(incoming.url ?? '/', 'http://receiver').searchParams;
          const right =
            query.get('hub.verify_token') === 'let-me-in' && query.get('hub.mode') === 'subscribe';
          outgoing.statusCode = right ? 200 : 403;
          outgoing.end(right ? this.challengePrefix + (query.get('hub.challenge') ?? '') : 'no');
          return;
        }
        const raw = Buffer.concat(chunks);
        this.deliveries.push({
          raw,
          headers: incoming.headers,
          json: JSON.parse(raw.toString()),
          at: Date.now(),
        });
        outgoing.statusCode = this.answers.shift() ?? 200;
        outgoing.end();
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** Every status told so far, in the order of arrival. */
  statuses(): Answer['json'][] {
    return this.changes('messages').flatMap((change) => change.value.statuses ?? []);
  }

  changes(field: string): Answer['json'][] {
    return this.deliveries
      .flatMap(({ json }) => json.entry)
      .flatMap((entry) => entry.changes)
      .filter((change) => change.field === field);
  }
}

/** Asks again until there is an answer, at most 5 s. */
export async function eventually<T>(probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 5_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('it did not happen in 5 s');
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
