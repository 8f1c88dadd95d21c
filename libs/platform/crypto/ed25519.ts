import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface Ed25519Pair {
  privateKey: KeyObject;
  /** The 32 bytes of the public key, base64url. */
  publicKey: string;
}

/** The pair that follows from a secret of 32 bytes: no key file beside the ring, and the same pair in every process. */
export function ed25519From(secret: KeyObject): Ed25519Pair {
  const der = Buffer.concat([PKCS8_HEAD, secret.export()]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: 'jwk' }).x! };
}

/** Reads the 32 bytes in base64url; undefined when they are no public key. */
export function readEd25519(publicKey: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  } catch {
    return undefined;
  }
}
