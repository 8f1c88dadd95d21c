// As much of PostgreSQL's wire protocol as it takes to know that a server serves: start a session, run one statement.
// It runs before any package is loaded, and only against our own embedded server, which trusts 127.0.0.1.
import { connect } from 'node:net';

const PROTOCOL_3 = 196608;

export function queryPostgres({ port, sql, database = 'postgres', timeoutMs = 20_000 }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let received = Buffer.alloc(0);
    let asked = false;
    let failure;
    const finish = (error) => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };

    socket.setTimeout(timeoutMs, () => finish(new Error('PostgreSQL did not answer in time')));
    socket.once('error', finish);
    socket.once('close', () => finish(failure ?? new Error('PostgreSQL closed the connection')));
    socket.once('connect', () => socket.write(startup({ user: 'postgres', database })));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // Each message: one byte of type, four of length (which counts itself), the body.
      while (received.length >= 5 && received.length > received.readInt32BE(1)) {
        const length = received.readInt32BE(1);
        const type = String.fromCharCode(received[0]);
        const body = received.subarray(5, length + 1);
        received = received.subarray(length + 1);
        if (type === 'E') failure = toError(body);
        if (type !== 'Z') continue; // Z: ready for the next query
        if (asked) return finish(failure);
        asked = true;
        socket.write(message('Q', `${sql}\0`));
      }
    });
  });
}

function startup(parameters) {
  const text = Object.entries(parameters).flat().join('\0');
  const body = Buffer.from(`${text}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

function message(type, text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** An error's fields are one letter and a string each: C is the SQLSTATE, M the text. */
function toError(body) {
  const fields = body.toString('utf8').split('\0').filter(Boolean);
  const field = (letter) => fields.find((entry) => entry[0] === letter)?.slice(1);
  return Object.assign(new Error(field('M')), { code: field('C') });
}
