import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { drawRandomBytes } from './random-pool.js';
import { type KeyLabel, KeyRing } from './key-ring.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

type Encoding = 'utf8' | 'base64url';

/** The key that sealed a value is no longer in the ring. */
export class RetiredKey extends Error {
  constructor(readonly kid: string) {
    super(`key ${kid} is not in the key ring`);
  }
}

/**
 * AES-256-GCM with a random 96-bit IV. Text form: `kid.base64url(iv ‖ tag ‖ ciphertext)`.
 * `boundTo` is authenticated, not stored: a ciphertext moved to another record does not open (SEC-07).
 */
@Injectable()
export class Sealer {
  constructor(private readonly keyRing: KeyRing) {}

  /** `encoding`: what `plain` is written in; bytes that are text already need not grow again. */
  seal(label: KeyLabel, plain: string, boundTo: string, encoding: Encoding = 'utf8'): string {
    const { kid, key } = this.keyRing.active(label);
    const iv = drawRandomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.from(boundTo));
    const body = cipher.update(plain, encoding);
    // GCM is a stream: what `final` returns is empty, but it makes the tag.
    cipher.final();
    return `${kid}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
  }

  /** Throws `RetiredKey`, or an authentication error when the value was altered or moved. */
  open(label: KeyLabel, sealed: string, boundTo: string, encoding: Encoding = 'utf8'): string {
    const dot = sealed.indexOf('.');
    const kid = sealed.slice(0, dot);
    const key = this.keyRing.find(label, kid);
    if (!key) throw new RetiredKey(kid);
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      encoding,
    );
  }
}
