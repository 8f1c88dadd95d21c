import { type KeyObject, verify } from 'node:crypto';
import { readEd25519 } from '#platform/crypto';
import {
  type ChainedEvent,
  EXPORT_FORMAT,
  GENESIS,
  linkHash,
  type Statement,
  statementText,
} from './audit-chain.js';

/** The first thing that is wrong with an export. */
export interface AuditFault {
  /** Of the file, from 1. */
  line: number;
  /** The row that is bad or missing; absent when it is about the file itself. */
  row?: number;
  problem: string;
}

export interface AuditVerdict {
  chain: string;
  first: number;
  last: number;
  hash: string;
  checkpoints: number;
  /** The public keys whose signatures were seen: compare them with the ones you know. */
  keys: string[];
}

/** What is known from elsewhere about how the chain has to be. */
export interface AuditKnowledge {
  /** The row that the chain has to end with, and its hash. */
  head?: { seq: number; hash: string };
  /** Checkpoints that were kept outside the database. */
  checkpoints?: readonly SignedCheckpoint[];
  /** The only public keys that are believed; those that the export names, when absent. */
  keys?: readonly string[];
}

export type SignedCheckpoint = Omit<Statement, 'type'> & { signature: string };

interface Head {
  type?: unknown;
  format?: unknown;
  chain?: unknown;
  keys?: unknown;
}

/** Follows an export line by line, without a database (SEC-20). Stops making sense after the first fault. */
export class AuditVerifier {
  private chain: string | undefined;
  private readonly keys = new Map<string, { publicKey: string; key: KeyObject }[]>();
  private readonly seen = new Set<string>();
  private first: number | undefined;
  private last = 0;
  private hash = GENESIS;
  private checkpoints = 0;
  private closed = false;
  private lines = 0;

  constructor(private readonly knowledge: AuditKnowledge = {}) {}

  /** The next line. */
  read(text: string): AuditFault | undefined {
    this.lines++;
    const value = parse(text);
    if (!value) return this.fault('it is no JSON object');
    if (this.chain === undefined) return this.begin(value);
    if (this.closed) return this.fault('there is more after the closing line');
    if (value['chain'] !== this.chain) return this.fault('it is of another chain', readSeq(value));
    if (value['type'] === 'event') return this.follow(value);
    if (value['type'] === 'checkpoint') return this.vouch(value as unknown as SignedCheckpoint & Statement);
    if (value['type'] === 'end') return this.close(value as unknown as SignedCheckpoint & Statement);
    return this.fault('its type is unknown');
  }

  /** After the last line. */
  end(): AuditFault | AuditVerdict {
    if (this.chain === undefined) return this.fault('the file is empty');
    if (!this.closed) return this.missing(`the file ends after row ${this.last}, without its closing line`);
    const late = this.expected().find(({ seq }) => seq > this.last);
    if (late) return this.missing(`rows after ${this.last} are missing: ${tell(late)}`);
    const { head } = this.knowledge;
    if (head && head.seq !== this.last)
      return this.fault(
        `the chain ends with row ${this.last}, and not with row ${head.seq}`,
        Math.min(head.seq, this.last) + 1,
      );
    if (head && head.hash !== this.hash)
      return this.fault('its hash is not the one that was named', this.last);
    return {
      chain: this.chain,
      first: this.first ?? 0,
      last: this.last,
      hash: this.hash,
      checkpoints: this.checkpoints,
      keys: [...this.seen],
    };
  }

  private begin({ type, format, chain, keys }: Head): AuditFault | undefined {
    if (type !== 'export' || format !== EXPORT_FORMAT || typeof chain !== 'string' || !Array.isArray(keys))
      return this.fault(`it is not the first line of an export (${EXPORT_FORMAT})`);
    this.chain = chain;
    for (const { kid, publicKey } of keys as { kid: string; publicKey: string }[]) {
      const key = readEd25519(publicKey);
      if (!key) return this.fault('it names a key that is none');
      this.keys.set(kid, [...(this.keys.get(kid) ?? []), { publicKey, key }]);
    }
    const forged = this.expected().find((checkpoint) => this.distrust({ ...checkpoint, type: 'checkpoint' }));
    return (
      forged &&
      this.fault(
        `the checkpoint kept outside ${this.distrust({ ...forged, type: 'checkpoint' })}`,
        forged.seq,
      )
    );
  }

