import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { drawRandomBytes } from './random-pool.js';
import { type KeyLabel, KeyRing } from './key-ring.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const IV_CHARACTERS = 16;
const TAG_CHARACTERS = 22;

/** The key that sealed a value is no longer in the ring. */
export class RetiredKey extends Error {
  constructor(readonly kid: string) {
    super(`key ${kid} is not in the key ring`);
  }
}

/**
 * AES-256-GCM with a random 96-bit IV. Text form: `kid.` and, each in base64url, iv (16 characters), tag (22),
 * ciphertext.
 * `boundTo` is authenticated, not stored: a ciphertext moved to another record does not open (SEC-07).
 */
@Injectable()
export class Sealer {
  constructor(private readonly keyRing: KeyRing) {}

  seal(label: KeyLabel, plain: string, boundTo: string): string {
    const { kid, key } = this.keyRing.active(label);
    const iv = drawRandomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.from(boundTo));
    const body = cipher.update(plain, 'utf8', 'base64url') + cipher.final('base64url');
    return `${kid}.${iv.toString('base64url')}${cipher.getAuthTag().toString('base64url')}${body}`;
  }

  /** Throws `RetiredKey`, or an authentication error when the value was altered or moved. */
  open(label: KeyLabel, sealed: string, boundTo: string): string {
    const dot = sealed.indexOf('.');
    const kid = sealed.slice(0, dot);
    const key = this.keyRing.find(label, kid);
    if (!key) throw new RetiredKey(kid);
    const iv = Buffer.from(sealed.slice(dot + 1, dot + 1 + IV_CHARACTERS), 'base64url');
    const tag = Buffer.from(
      sealed.slice(dot + 1 + IV_CHARACTERS, dot + 1 + IV_CHARACTERS + TAG_CHARACTERS),
      'base64url',
    );
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(tag);
    return (
      decipher.update(sealed.slice(dot + 1 + IV_CHARACTERS + TAG_CHARACTERS), 'base64url', 'utf8') +
      decipher.final('utf8')
    );
  }
}
