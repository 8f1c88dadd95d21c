import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SmtpConfig } from './smtp.config.js';

const MAX_REPLY_BYTES = 16 * 1024;

/** How far a session came, which decides what its failure means. `data`: the server said 354 and was given bytes. */
export type Stage = 'connect' | 'login' | 'envelope' | 'data';

export interface SessionFailure {
  stage: Stage;
  kind: 'reply' | 'tls' | 'connection' | 'deadline' | 'aborted' | 'protocol' | 'no_auth' | 'address';
  /** The server's reply, when it gave one: `550`, and `5.1.1` where it is told. Its words are left behind. */
  reply?: { status: number; enhanced?: string };
}

export interface Mail {
  from: string;
  to: string;
  raw: Buffer;
}

interface Limits {
  /** Name told in EHLO. */
  name: string;
  deadlineMs: number;
  signal?: AbortSignal;
}

/** Connects, encrypts, logs in, and sends the mail if there is one. Undefined when all of it was done. */
export function runSession(
  config: SmtpConfig,
  mail: Mail | undefined,
  { name, deadlineMs, signal }: Limits,
): Promise<SessionFailure | undefined> {
  return new Promise((resolve) => {
    let stage: Stage = 'connect';
    const connection = new SMTPConnection({
      host: config.host,
      port: config.port,
      secure: config.security === 'tls',
      // Without STARTTLS the session ends; it never goes on in clear (FI-30).
      requireTLS: config.security === 'starttls',
      ignoreTLS: config.security === 'none',
      tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ca: config.ca },
      name,
      connectionTimeout: deadlineMs,
      greetingTimeout: deadlineMs,
      socketTimeout: deadlineMs,
      dnsTimeout: deadlineMs,
      socketCloseTimeout: 0,
      maxResponseSize: MAX_REPLY_BYTES,
    });
    let ended = false;
    const finish = (failure?: SessionFailure): void => {
      if (ended) return;
      ended = true;
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      // First, because closing emits `end` at once, which would be heard as the reason.
      resolve(failure);
      if (failure) connection.close();
      else connection.quit();
    };
    const fail = (error: unknown): void => finish(readFailure(error, stage));
    const abort = (): void => finish({ stage, kind: 'aborted' });
    const deadline = setTimeout(() => finish({ stage, kind: 'deadline' }), deadlineMs);
    // It goes on emitting after the end; without a listener that would be an exception nobody catches.
    connection.on('error', fail);
    connection.on('end', () => finish({ stage, kind: 'connection' }));
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });

    const transfer = (): void => {
      if (!mail) return finish();
      stage = 'envelope';
      const body = bodyOf(mail.raw, () => (stage = 'data'));
      connection.send({ from: mail.from, to: [mail.to], size: mail.raw.length }, body, (error, info) => {
        if (error) return fail(error);
        // Only a reply that is one means taken; anything else leaves the question open.
        return /^2\d\d[ -]/.test(`${info?.response ?? ''} `) ? finish() : finish({ stage, kind: 'protocol' });
      });
    };
    connection.connect((error) => {
      if (error) return fail(error);
      if (config.username === undefined) return transfer();
      stage = 'login';
      if (!connection.allowsAuth) return finish({ stage, kind: 'no_auth' });
      connection.login({ user: config.username, pass: config.password ?? '' }, (failed) =>
        failed ? fail(failed) : transfer(),
      );
    });
  });
}

/** Read only once the server asked for the message: what tells "certainly not sent" from "perhaps". */
function bodyOf(raw: Buffer, onRead: () => void): Readable {
  return new Readable({
    highWaterMark: raw.length,
    read() {
      onRead();
      this.push(raw);
      this.push(null);
    },
  });
}

const TLS_CODES =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;

function readFailure(error: unknown, stage: Stage): SessionFailure {
  const { code, originalCode, responseCode, response } = error as {
    code?: string;
    originalCode?: string;
    responseCode?: number;
    response?: string;
  };
  if (code === 'ETLS' || code === 'EREQUIRETLS' || TLS_CODES.test(originalCode ?? code ?? ''))
    return { stage, kind: 'tls' };
  if (responseCode !== undefined && responseCode >= 400 && responseCode < 600) {
    const enhanced = /^\d{3}[ -]([45]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
    return { stage, kind: 'reply', reply: { status: responseCode, enhanced } };
  }
  if (code === 'EENVELOPE' && stage === 'envelope' && !response) return { stage, kind: 'address' };
  if (code === 'EPROTOCOL' || response) return { stage, kind: 'protocol' };
  return { stage, kind: 'connection' };
}
