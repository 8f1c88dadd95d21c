// Owns the mail server: one login, any receiver, every mail into the log. It sends nothing on.

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { MessageLog } from '../core/message-log.js';
import { SimulatorConfig } from '../simulator.config.js';
import { readMail } from './mail-reader.js';
import { MailboxRules } from './mailbox-rules.js';

const MAX_MAIL_BYTES = 1024 * 1024;

@Injectable()
export class MailServer implements OnApplicationShutdown {
  private readonly server: SMTPServer;

  constructor(
    private readonly config: SimulatorConfig,
    private readonly log: MessageLog,
    private readonly rules: MailboxRules,
  ) {
    this.server = new SMTPServer({
      // It is reached on one's own machine; a certificate that nobody signed would only teach to ignore them.
      disabledCommands: ['STARTTLS'],
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
    });
    // A client that cuts its connection is no news.
    this.server.on('error', () => undefined);
  }

  /** Answers the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      const listening = this.server.listen(this.config.smtpPort, this.config.host, () =>
        resolve((listening.address() as AddressInfo).port),
      );
    });
  }

  onApplicationShutdown(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
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
    const id = randomBytes(8).toString('hex');
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
    for (const { address } of session.envelope.rcptTo) {
      const message = this.log.append({
        channel: 'email',
        id: `${id}.${address}`,
        accountId: 'smtp',
        senderId: from,
        from,
        senderName: mail.fromName || from,
        to: address,
        header: mail.subject,
        text: mail.text,
        html: mail.html,
        code: /(?<![\p{L}\p{N}])(?=[A-Z]*\d)[A-Z0-9]{4,15}(?![\p{L}\p{N}])/u.exec(mail.text)?.[0],
        correlation: mail.messageId,
        buttons: [],
        fate: { kind: 'delivered' },
      });
      this.log.addStatus(message, 'delivered');
      const rule = this.rules.find(address);
      if (rule?.latencyMs) await pause(rule.latencyMs);
      if (rule?.kind === 'drop') this.cut(session);
    }
    return `Queued as ${id}`;
  }

  /** The mail is taken, and its sender never learns it. */
  private cut(session: SMTPServerSession): void {
    for (const connection of this.server.connections) {
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
