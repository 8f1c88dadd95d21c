// The adapter against a real mail server: the shared suite as far as it holds for mail, encryption with real
// certificates, and what of a mail reaches the person.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import { describeSimulated } from '../../conformance/describe-provider.fixtures.js';
import type { Finding, OutboundMessage, ProviderContext, SendResult } from '../../message-provider.js';
import type { SmtpConfig, SmtpSecurity } from './smtp.config.js';
import { MESSAGE, smtpCase } from './smtp.fixtures.js';
import { smtp } from './smtp.provider.js';

describeSimulated(smtpCase);

const { smtpUsername: username, smtpPassword: password } = new SimulatorConfig();
const context: ProviderContext = { http: undefined as never, now: () => Date.now() };

let simulator: SimulatorUnderTest;
beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
});
beforeEach(async () => {
  await simulator.control('DELETE', 'messages');
  await show('valid');
});
afterAll(() => simulator.stop());

const show = (certificate: string) => simulator.control('PUT', 'mail', { certificate });
const mails = async () => (await simulator.control('GET', 'messages')).json.messages;

/** How to reach it: with the certificate that it shows now as the authority, unless another is given. */
async function configFor(security: SmtpSecurity, changes: Partial<SmtpConfig> = {}): Promise<SmtpConfig> {
  const { port, tlsPort, ca } = (await simulator.control('GET', 'mail')).json;
  return {
    host: '127.0.0.1',
    port: security === 'tls' ? tlsPort : port,
    security,
    username,
    password,
    ca,
    ...changes,
  };
}

const send = (config: SmtpConfig, changes: Partial<OutboundMessage> = {}): Promise<SendResult> =>
  smtp.send({ ...MESSAGE, ...changes }, config, context);

describe.each(['tls', 'starttls'] as const)('a mail server with %s (FI-30)', (security) => {
  it.each(['127.0.0.1', 'localhost'])('whose certificate is trusted takes the mail at %s', async (host) => {
    const config = await configFor(security, { host });
    expect(await send(config)).toMatchObject({ outcome: 'accepted' });
    expect(await mails()).toMatchObject([{ to: MESSAGE.to, code: MESSAGE.code }]);
    expect(await smtp.diagnose!(config, [], context)).toMatchObject([{ ok: true }, { ok: true }]);
  });

  it.each([
    ['that nobody vouches for', 'valid', { ca: undefined }],
    ['that has expired', 'expired', {}],
    ['of another host', 'otherHost', {}],
  ] as const)(
    'with a certificate %s stops the account, and is given nothing',
    async (_what, certificate, changes) => {
      await show(certificate);
      const config = await configFor(security, changes);
      expect(await send(config)).toEqual({ outcome: 'rejected', reason: 'smtp_tls', failure: 'account' });
      expect(await mails()).toEqual([]);
      const [finding] = (await smtp.diagnose!(config, [], context)) as [Finding];
      expect(finding).toMatchObject({ check: 'reachable', ok: false });
      expect(finding.detail).toMatch(/certificate/);
    },
  );

  it('that was trusted is not any more once it shows another certificate', async () => {
    const config = await configFor(security);
    await show('valid');
    expect(await send(config)).toMatchObject({ outcome: 'rejected', reason: 'smtp_tls' });
  });
});

describe('what reaches the person', () => {
  it('is one mail to one receiver, under our id, in text and HTML', async () => {
    const result = await send(await configFor('starttls'), {
      content: {
        subject: 'Your code: é, 👍 and "quotes"',
        text: `Code ${MESSAGE.code}\n.\nThe line above is a dot.`,
        html: `<p>Code <b>${MESSAGE.code}</b></p>`,
      },
    });
    expect(result).toEqual({ outcome: 'accepted', providerMessageId: 'msg_0123.1@sender.example' });
    expect(await mails()).toMatchObject([
      {
        to: MESSAGE.to,
        from: MESSAGE.from.address,
        subject: 'Your code: é, 👍 and "quotes"',
        text: `Code ${MESSAGE.code}\n.\nThe line above is a dot.`,
        html: `<p>Code <b>${MESSAGE.code}</b></p>`,
        correlation: 'msg_0123.1@sender.example',
      },
    ]);
  });

  it.each([
    ['a header', 'Hi\r\nBcc: evil@example.com\r\nX-Evil: 1'],
    ['the end of the headers', 'Hi\r\n\r\n<script>alert(1)</script>'],
    ['the end of the mail', 'Hi\r\n.\r\nMAIL FROM:<evil@example.com>'],
    ['other line ends', 'Hi\u2028Bcc: evil@example.com\u0085Bcc: evil@example.com'],
  ])('ATK-23 has %s in its subject as words of the subject', async (_what, subject) => {
    await send(await configFor('none'), { content: { ...MESSAGE.content!, subject } });
    const taken = await mails();
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatchObject({ to: MESSAGE.to, text: MESSAGE.content!.text });
    expect(taken[0].subject).toMatch(/^Hi/);
    expect(taken[0].subject).not.toMatch(/[\r\n]/);
  });
});
