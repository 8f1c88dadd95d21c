import { Injectable } from '@nestjs/common';
import { constantTimeEqual } from '#platform/crypto';
import { Clock } from '#platform/clock';
import { PublishedConfig } from '#platform/published-config';
import { type KeyMode, parseKey } from './api-key.js';
import type { Principal } from './principal.js';

/** An API key as the hot path reads it. */
export interface PublishedKey {
  tenantId: string;
  mode: KeyMode;
  secretHash: string;
  scopes: string[];
  expiresAt: number;
}

const MAX_REMEMBERED = 10_000;

/**
 * Turns an Authorization header into a principal. A header seen before costs one Map look-up; it is forgotten as
 * soon as its key's publication changes, so a revoked key stops working within the poll of `PublishedConfig`.
 */
@Injectable()
export class KeyStore {
  private readonly byHeader = new Map<string, Principal>();
  private readonly headersOf = new Map<string, string[]>();

  constructor(
    private readonly published: PublishedConfig,
    private readonly clock: Clock,
  ) {
    published.onDrop((kind, id) => {
      if (kind === 'key') this.forget(id);
    });
  }

  /** The principal of a header this process has already verified. */
  remembered(header: string): Principal | undefined {
    const principal = this.byHeader.get(header);
    return principal && principal.expiresAt > this.clock.now() ? principal : undefined;
  }

  /** Verifies a key's text. Undefined for anything that is not a valid key now. */
  async verify(header: string, keyText: string): Promise<Principal | undefined> {
    const parsed = parseKey(keyText);
    if (!parsed) return undefined;
    const record = await this.published.get('key', parsed.id, (payload) => payload as PublishedKey);
    if (!record || record.mode !== parsed.mode || !constantTimeEqual(record.secretHash, parsed.secretHash))
      return undefined;
    if (record.expiresAt <= this.clock.now()) return undefined;
    const principal: Principal = {
      tenantId: record.tenantId,
      keyId: parsed.id,
      mode: record.mode,
      scopes: new Set(record.scopes),
      expiresAt: record.expiresAt,
    };
    // Remember only while the publication itself is held: otherwise nothing would tell us that it changed.
    if (this.published.peek('key', parsed.id)) this.remember(header, principal);
    return principal;
  }

  /** Lets a process exercise its own routes before it reports ready, as a tenant that has nothing. */
  async asNobody(header: string, principal: Principal, work: () => Promise<void>): Promise<void> {
    this.byHeader.set(header, principal);
    await work().finally(() => this.byHeader.delete(header));
  }

  private remember(header: string, principal: Principal): void {
    if (this.byHeader.size >= MAX_REMEMBERED) {
      this.byHeader.clear();
      this.headersOf.clear();
    }
    this.byHeader.set(header, principal);
    const headers = this.headersOf.get(principal.keyId);
    if (headers) headers.push(header);
    else this.headersOf.set(principal.keyId, [header]);
  }

  private forget(keyId: string): void {
    for (const header of this.headersOf.get(keyId) ?? []) this.byHeader.delete(header);
    this.headersOf.delete(keyId);
  }
}
