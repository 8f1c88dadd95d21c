import { Injectable } from '@nestjs/common';
import { constantTimeEqual, drawRandomBytes, keyedDigest, KeyRing, shortDigest } from '#platform/crypto';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { checkCharacters, findTokens, makeToken, TOKEN_BYTES } from './inbound-token.js';

/** Where a token is found: the partition of its challenge, and its name there. */
export interface TokenPlace {
  partition: number;
  ref: string;
}

/** The number that the page shows, among those that the chat offers. */
export interface MatchingNumbers {
  right: string;
  /** Three, the right one among them, ascending. */
  offered: string[];
}

/**
 * Everything keyed about the code that a person sends us. All of it follows from keys that are never rotated, so that a
 * code that is on a screen stays good; in Redis there is a digest of it, and the code itself sealed.
 */
@Injectable()
export class TokenVault {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly partitions: Partitions,
  ) {}

  /** A fresh one, or the one of an operation that is repeated. */
  make(operation?: Buffer): string {
    const bytes = operation
      ? this.digest(['inbound-operation', operation.toString('base64url')])
      : drawRandomBytes(TOKEN_BYTES);
    return makeToken(bytes, this.checkOf);
  }

  find(text: string): string[] {
    return findTokens(text, this.checkOf);
  }

  /** Of this tenant: sent to another one's number, a token is unknown. */
  place(tenantId: Identifier, token: string): TokenPlace {
    const digest = this.digest(['inbound-token', tenantId, token]);
    return {
      partition: digest.readUInt32BE(0) % this.partitions.count,
      ref: digest.toString('base64url', 4, 20),
    };
  }

  numbers(challengeId: Identifier): MatchingNumbers {
    const digest = this.digest(['matching-number', challengeId]);
    const left = Array.from({ length: 90 }, (_, at) => String(at + 10));
    const drawn = [0, 2, 4].map((at) => left.splice(digest.readUInt16BE(at) % left.length, 1)[0]!);
    return { right: drawn[0]!, offered: [...drawn].sort() };
  }

  /** What of a page's address only its browser knows. */
  pageKey(challengeId: Identifier): string {
    return `${renderNative('challenge', challengeId)}.${this.pageMac(challengeId)}`;
  }

  /** The challenge of a page's address; undefined when it was not made here. */
  readPageKey(text: string): Identifier | undefined {
    const dot = text.indexOf('.');
    const id = parseNative('challenge', text.slice(0, dot));
    return id !== undefined && constantTimeEqual(text.slice(dot + 1), this.pageMac(id)) ? id : undefined;
  }

  private pageMac(challengeId: Identifier): string {
    return shortDigest(this.keyRing.installationKey, ['inbound-page', challengeId]);
  }

  private readonly checkOf = (secret: string): string =>
    checkCharacters(this.digest(['inbound-check', secret]));

  private digest(fields: readonly string[]): Buffer {
    return keyedDigest(this.keyRing.installationKey, fields);
  }
}
