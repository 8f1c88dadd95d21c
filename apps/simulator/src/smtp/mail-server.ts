// Owns the mail server: one login, any receiver, every mail into the log. It sends nothing on. One port speaks in clear
// and offers STARTTLS, another TLS from the first byte.

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { codeIn } from '../core/code-in-text.js';
import { MessageLog } from '../core/message-log.js';
import { SimulatorConfig } from '../simulator.config.js';
import { type CertificateKind, MailCertificate } from './mail-certificate.js';
import { readMail } from './mail-reader.js';
import { MailboxRules } from './mailbox-rules.js';

export interface MailPorts {
  /** In clear, with STARTTLS. */
  port: number;
  /** TLS from the first byte. */
  tlsPort: number;
}

const MAX_MAIL_BYTES = 1024 * 1024;

@Injectable()
export class MailServer implements OnApplicationShutdown {
  private readonly servers: readonly [SMTPServer, SMTPServer];
  private bound: MailPorts = { port: 0, tlsPort: 0 };

  constructor(
    private readonly config: SimulatorConfig,
    private readonly log: MessageLog,
    private readonly rules: MailboxRules,
    private readonly certificate: MailCertificate,
  ) {
    this.servers = [this.newServer(false), this.newServer(true)];
  }

  get ports(): MailPorts {
    return this.bound;
  }

  async listen(): Promise<MailPorts> {
    const { smtpPort, smtpsPort } = this.config;
    const [plain, secure] = this.servers;
    this.bound = { port: await this.bind(plain, smtpPort), tlsPort: await this.bind(secure, smtpsPort) };
    return this.bound;
  }

  /** What both ports show from the next connection on. */
  showCertificate(kind: CertificateKind): void {
    const { key, cert } = this.certificate.show(kind);
    for (const server of this.servers) server.updateSecureContext({ key, cert });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.servers.map((server) => new Promise<void>((resolve) => server.close(resolve))));
  }

  private newServer(secure: boolean): SMTPServer {
    const { config } = this;
    const { key, cert } = this.certificate.current;
    const options: SMTPServerOptions = {
      secure,
      key,
      cert,
      authMethods: ['PLAIN', 'LOGIN'],
      allowInsecureAuth: true,
      size: MAX_MAIL_BYTES,
      closeTimeout: 100,
      disableReverseLookup: true,
      onAuth: ({ username, password }, _session, done) => {
        const right = same(username, config.smtpUsername) && same(password, config.smtpPassword);
        done(right ? null : refusal(535, '5.7.8 Authentication credentials invalid'), { user: username });
      },
      onRcptTo: ({ address }, _session, done) => done(this.refusalFor(address)),
      onData: (stream, session, done) => {
        this.take(stream, session).then(
          (answer) => done(null, answer),
          (error: Error) => done(error),
        );
      },
    };
    const server = new SMTPServer(options);
    // A client that cuts its connection, or does not trust the certificate, is no news.
    server.on('error', () => undefined);
    return server;
  }

  private bind(server: SMTPServer, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const listening = server.listen(port, this.config.host, () =>
        resolve((listening.address() as AddressInfo).port),
      );
    });
  }

  private refusalFor(address: string): Error | null {
    const rule = this.rules.find(address);
    if (rule?.kind === 'refuse') return refusal(550, '5.1.1 No such mailbox');
    if (rule?.kind !== 'greylist' && rule?.kind !== 'greylistOnce') return null;
    this.rules.spend(rule);
    return refusal(451, '4.7.1 Greylisted, try again later');
  }

  private async take(stream: NodeJS.ReadableStream, session: SMTPServerSession): Promise<string> {
    const raw = await buffer(stream);
    const mail = readMail(raw.toString('utf8'));
    const rules = session.envelope.rcptTo.map(({ address }) => this.rules.find(address)?.kind);
    if (rules.includes('unavailable')) throw refusal(451, '4.3.0 Try again later');
    const id = randomBytes(8).toString('hex');
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
    for (const { address } of session.envelope.rcptTo) {
      const message = this.log.append({
        channel: 'email',
        skin: 'smtp',
        id: `${id}.${address}`,
        accountId: 'smtp',
        senderId: from,
        from,
        senderName: mail.fromName || from,
        to: address,
        header: mail.subject,
        text: mail.text,
        html: mail.html,
        code: codeIn(mail.text),
        correlation: mail.messageId,
        buttons: [],
        fate: { kind: 'delivered' },
      });
      this.log.addStatus(message, 'delivered');
      const rule = this.rules.find(address);
      if (rule?.latencyMs) await pause(rule.latencyMs);
      if (rule?.kind === 'drop') this.cut(session);
      if (rule?.kind === 'hang') await new Promise(() => undefined);
    }
    return `Queued as ${id}`;
  }

  /** The mail is taken, and its sender never learns it. */
  private cut(session: SMTPServerSession): void {
    for (const connection of this.servers.flatMap(({ connections }) => [...connections])) {
      if (connection.id === session.id)
        (connection as unknown as { _socket: { destroy(): void } })._socket.destroy();
    }
  }
}

function refusal(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode });
}

function same(given: string | null | undefined, wanted: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
