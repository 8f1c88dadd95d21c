// Owns X.509: Node reads certificates but does not write them, and a key that lies in a repository looks like a secret
// to everyone who searches it. So they are made when they are needed.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

/** Both in PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

export interface CertificateRequest {
  /** Host names, and IPv4 addresses; the first is the subject. */
  hosts: readonly [string, ...string[]];
  from: Date;
  to: Date;
}

/** A P-256 certificate that signed itself: whoever trusts it trusts this one server and nobody else. */
export function makeCertificate({ hosts, from, to }: CertificateRequest): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(0x55, 0x04, 0x03), tagged(0x0c, Buffer.from(hosts[0])))));
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const alternativeNames = sequence(
    oid(0x55, 0x1d, 0x11),
    tagged(0x04, sequence(...hosts.map(alternativeName))),
  );
  const version3 = tagged(0xa0, integer(Buffer.from([2])));
  const toBeSigned = sequence(
    version3,
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(from), time(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(alternativeNames)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]);
  const body = sequence(toBeSigned, algorithm, tagged(0x03, signature)).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function alternativeName(host: string): Buffer {
  if (isIPv4(host)) return tagged(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host)) throw new Error('an IPv6 address is not written here');
  return tagged(0x82, Buffer.from(host));
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const size = value.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts);
const set = (...parts: Buffer[]): Buffer => tagged(0x31, ...parts);
const integer = (value: Buffer): Buffer => tagged(0x02, value);
const oid = (...bytes: number[]): Buffer => tagged(0x06, Buffer.from(bytes));
/** GeneralizedTime, to the second. */
const time = (date: Date): Buffer =>
  tagged(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));
