import { createHash } from 'node:crypto';
import { type Identifier, renderNative } from '#platform/identifiers';
import { canonicalJson } from './canonical-json.js';

/** Changes that concern every tenant, or none, are chained apart from those of any tenant. */
export const PLATFORM_CHAIN = 'platform';
export type Chain = Identifier | typeof PLATFORM_CHAIN;

/** Named by the first line of an export. */
export const EXPORT_FORMAT = 'countersign-audit-1';

/** What the first row of a chain follows. */
export const GENESIS = '0'.repeat(64);

/** One row of a chain, as it is hashed and exported: every member but its own hash. */
export interface ChainedEvent {
  /** `ten_…`, or `platform`. */
  chain: string;
  /** 1, 2, 3, … within its chain, without gaps. */
  seq: number;
  /** ISO 8601. */
  at: string;
  actor: string;
  action: string;
  subject: string;
  before?: string;
  after?: string;
  requestId?: string;
}

/** What a key vouches for: up to this row the chain is the one whose last hash this is. */
export interface Statement {
  type: 'checkpoint' | 'end';
  chain: string;
  seq: number;
  hash: string;
  at: string;
  kid: string;
}

export function chainName(chain: Chain): string {
  return chain === PLATFORM_CHAIN ? chain : renderNative('tenant', chain);
}

/** `hash_i = SHA-256(hash_{i-1} ‖ canonical event)`, hex (SEC-20). */
export function linkHash(previous: string, event: ChainedEvent): string {
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(canonicalJson(event)).digest('hex');
}

/** The bytes that are signed. */
export function statementText({ type, chain, seq, hash, at, kid }: Statement): Buffer {
  return Buffer.from(canonicalJson({ type, chain, seq, hash, at, kid }));
}
