import { Injectable } from '@nestjs/common';
import { keyedDigest, KeyRing, Sealer, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import { readReceiver, type Receivers } from './addresses.js';
import type { Transaction } from './transaction-context.js';

/** Sealed values longer than this are split: one field over 64 bytes would unpack the whole hash in Redis. */
const FIELD_BYTES = 64;

const MOST_PREFIXES = 10_000;

/** A code that is compared as typed never equals one that is compared in any case. */
const PLAIN = 'v1';
const EXACT = 'v1-exact';

/** The browser behind a request, as far as its caller knows it. */
export interface Asking {
  device?: string;
  city?: string;
}

/** Everything secret or keyed about a challenge: code, MAC, receiver, and the digests that name its keys. */
@Injectable()
export class CodeVault {
  /** Ten thousand numbers share each. */
  private readonly prefixDigests = new Map<string, string>();

  constructor(
    private readonly keyRing: KeyRing,
    private readonly sealer: Sealer,
  ) {}

  /** What a right answer must produce. Bound to tenant, challenge and context: moved anywhere else it is wrong. */
  mac(
    tenantId: Identifier,
    challengeId: Identifier,
    contextDigest: string,
    code: string,
    exact = false,
  ): { kid: string; mac: string } {
    const { kid, key } = this.keyRing.active('code-mac');
    return {
      kid,
      mac: shortDigest(key, [exact ? EXACT : PLAIN, tenantId, challengeId, contextDigest, code]),
    };
  }

  /** One candidate per unretired key: the script picks by the key id it stored. */
  candidates(
    tenantId: Identifier,
    challengeId: Identifier,
    contextDigest: string,
    plain: string | undefined,
    exact?: string,
  ): string[] {
    const list: string[] = [];
    const bound = [tenantId, challengeId, contextDigest];
    for (const { kid, key } of this.keyRing.all('code-mac')) {
      if (plain !== undefined) list.push(kid, shortDigest(key, [PLAIN, ...bound, plain]));
      if (exact !== undefined) list.push(kid, shortDigest(key, [EXACT, ...bound, exact]));
    }
    return list;
  }

  sealCode(tenantId: Identifier, challengeId: Identifier, code: string): string {
    return this.sealer.seal('code-seal', code, `${tenantId}:${challengeId}:code`);
  }

  openCode(tenantId: Identifier, challengeId: Identifier, sealed: string): string {
    return this.sealer.open('code-seal', sealed, `${tenantId}:${challengeId}:code`);
  }

  /** The fields `sr`, `sr2`, … */
  sealReceiver(tenantId: Identifier, challengeId: Identifier, address: string): Record<string, string> {
    return splitSealed(
      'sr',
      this.sealer.seal('receiver-seal', address, `${tenantId}:${challengeId}:receiver`),
    );
  }

  /** The fields `fr`, `fr2`, …: where later steps of the plan go that the receiver cannot serve. */
  sealFallback(tenantId: Identifier, challengeId: Identifier, address: string): Record<string, string> {
    return splitSealed(
      'fr',
      this.sealer.seal('receiver-seal', address, `${tenantId}:${challengeId}:fallback`),
    );
  }

  /** Both addresses of a record. Throws `RetiredKey` when one was sealed under a key that is gone. */
  openReceivers(
    tenantId: Identifier,
    challengeId: Identifier,
    record: ReadonlyMap<string, string>,
  ): Receivers {
    const fallback = joinSealed(record, 'fr');
    return {
      primary: readReceiver(this.openReceiver(tenantId, challengeId, joinSealed(record, 'sr'))),
      fallback: fallback
        ? readReceiver(this.sealer.open('receiver-seal', fallback, `${tenantId}:${challengeId}:fallback`))
        : undefined,
    };
  }

  /** The fields `cx`, `cx2`, …: what the message has to say of the transaction. */
  sealTransaction(
    tenantId: Identifier,
    challengeId: Identifier,
    transaction: Transaction,
  ): Record<string, string> {
    const { amount, currency, payee } = transaction;
    const plain = JSON.stringify([amount, currency, payee]);
    return splitSealed(
      'cx',
      this.sealer.seal('receiver-seal', plain, `${tenantId}:${challengeId}:transaction`),
    );
  }

  openTransaction(tenantId: Identifier, challengeId: Identifier, sealed: string): Transaction {
    const plain = this.sealer.open('receiver-seal', sealed, `${tenantId}:${challengeId}:transaction`);
    const [amount, currency, payee] = JSON.parse(plain) as [string, string, string];
    return { amount, currency, payee };
  }

  /** The fields `vx`, `vx2`, …: what fills the numbered places of a question. */
  sealValues(
    tenantId: Identifier,
    challengeId: Identifier,
    values: readonly string[],
  ): Record<string, string> {
    const plain = JSON.stringify(values);
    return splitSealed('vx', this.sealer.seal('receiver-seal', plain, `${tenantId}:${challengeId}:values`));
  }

  openValues(tenantId: Identifier, challengeId: Identifier, sealed: string): string[] {
    return JSON.parse(
      this.sealer.open('receiver-seal', sealed, `${tenantId}:${challengeId}:values`),
    ) as string[];
  }

  /** The fields `cx`, `cx2`, …: what a question in the chat says of the browser that asked. */
  sealAsking(tenantId: Identifier, challengeId: Identifier, asking: Asking): Record<string, string> {
    return splitSealed(
      'cx',
      this.sealer.seal('receiver-seal', JSON.stringify(asking), `${tenantId}:${challengeId}:asking`),
    );
  }

  openAsking(tenantId: Identifier, challengeId: Identifier, sealed: string): Asking {
    return JSON.parse(
      this.sealer.open('receiver-seal', sealed, `${tenantId}:${challengeId}:asking`),
    ) as Asking;
  }

  /** The fields `eu`, `eu2`, …: the browser that asked, in words. */
  sealBrowser(tenantId: Identifier, challengeId: Identifier, words: string): Record<string, string> {
    return splitSealed('eu', this.sealer.seal('receiver-seal', words, `${tenantId}:${challengeId}:browser`));
  }

  openBrowser(tenantId: Identifier, challengeId: Identifier, sealed: string): string {
    return this.sealer.open('receiver-seal', sealed, `${tenantId}:${challengeId}:browser`);
  }

  openReceiver(tenantId: Identifier, challengeId: Identifier, sealed: string): string {
    return this.sealer.open('receiver-seal', sealed, `${tenantId}:${challengeId}:receiver`);
  }

  /** A receiver's name in history: keyed, since a plain hash of a phone number is guessed in hours (SEC-16). */
  receiverRef(tenantId: Identifier, canonical: string): string {
    return shortDigest(this.keyRing.active('receiver-ref').key, [tenantId, canonical]);
  }

  /** A number without its last four digits, for whoever counts ranges (FR-05). Never rotated, as the counters. */
  prefixDigest(canonical: string): string {
    const prefix = canonical.slice(0, -4);
    let digest = this.prefixDigests.get(prefix);
    if (digest === undefined) {
      digest = shortDigest(this.keyRing.installationKey, ['prefix', prefix]);
      if (this.prefixDigests.size >= MOST_PREFIXES) this.prefixDigests.clear();
      this.prefixDigests.set(prefix, digest);
    }
    return digest;
  }

  /** The names a receiver may have in history: one per unretired key. */
  receiverRefs(tenantId: Identifier, canonical: string): string[] {
    return this.keyRing.all('receiver-ref').map(({ key }) => shortDigest(key, [tenantId, canonical]));
  }

  /** A digest of what was agreed to beside the code (amount, payee); '' when there is nothing. */
  contextDigest(tenantId: Identifier, context: Readonly<Record<string, string>> | undefined): string {
    if (!context) return '';
    const fields = Object.keys(context)
      .sort()
      .flatMap((name) => [name, context[name]!]);
    return keyedDigest(this.keyRing.installationKey, ['context', tenantId, ...fields]).toString(
      'base64url',
      0,
      16,
    );
  }
}

function splitSealed(name: string, sealed: string): Record<string, string> {
  const fields: Record<string, string> = { [name]: sealed.slice(0, FIELD_BYTES) };
  for (let part = 2, at = FIELD_BYTES; at < sealed.length; part++, at += FIELD_BYTES) {
    fields[`${name}${part}`] = sealed.slice(at, at + FIELD_BYTES);
  }
  return fields;
}

/** A sealed value as the record holds it: in one field, or in several. */
export function joinSealed(
  record: ReadonlyMap<string, string>,
  name: 'sr' | 'fr' | 'cx' | 'vx' | 'eu',
): string {
  let joined = record.get(name) ?? '';
  for (let part = 2; record.has(`${name}${part}`); part++) joined += record.get(`${name}${part}`)!;
  return joined;
}