  private follow({ type: _type, hash, ...content }: Record<string, unknown>): AuditFault | undefined {
    const seq = readSeq(content);
    if (seq === undefined) return this.fault('it is a row without a number');
    const next = this.last + 1;
    if (seq > next)
      return this.fault(
        this.last === 0
          ? `row ${next} is missing: the rows begin with ${seq}, and no checkpoint vouches for what was before`
          : `row ${next} is missing: row ${seq} follows row ${this.last}`,
        next,
      );
    if (seq < next) return this.fault(`row ${seq} comes after row ${this.last}`, seq);
    if (linkHash(this.hash, content as unknown as ChainedEvent) !== hash)
      return this.fault(
        `row ${seq} is not what was chained: it was changed, or something before it was`,
        seq,
      );
    const kept = this.expected().find((checkpoint) => checkpoint.seq === seq && checkpoint.hash !== hash);
    if (kept) return this.fault(`row ${seq} or one before it was rewritten: ${tell(kept)}`, seq);
    this.first ??= seq;
    this.last = seq;
    this.hash = hash;
    return undefined;
  }

  private vouch(checkpoint: SignedCheckpoint & Statement): AuditFault | undefined {
    const { seq, hash } = checkpoint;
    const distrust = this.distrust(checkpoint);
    if (distrust) return this.fault(`the checkpoint ${distrust}`, seq);
    this.checkpoints++;
    if (this.last === 0 && this.first === undefined) {
      // What it vouches for is kept no longer: the rows begin after it.
      [this.last, this.hash] = [seq, hash];
      return undefined;
    }
    if (seq > this.last) return this.missing(`rows after ${this.last} are missing: ${tell(checkpoint)}`);
    if (seq < this.last)
      return this.fault(`row ${seq + 1} stands before the checkpoint of row ${seq}`, seq + 1);
    return hash === this.hash
      ? undefined
      : this.fault(`row ${seq} or one before it was rewritten: ${tell(checkpoint)}`, seq);
  }

  private close(statement: SignedCheckpoint & Statement): AuditFault | undefined {
    const { seq, hash } = statement;
    const distrust = this.distrust(statement);
    if (distrust) return this.fault(`the closing line ${distrust}`);
    this.closed = true;
    if (seq > this.last) return this.missing(`rows after ${this.last} are missing: the chain had ${seq}`);
    if (seq < this.last) return this.fault(`row ${seq + 1} was put in: the chain had ${seq}`, seq + 1);
    return hash === this.hash
      ? undefined
      : this.fault('it closes over another hash than the last row’s', seq);
  }

  /** What is wrong with the signature; undefined when it is by a key that is believed. */
  private distrust(statement: SignedCheckpoint & Statement): string | undefined {
    const candidates = this.keys.get(statement.kid) ?? [];
    const signature = Buffer.from(String(statement.signature), 'base64url');
    const found = candidates.find(({ key }) => verify(null, statementText(statement), key, signature));
    if (!found) return `of row ${statement.seq} is not signed by a key of this export`;
    if (this.knowledge.keys && !this.knowledge.keys.includes(found.publicKey))
      return `of row ${statement.seq} is signed by a key that was not named`;
    this.seen.add(found.publicKey);
    return undefined;
  }

  /** Checkpoints of this chain that were kept outside. */
  private expected(): readonly SignedCheckpoint[] {
    return (this.knowledge.checkpoints ?? []).filter(({ chain }) => chain === this.chain);
  }

  private missing(problem: string): AuditFault {
    return this.fault(problem, this.last + 1);
  }

  private fault(problem: string, row?: number): AuditFault {
    return { line: this.lines, ...(row !== undefined && { row }), problem };
  }
}

function tell({ seq, at }: SignedCheckpoint): string {
  return `the checkpoint of ${at} vouches for row ${seq} and all before it`;
}

function readSeq({ seq }: Record<string, unknown>): number | undefined {
  return Number.isSafeInteger(seq) && (seq as number) > 0 ? (seq as number) : undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
