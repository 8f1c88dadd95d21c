import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { closedAddress } from '../../conformance/scripted-server.fixtures.js';
import { Witness } from '../../conformance/witness.fixtures.js';
import type { OutboundMessage, SendResult } from '../../message-provider.js';
import { SmtpConfig } from './smtp.config.js';
import { MESSAGE, ScriptedMailServer } from './smtp.fixtures.js';
import { smtp } from './smtp.provider.js';

const PASSWORD = 'smtp-password-8842';
const { code: CODE, to: RECEIVER } = MESSAGE;
const message = MESSAGE;

let server: ScriptedMailServer;
let witness: Witness;
beforeAll(async () => {
  server = await ScriptedMailServer.start();
});
beforeEach(() => {
  server.will();
  witness = new Witness([
    PASSWORD,
    CODE,
    RECEIVER,
    Buffer.from(`\u0000user\u0000${PASSWORD}`).toString('base64'),
  ]);
});
afterEach(() => {
  witness.expectNothingSecret();
  witness.stop();
});
afterAll(() => server.stop());

const config = (changes: Partial<SmtpConfig> = {}): SmtpConfig => ({
  host: '127.0.0.1',
  port: server.port,
  security: 'none',
  username: 'user',
  password: PASSWORD,
  ...changes,
});

async function send(
  changes: Partial<OutboundMessage> = {},
  settings: Partial<SmtpConfig> = {},
  signal?: AbortSignal,
): Promise<SendResult> {
  const context = { http: undefined as never, now: () => Date.now(), signal };
  const result = await smtp.send({ ...message, ...changes }, config(settings), context);
  witness.hear(result);
  if (result.outcome !== 'accepted') expect(result.reason).toMatch(/^[a-z0-9_.-]{1,64}$/);
  return result;
}

describe('a mail', () => {
  it('has one recipient, our id, and the code in text and HTML', async () => {
    expect(await send()).toEqual({ outcome: 'accepted', providerMessageId: 'msg_0123.1@sender.example' });
    expect(server.commands.filter((command) => command.startsWith('RCPT'))).toEqual([
      `RCPT TO:<${RECEIVER}>`,
    ]);
    expect(server.mails[0]).toMatch(/^Message-ID: <msg_0123\.1@sender\.example>\r$/m);
    expect(server.mails[0]).toMatch(/^Content-Type: multipart\/alternative/m);
    expect(server.mails[0]!.split(CODE)).toHaveLength(3);
  });

  it.each([
    'a@x.de\r\nBcc:b@y.de',
    '"a@evil.example x"@ok.example',
    'team:a@x.de,b@y.de;',
    'a@x.de,b@y.de',
    'A <a@x.de>',
  ])('to %j is not sent at all (ATK-23)', async (to) => {
    const before = server.connections;
    expect(await send({ to })).toMatchObject({ outcome: 'rejected', failure: 'receiver' });
    expect(server.connections).toBe(before);
  });

  it('takes no header from its subject or the sender’s name', async () => {
    await send(
      { content: { subject: 'Hi\r\nBcc: evil@y.de', text: 'x' } },
      { fromName: 'Shop" <evil@y.de>, "' },
    );
    const head = server.mails[0]!.slice(0, server.mails[0]!.indexOf('\r\n\r\n'));
    expect(head).not.toMatch(/^Bcc:/im);
    expect(head.match(/^From: .*$/gm)).toHaveLength(1);
    expect(server.commands).toContain('MAIL FROM:<codes@sender.example>');
  });

  it('keeps nothing of one send for the next', async () => {
    const codes = Array.from({ length: 20 }, (_, at) => String(700_000 + at));
    const results = await Promise.all(
      codes.map((code) => send({ code, correlationId: `c-${code}`, content: { text: `code ${code}` } })),
    );
    expect(results.map((result) => 'providerMessageId' in result && result.providerMessageId)).toEqual(
      codes.map((code) => `c-${code}@sender.example`),
    );
    for (const mail of server.mails) {
      const [id] = /c-(7000\d\d)@/.exec(mail)!.slice(1);
      expect(new Set(mail.match(/7000\d\d/g))).toEqual(new Set([id]));
    }
  });
});

