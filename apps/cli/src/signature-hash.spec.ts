import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateFor } from '../../../test/support/certificates.js';
import { UsageError } from './usage.js';
import { signatureHash } from './signature-hash.js';

const PACKAGE = 'com.example.app';
/** The hash of PACKAGE and CERTIFICATE, computed once with RECIPE. */
const HASH = 'th6qOARZiCp';
const FINGERPRINT =
  '4B:AA:DB:CF:57:FD:B1:0B:E9:43:95:73:74:09:A4:3C:39:BB:EF:FA:BB:C9:15:9B:1D:83:FA:70:C2:2C:70:C5';
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUTwubDBt61dc1BDDEbLrUR50RGt0wCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTRXhhbXBsZSBhcHAgc2lnbmluZzAgFw0yNjExMjcwNTIwMTha
GA8yMDU0MDQxNDA1MjAxOFowHjEcMBoGA1UEAwwTRXhhbXBsZSBhcHAgc2lnbmlu
ZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLPjpQhfETye52cr6IPppJxEXMqE
x0P2i7xlYRUFOIPp49sS/jDLHWlxpPSfzXwsc+YZ2B5HYXH+bCCAdePQSRWjUzBR
MB0GA1UdDgQWBBRhAyxIVAo+aMPqbw8JqwFZB+FQpjAfBgNVHSMEGDAWgBRhAyxI
VAo+aMPqbw8JqwFZB+FQpjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA
MEQCIHjHixlTWWpYAyDwOZAWvI0LwcHXUFoPwz7yYHNugi7cAiAKlT9L7h0F4RsE
P+bzZ0cxn0p7yFGmwzB1kwEwAmZ34g==
-----END CERTIFICATE-----
`;
/** Google's recipe for the hash of SMS Retriever, in openssl and a shell: $1 the package, $2 the certificate in PEM. */
const RECIPE = `(printf '%s ' "$1"; openssl x509 -in "$2" -outform DER | od -An -v -tx1 | tr -d ' \\n') |
  openssl dgst -sha256 -binary | openssl base64 | cut -c1-11`;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const der = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signature-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Buffer): string {
  const file = join(folder, 'certificate');
  writeFileSync(file, content);
  return file;
}

describe('the signature hash of an app', () => {
  it.each([
    ['PEM', CERTIFICATE],
    ['PEM with lines around it, as keytool -rfc prints', `Alias name: upload\n${CERTIFICATE}\n`],
    ['PEM with CRLF', CERTIFICATE.replaceAll('\n', '\r\n')],
    ['DER', der(CERTIFICATE)],
  ])('is the known one, from a certificate in %s', (_form, content) => {
    expect(signatureHash([PACKAGE, fileOf(content)])).toEqual({
      packageName: PACKAGE,
      signatureHash: HASH,
      certificateSha256: FINGERPRINT,
    });
  });

  it.runIf(hasOpenssl)('is what openssl makes of any package and certificate', () => {
    for (const name of ['com.example.app', 'org.Example_2.a', 'a.b']) {
      const file = fileOf(certificateFor('localhost').cert);
      const expected = execFileSync('sh', ['-c', RECIPE, 'sh', name, file], { encoding: 'utf8' }).trim();
      expect(expected).toMatch(/^[A-Za-z0-9+/]{11}$/);
      expect(signatureHash([name, file]).signatureHash).toBe(expected);
    }
  });
});

describe('what cannot be right', () => {
  it.each([
    ['no package', [], /^package: /],
    ['one segment', ['shopping'], /^package: /],
    ['a segment that begins with a digit', ['com.1example'], /^package: /],
    ['an empty segment', ['com..example'], /^package: /],
    ['a hyphen', ['com.my-app'], /^package: /],
    ['a letter that is none of ASCII', ['com.éxample'], /^package: /],
    ['a space behind it', ['com.example '], /^package: /],
    ['more than 224 characters', [`com.${'a'.repeat(221)}`], /^package: /],
    ['no certificate', [PACKAGE], /^certificate: give a file/],
    ['a file that is not there', [PACKAGE, '/nowhere/cert.pem'], /^certificate: the file cannot be read/],
    ['a folder', [PACKAGE, tmpdir()], /^certificate: the file cannot be read/],
  ])('%s is told by name', (_what, words, message) => {
    expect(() => signatureHash(words)).toThrow(UsageError);
    expect(() => signatureHash(words)).toThrow(message);
    // A wrong value is never repeated: it may be a file's content, pasted in the wrong place.
    for (const word of words.filter((each) => each.length > 1 && each !== PACKAGE))
      expect(() => signatureHash(words)).not.toThrow(word);
  });

  it.each([
    ['nothing', '', /no X\.509 certificate/],
    ['words', 'not a certificate', /no X\.509 certificate/],
    ['half a certificate', CERTIFICATE.slice(0, 300), /no X\.509 certificate/],
    ['half a DER', der(CERTIFICATE).subarray(0, 200), /no X\.509 certificate/],
    ['two certificates', CERTIFICATE + CERTIFICATE, /more than one/],
    ['a private key beside it', certificateFor('localhost').key + CERTIFICATE, /private key/],
    ['too many bytes', Buffer.alloc(1024 * 1024 + 1, 0x30), /larger than 1 MB/],
  ])('a file with %s is told', (_what, content, message) => {
    expect(() => signatureHash([PACKAGE, fileOf(content)])).toThrow(message);
  });
});
