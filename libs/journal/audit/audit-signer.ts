import { sign } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { ed25519From, type Ed25519Pair, KeyRing } from '#platform/crypto';
import { type Chain, chainName, type Statement, statementText } from './audit-chain.js';

export interface SignedStatement extends Statement {
  /** Of the key that signed: its 32 bytes, base64url. */
  publicKey: string;
  /** Ed25519, base64url. */
  signature: string;
}

interface SigningKey extends Ed25519Pair {
  kid: string;
}

/** Signs where a chain stands, with the keys that follow from the ring: a database alone cannot forge it. */
@Injectable()
export class AuditSigner {
  private readonly keys: readonly SigningKey[];

  constructor(
    keyRing: KeyRing,
    private readonly clock: Clock,
  ) {
    this.keys = keyRing.all('audit-sign').map(({ kid, key }) => ({ kid, ...ed25519From(key) }));
  }

  /** Of every key of the ring, the one that signs first. */
  get publicKeys(): { kid: string; publicKey: string }[] {
    return this.keys.map(({ kid, publicKey }) => ({ kid, publicKey }));
  }

  sign(type: Statement['type'], chain: Chain, { seq, hash }: { seq: number; hash: string }): SignedStatement {
    const { kid, privateKey, publicKey } = this.keys[0]!;
    const at = this.clock.date().toISOString();
    const statement: Statement = { type, chain: chainName(chain), seq, hash, at, kid };
    const signature = sign(null, statementText(statement), privateKey).toString('base64url');
    return { ...statement, publicKey, signature };
  }
}