describe('what the server answers', () => {
  it.each([
    ['a bad login', { auth: '535 5.7.8 No\r\n' }, { outcome: 'rejected', failure: 'account' }],
    ['a login that fails for now', { auth: '454 4.7.0 Later\r\n' }, { outcome: 'retry' }],
    ['no login offered', { ehlo: '250 mail.test\r\n' }, { outcome: 'rejected', failure: 'account' }],
    [
      'an unknown mailbox',
      { rcpt: '550 5.1.1 No such user\r\n' },
      { outcome: 'rejected', failure: 'receiver' },
    ],
    [
      'a sender it does not relay for',
      { rcpt: '550 5.7.1 Relaying denied\r\n' },
      { outcome: 'rejected', failure: 'account' },
    ],
    ['greylisting', { rcpt: '451 4.7.1 Later\r\n' }, { outcome: 'retry', reason: 'smtp_4.7.1' }],
    ['a full disk before the data', { data: '452 4.3.1 Full\r\n' }, { outcome: 'retry' }],
    ['a refusal after the data', { end: '451 4.3.0 Later\r\n' }, { outcome: 'retry' }],
    ['spam, after the data', { end: '554 5.7.1 Spam\r\n' }, { outcome: 'rejected', failure: 'account' }],
    ['a greeting that says no', { greeting: '421 4.3.2 Busy\r\n' }, { outcome: 'retry' }],
    ['a cut before the data', { rcpt: 'cut' }, { outcome: 'retry' }],
    ['a cut after the data (FI-29)', { end: 'cut' }, { outcome: 'unknown' }],
    ['garbage for a greeting', { greeting: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, { outcome: 'retry' }],
    ['garbage after the data', { end: 'ok then\r\n' }, { outcome: 'unknown' }],
    ['a flood after the data', { end: `250-${'x'.repeat(1_000_000)}` }, { outcome: 'unknown' }],
    ['its own words about us', { rcpt: `550 ${RECEIVER} ${CODE} ${PASSWORD}\r\n` }, { outcome: 'rejected' }],
  ])('%s', async (_what, script, expected) => {
    server.will(script);
    expect(await send()).toMatchObject(expected);
  });

  it('is waited for until the deadline and no longer (FI-24)', async () => {
    server.will({ end: 'silence' });
    expect(await send({ deadlineMs: 300 })).toMatchObject({
      outcome: 'unknown',
      reason: 'smtp_data_deadline',
    });
    server.will({ greeting: 'silence' });
    expect(await send({ deadlineMs: 300 })).toMatchObject({ outcome: 'retry' });
  });

  it('is not waited for once the worker gives up', async () => {
    server.will({ end: 'silence' });
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), 200);
    expect(await send({}, {}, giveUp.signal)).toMatchObject({
      outcome: 'unknown',
      reason: 'smtp_data_aborted',
    });
  });

  it('cannot be anything when nobody listens', async () => {
    const port = Number(new URL(await closedAddress()).port);
    expect(await send({}, { port })).toMatchObject({ outcome: 'retry' });
  });
});

describe('encryption (FI-30)', () => {
  it.each([
    ['is not offered', {}],
    ['is refused', { ehlo: '250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n' }],
  ])('that %s stops the account, and nothing goes out in clear', async (_what, script) => {
    server.will(script);
    expect(await send({}, { security: 'starttls' })).toMatchObject({
      outcome: 'rejected',
      failure: 'account',
    });
    expect(server.commands.filter((command) => /^(AUTH|MAIL|RCPT|DATA)/.test(command))).toEqual([]);
  });

  it('from the first byte is not given up when the server speaks in clear', async () => {
    expect(await send({}, { security: 'tls' })).toMatchObject({ outcome: 'rejected', failure: 'account' });
    expect(server.commands.filter((command) => /^(AUTH|MAIL|RCPT|DATA)/.test(command))).toEqual([]);
  });

  it('may be left out towards this machine only', () => {
    const errors = (host: string, security: string): number =>
      validateSync(plainToInstance(SmtpConfig, { host, port: 25, security })).length;
    expect(errors('127.0.0.1', 'none')).toBe(0);
    expect(errors('smtp.example.com', 'none')).toBe(1);
    expect(errors('10.0.0.1', 'none')).toBe(1);
    expect(errors('smtp.example.com', 'starttls')).toBe(0);
  });
});

describe('a diagnosis', () => {
  const diagnose = (): Promise<unknown> =>
    smtp.diagnose!(config(), [], { http: undefined as never, now: () => Date.now() });

  it('logs in and sends nothing', async () => {
    expect(await diagnose()).toMatchObject([
      { check: 'reachable', ok: true },
      { check: 'credentials', ok: true },
    ]);
    expect(server.commands.filter((command) => /^(MAIL|RCPT|DATA)/.test(command))).toEqual([]);
  });

  it('tells a bad login from a server that is not there', async () => {
    server.will({ auth: '535 5.7.8 No\r\n' });
    expect(await diagnose()).toMatchObject([{ ok: true }, { check: 'credentials', ok: false }]);
    server.will({ greeting: 'cut' });
    expect(await diagnose()).toMatchObject([{ check: 'reachable', ok: false }]);
  });
});
