import { Injectable } from '@nestjs/common';
import {
  constantTimeEqual,
  drawRandomBytes,
  keyedDigest,
  KeyRing,
  Sealer,
  shortDigest,
} from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import type { LinkBounds } from '../hot-store/link-store.js';

const TOKEN_BYTES = 16;
/** What is compared: the token, and the two digits that the asking browser shows. */
export const LINK_SECRET_LENGTH = 24;

/** One digest for each use: a value made for one is useless for another. */
const LINK = 'link';
const MATCH = 'link-match';
const ASKING = 'link-asking';
const EXCHANGE = 'link-exchange';
const EXCHANGE_TOKEN = 'link-exchange-token';

/** Everything secret about a link: its token, its matching number, the proof of the asking browser, exchange tokens. */
@Injectable()
export class LinkVault {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly sealer: Sealer,
  ) {}

  /** 128 bits, as 22 characters. */
  newToken(): string {
    return drawRandomBytes(TOKEN_BYTES).toString('base64url');
  }

  mac(id: Identifier, bounds: LinkBounds, token: string): { kid: string; mac: string } {
    const { kid, key } = this.keyRing.active('code-mac');
    return { kid, mac: shortDigest(key, this.fields(id, bounds, token, this.matchNumber(id))) };
  }

  /** One candidate per unretired key. `number`: what was typed; the right one, to ask about the token alone. */
  candidates(id: Identifier, bounds: LinkBounds, token: string, number = this.matchNumber(id)): string[] {
    const fields = this.fields(id, bounds, token, number);
    return this.keyRing.all('code-mac').flatMap(({ kid, key }) => [kid, shortDigest(key, fields)]);
  }

  sealToken(tenantId: Identifier, id: Identifier, token: string): string {
    return this.sealer.seal('code-seal', token, `${tenantId}:${id}:link`, 'base64url');
  }

  openToken(tenantId: Identifier, id: Identifier, sealed: string): string {
    return this.sealer.open('code-seal', sealed, `${tenantId}:${id}:link`, 'base64url');
  }

  /** Two digits, 10 to 99: the same for every answer about this challenge, and nowhere written down. */
  matchNumber(id: Identifier): string {
    const drawn = keyedDigest(this.keyRing.installationKey, [MATCH, id]).readUInt32BE(0);
    return String(10 + (drawn % 90));
  }

  /** What the asking browser is known by. */
  askingProof(id: Identifier): string {
    return shortDigest(this.keyRing.installationKey, [ASKING, id]);
  }

  isAskingProof(id: Identifier, proof: string): boolean {
    return constantTimeEqual(proof, this.askingProof(id));
  }

  /** The same token for the same form: two clicks are one approval. */
  exchangeToken(tenantId: Identifier, id: Identifier, form: string): string {
    return shortDigest(this.keyRing.active('code-mac').key, [EXCHANGE_TOKEN, tenantId, id, form]);
  }

  exchangeMac(tenantId: Identifier, id: Identifier, token: string): { kid: string; mac: string } {
    const { kid, key } = this.keyRing.active('code-mac');
    return { kid, mac: shortDigest(key, [EXCHANGE, tenantId, id, token]) };
  }

  exchangeCandidates(tenantId: Identifier, id: Identifier, token: string): string[] {
    return this.keyRing
      .all('code-mac')
      .flatMap(({ kid, key }) => [kid, shortDigest(key, [EXCHANGE, tenantId, id, token])]);
  }

  private fields(
    id: Identifier,
    { tenantId, contextDigest }: LinkBounds,
    token: string,
    number: string,
  ): string[] {
    return [LINK, tenantId, id, contextDigest, token, number];
  }
}
