// A mail server that follows a script, on a real socket: what it answers to each command, and where it cuts.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

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
