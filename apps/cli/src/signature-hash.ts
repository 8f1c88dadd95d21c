import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from './usage.js';

/** At least two segments, each beginning with a letter (Meta's rule, which is Android's); 224 characters at most. */
const PACKAGE_NAME = /^(?=.{3,224}$)[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+$/;
/** A signing certificate has one or two kilobytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Android's hash of an app and who signed it, as SMS Retriever and one-tap templates name it: the first 11 characters of
 * base64(SHA-256("<package> <certificate in lower-case hex>")).
 */
export function signatureHash([packageName, file]: readonly string[]): {
  packageName: string;
  signatureHash: string;
  certificateSha256: string;
} {
  if (packageName === undefined || !PACKAGE_NAME.test(packageName))
    throw new UsageError(
      'package: give the application id, such as com.example.app: two or more parts with dots between, each of ' +
        'letters, digits and underscores, beginning with a letter; at most 224 characters',
    );
  const der = readCertificate(file).raw;
  const hash = createHash('sha256')
    .update(`${packageName} ${der.toString('hex')}`)
    .digest('base64');
  return {
    packageName,
    signatureHash: hash.slice(0, 11),
    // As Play Console and `keytool -list -v` show it, to compare.
    certificateSha256: createHash('sha256').update(der).digest('hex').toUpperCase().match(/../g)!.join(':'),
  };
}

/** One certificate in PEM or DER. Of several the right one would be a guess, and a wrong hash is silent on the phone. */
function readCertificate(file: string | undefined): X509Certificate {
  if (file === undefined)
    throw new UsageError('certificate: give a file in PEM or DER, or - for standard input');
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch {
    throw new UsageError('certificate: the file cannot be read');
  }
  if (bytes.length > MAX_FILE_BYTES) throw new UsageError('certificate: the file is larger than 1 MB');
  const text = bytes.toString('latin1');
  if (text.includes('PRIVATE KEY-----'))
    throw new UsageError('certificate: this file holds a private key; give the certificate alone');
  if ((text.match(/-----BEGIN CERTIFICATE-----/g) ?? []).length > 1)
    throw new UsageError(
      'certificate: the file holds more than one; give the one that the app is signed with',
    );
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new UsageError('certificate: the file is no X.509 certificate in PEM or DER');
  }
}
