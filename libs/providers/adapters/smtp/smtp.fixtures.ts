// What the conformance suite needs of mail, and a server that follows a script, on a real socket: what it answers to each
// command, and where it cuts.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type { SimulatedCase, SimulatorStage } from '../../conformance/provider-case.fixtures.js';
import type { OutboundMessage } from '../../message-provider.js';
import type { SmtpConfig } from './smtp.config.js';
import { smtp } from './smtp.provider.js';

const PASSWORD = 'smtp-password-8842';
const CODE = '086420';
export const MESSAGE: OutboundMessage = {
  channel: 'email',
  to: 'ana@example.com',
  from: { address: 'codes@sender.example' },
  code: CODE,
  correlationId: 'msg_0123.1',
  content: { subject: 'Your code', text: `Your code is ${CODE}`, html: `<p>Your code is ${CODE}</p>` },
  deadlineMs: 3_000,
};

export const smtpCase: SimulatedCase = {
  provider: smtp,
  scheme: 'smtp',
  config: (baseUrl) => {
    const { hostname, port } = new URL(baseUrl);
    return { host: hostname, port: Number(port), security: 'none', username: 'user', password: PASSWORD };
  },
  secrets: [PASSWORD],
  message: MESSAGE,
  // A 4yz reply is the server's word that it took nothing, also after the data.
  unavailable: { outcome: 'retry' },
  // Mail has no delay that a server names, no gateway before it and no body in its answers: the accidents of its own wire
  // are in the spec.
  unplayed: [
    'throttledForTwoSeconds',
    'badGateway',
    'reset',
    'cutShort',
    'halfJson',
    'page',
    'empty',
    'redirect',
    'tenMegabytes',
    'flood',
    'dripHeaders',
    'dripBody',
  ],
  simulator: openStage,
};

/** A simulator whose certificate is trusted, and its mailboxes in the place of the script. */
async function openStage(): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  const { smtpUsername, smtpPassword } = new SimulatorConfig();
  const { port, tlsPort, ca } = (await simulator.control('GET', 'mail')).json;
  const config: SmtpConfig = {
    host: '127.0.0.1',
    port: tlsPort,
    security: 'tls',
    username: smtpUsername,
    password: smtpPassword,
    ca,
  };
  const mailbox = async (kind: string): Promise<undefined> => {
    await simulator.control('PUT', 'mailboxes', { address: MESSAGE.to, kind });
    return undefined;
  };
  return {
    url: simulator.url,
    config,
    message: MESSAGE,
    play: {
      accepts: async () => undefined,
      badCredentials: async () => ({ ...config, password: PASSWORD }),
      badReceiver: () => mailbox('refuse'),
      throttled: () => mailbox('greylist'),
      unavailable: () => mailbox('unavailable'),
      // In clear, because the deadline is too short for a handshake on a busy machine.
      silence: async () => {
        await mailbox('hang');
        return { ...config, port, security: 'none' };
      },
      hangUp: () => mailbox('drop'),
    },
    takes: ['accepts', 'silence', 'hangUp'],
    taken: async () => {
      const { json: log } = await simulator.control('GET', 'messages');
      await simulator.control('DELETE', 'messages');
      await simulator.control('DELETE', 'mailboxes');
      return log.messages.map(({ code }: { code: string }) => code);
    },
    close: () => simulator.stop(),
  };
}

/** A reply's bytes; `cut` ends the connection with a reset, `silence` answers nothing. */
export type Reply = string | 'cut' | 'silence';

export interface Script {
  greeting: Reply;
  ehlo: Reply;
  starttls: Reply;
  auth: Reply;
  mail: Reply;
  rcpt: Reply;
  data: Reply;
  /** After the message. */
  end: Reply;
}

const OBEDIENT: Script = {
  greeting: '220 mail.test ESMTP\r\n',
  ehlo: '250-mail.test\r\n250 AUTH PLAIN\r\n',
  starttls: '502 5.5.1 Not implemented\r\n',
  auth: '235 2.7.0 Welcome\r\n',
  mail: '250 2.1.0 Ok\r\n',
  rcpt: '250 2.1.5 Ok\r\n',
  data: '354 Go on\r\n',
  end: '250 2.0.0 Queued as 4711\r\n',
};

export class ScriptedMailServer {
  /** Every command, in order, of all connections. */
  readonly commands: string[] = [];
  readonly mails: string[] = [];
  connections = 0;
  private script = OBEDIENT;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedMailServer> {
    const server = createServer();
    const scripted = new ScriptedMailServer(server);
    server.on('connection', (socket) => scripted.serve(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  will(changes: Partial<Script> = {}): void {
    this.script = { ...OBEDIENT, ...changes };
    this.commands.length = 0;
    this.mails.length = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let pending = '';
    let inData = false;
    this.answer(socket, this.script.greeting);
    socket.on('data', (chunk) => {
      pending += chunk.toString();
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const end = pending.indexOf(mark);
        if (end < 0) return;
        const text = pending.slice(0, end);
        pending = pending.slice(end + mark.length);
        if (inData) {
          inData = false;
          this.mails.push(text);
          this.answer(socket, this.script.end);
        } else {
          this.commands.push(text);
          inData = this.obey(socket, text);
        }
      }
    });
  }

  private obey(socket: Socket, command: string): boolean {
    const verb = command.slice(0, 4).toUpperCase();
    const { ehlo, starttls, auth, mail, rcpt, data } = this.script;
    if (verb === 'QUIT') socket.end('221 Bye\r\n');
    else {
      const replies: Record<string, Reply> = {
        EHLO: ehlo,
        HELO: ehlo,
        STAR: starttls,
        AUTH: auth,
        MAIL: mail,
        RCPT: rcpt,
        DATA: data,
      };
      this.answer(socket, replies[verb] ?? '502 5.5.1 What?\r\n');
    }
    return verb === 'DATA' && data.startsWith('354');
  }

  private answer(socket: Socket, reply: Reply): void {
    if (reply === 'cut') socket.resetAndDestroy();
    else if (reply !== 'silence') socket.write(reply);
  }
}
