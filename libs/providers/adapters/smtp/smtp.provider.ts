import MailComposer from 'nodemailer/lib/mail-composer';
import { domainToAscii, parseEmail } from '#platform/email';
import {
  defineProvider,
  type FailureClass,
  type Finding,
  type OutboundMessage,
  type SendResult,
} from '../../message-provider.js';
import { SmtpConfig } from './smtp.config.js';
import { runSession, type SessionFailure } from './smtp-session.js';

const DIAGNOSE_DEADLINE_MS = 10_000;

/** E-mail through any mail server. A connection per mail: nothing is kept between two sends. */
export const smtp = defineProvider<SmtpConfig>({
  id: 'smtp',
  channels: ['email'],
  configDto: SmtpConfig,
  secrets: ['password'],
  echoesCorrelation: false,
  baseUrl: ({ host, port, security }) => {
    const name = host.includes(':') ? `[${host}]` : host.toLowerCase();
    return `${security === 'tls' ? 'smtps' : 'smtp'}://${name}:${port}`;
  },

  async send(message, config, { signal, now }) {
    const from = toAsciiAddress(message.from.address);
    if (from === undefined) return rejected('sender_invalid', 'account');
    const to = toAsciiAddress(message.to);
    if (to === undefined) return rejected('receiver_invalid', 'receiver');
    if (!message.content) return rejected('content_missing', 'bug');
    const domain = from.slice(from.lastIndexOf('@') + 1);
    const id = `${message.correlationId}@${domain}`;
    const raw = await compose({ ...message, to, from: { address: from } }, config.fromName, id, now());
    const failure = await runSession(
      config,
      { from, to, raw },
      { name: domain, deadlineMs: message.deadlineMs, signal },
    );
    return failure ? judge(failure) : { outcome: 'accepted', providerMessageId: id };
  },

  async diagnose(config, _senders, { signal }) {
    const failure = await runSession(config, undefined, {
      name: 'countersign.invalid',
      deadlineMs: DIAGNOSE_DEADLINE_MS,
      signal,
    });
    return findingsOf(failure, config);
  },
});

/** The address with its domain in A-labels; undefined when it is not exactly one address (ATK-23). */
function toAsciiAddress(address: string): string | undefined {
  if (parseEmail(address) === 'invalid_email') return undefined;
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}@${domainToAscii(address.slice(at + 1))}`;
}

/** Addresses are handed over as objects: no parser sees them again. */
function compose(
  { to, from, content }: OutboundMessage,
  fromName: string | undefined,
  id: string,
  now: number,
): Promise<Buffer> {
  return new MailComposer({
    from: { name: fromName ?? '', address: from.address },
    to: { name: '', address: to },
    subject: oneLine(content!.subject ?? ''),
    text: content!.text,
    html: content!.html,
    messageId: `<${id}>`,
    date: new Date(now),
    // Out-of-office replies and loops are of no use to anybody (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

function rejected(reason: string, failure: FailureClass): SendResult {
  return { outcome: 'rejected', reason, failure };
}

/**
 * A 4yz or 5yz reply is the server's word that it did not take the mail, also the one after the data (RFC 5321
 * §4.2.5). Silence or a cut after the data leaves it open; before it, nothing was handed over.
 */
function judge({ stage, kind, reply }: SessionFailure): SendResult {
  if (kind === 'tls') return rejected('smtp_tls', 'account');
  if (kind === 'no_auth') return rejected('smtp_auth_not_offered', 'account');
  if (kind === 'address') return rejected('smtp_address_refused', 'receiver');
  if (reply) {
    const reason = `smtp_${reply.enhanced ?? reply.status}`;
    if (reply.status < 500) return { outcome: 'retry', reason };
    return rejected(reason, refusedBy(stage, reply.enhanced));
  }
  const reason = `smtp_${stage}_${kind}`;
  return stage === 'data' ? { outcome: 'unknown', reason } : { outcome: 'retry', reason };
}

/** RFC 3463: x.1 and x.2 speak of the mailbox, x.7 of what this sender may do. */
function refusedBy(stage: SessionFailure['stage'], enhanced: string | undefined): FailureClass {
  if (stage === 'connect' || stage === 'login') return 'account';
  const subject = enhanced?.split('.')[1];
  // 5.1.7 and 5.1.8 are about the sender's address, not the receiver's.
  if (subject === '7' || enhanced === '5.1.7' || enhanced === '5.1.8') return 'account';
  return 'receiver';
}

function findingsOf(failure: SessionFailure | undefined, config: SmtpConfig): Finding[] {
  const reached: Finding = { check: 'reachable', ok: true, detail: 'The server answers as it should.' };
  if (failure && failure.stage !== 'login')
    return [{ check: 'reachable', ok: false, detail: `No session: ${describe(failure)}.` }];
  if (config.username === undefined) return [reached];
  return [
    reached,
    {
      check: 'credentials',
      ok: failure === undefined,
      detail: failure ? `Not logged in: ${describe(failure)}.` : 'The server takes user name and password.',
    },
  ];
}

function describe({ kind, reply }: SessionFailure): string {
  if (reply) return `status ${reply.status}${reply.enhanced ? ` (${reply.enhanced})` : ''}`;
  const words: Record<SessionFailure['kind'], string> = {
    tls: 'the connection could not be encrypted, or the certificate is not valid for this host',
    no_auth: 'the server does not offer a login',
    connection: 'the connection was refused or cut',
    deadline: 'no answer in time',
    aborted: 'given up',
    protocol: 'what answers does not speak SMTP',
    address: 'an address was refused',
    reply: 'refused',
  };
  return words[kind];
}
