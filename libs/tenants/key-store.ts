import { Injectable } from '@nestjs/common';
import { constantTimeEqual } from '#platform/crypto';
import { Clock } from '#platform/clock';
import { PublishedConfig } from '#platform/published-config';
import type { Identifier } from '#platform/identifiers';
import { type KeyMode, parseKey } from './api-key.js';
import { readNetworks } from './key-networks.js';
import type { Principal } from './principal.js';

/** An API key as the hot path reads it. */
export interface PublishedKey {
  tenantId: string;
  mode: KeyMode;
  secretHash: string;
  scopes: string[];
  /** From where it is accepted; everywhere when empty, or published by a build that did not know of it. */
  networks?: string[];
  expiresAt: number;
}

interface Remembered {
  principal: Principal;
  /** Until when its last use is noted. */
  notedUntil: number;
}

const MAX_REMEMBERED = 10_000;
/** The grain of `last used` (SEC-04): a finer one would be a write for each request. */
export const USE_GRAIN_MS = 3_600_000;

/**
 * Turns an Authorization header into a principal. A header seen before costs one Map look-up; it is forgotten as
 * soon as its key's publication changes, so a revoked key stops working within the poll of `PublishedConfig`.
 */
@Injectable()
export class KeyStore {
  private readonly byHeader = new Map<string, Remembered>();
  private readonly headersOf = new Map<string, string[]>();
  private uses = new Map<Identifier, number>();

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
    const found = this.byHeader.get(header);
    const now = this.clock.now();
    if (!found || found.principal.expiresAt <= now) return undefined;
    if (found.notedUntil <= now) found.notedUntil = this.noteUse(found.principal, now);
    return found.principal;
  }

  /** Keys used since the last call, each with the beginning of the hour of its last use. */
  takeUses(): ReadonlyMap<Identifier, number> {
    const { uses } = this;
    this.uses = new Map();
    return uses;
  }

  /** Verifies a key's text. Undefined for anything that is not a valid key now. */
  async verify(header: string, keyText: string): Promise<Principal | undefined> {
    const parsed = parseKey(keyText);
    if (!parsed) return undefined;
    const record = await this.published.get('key', parsed.id, (payload) => payload as PublishedKey);
    if (!record || record.mode !== parsed.mode || !constantTimeEqual(record.secretHash, parsed.secretHash))
      return undefined;
    const now = this.clock.now();
    if (record.expiresAt <= now) return undefined;
    const principal: Principal = {
      tenantId: record.tenantId,
      keyId: parsed.id,
      mode: record.mode,
      scopes: new Set(record.scopes),
      networks: readNetworks(record.networks),
      expiresAt: record.expiresAt,
    };
    const notedUntil = this.noteUse(principal, now);
    // Remember only while the publication itself is held: otherwise nothing would tell us that it changed.
    if (this.published.peek('key', parsed.id)) this.remember(header, { principal, notedUntil });
    return principal;
  }

  /** Lets a process exercise its own routes before it reports ready, as a tenant that has nothing. */
  async asNobody(header: string, principal: Principal, work: () => Promise<void>): Promise<void> {
    this.byHeader.set(header, { principal, notedUntil: Infinity });
    await work().finally(() => this.byHeader.delete(header));
  }

  /** Returns when it has to be noted again. */
  private noteUse({ keyId }: Principal, now: number): number {
    const hour = now - (now % USE_GRAIN_MS);
    this.uses.set(keyId, hour);
    return hour + USE_GRAIN_MS;
  }

  private remember(header: string, remembered: Remembered): void {
    if (this.byHeader.size >= MAX_REMEMBERED) {
      this.byHeader.clear();
      this.headersOf.clear();
    }
    this.byHeader.set(header, remembered);
    const { keyId } = remembered.principal;
    const headers = this.headersOf.get(keyId);
    if (headers) headers.push(header);
    else this.headersOf.set(keyId, [header]);
  }

  private forget(keyId: string): void {
    for (const header of this.headersOf.get(keyId) ?? []) this.byHeader.delete(header);
    this.headersOf.delete(keyId);
  }
}
