import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '#platform/config';

/** One label per use (SEC-09): a value made for one purpose is useless for another. */
export type KeyLabel =
  | 'code-mac'
  | 'code-seal'
  | 'receiver-seal'
  | 'receiver-ref'
  | 'credential-seal'
  | 'pin-seal'
  | 'chat-seal'
  | 'answer-mac'
  | 'webhook-seal'
  | 'audit-mark'
  | 'audit-sign';

export interface LabelledKey {
  kid: string;
  key: KeyObject;
}

/**
 * The keys outside Redis and PostgreSQL. The first key of the ring writes; the others verify and open what
 * was written before a rotation. The installation key never rotates: it decides partitions and limit keys.
 */
@Injectable()
export class KeyRing {
  private readonly derived = new Map<KeyLabel, LabelledKey[]>();
  private readonly installation: KeyObject;

  constructor(private readonly config: Config) {
    this.installation = derive(config.keys.installation, 'installation');
  }

  /** The key that writes. */
  active(label: KeyLabel): LabelledKey {
    return this.all(label)[0]!;
  }

  /** Every unretired key, the active one first. */
  all(label: KeyLabel): LabelledKey[] {
    let keys = this.derived.get(label);
    if (!keys) {
      keys = this.config.keys.ring.map(({ kid, key }) => ({ kid, key: derive(key, label) }));
      this.derived.set(label, keys);
    }
    return keys;
  }

  /** The key with this id, or undefined when it has been retired. */
  find(label: KeyLabel, kid: string): KeyObject | undefined {
    return this.all(label).find((entry) => entry.kid === kid)?.key;
  }

  /** The never-rotated key. */
  get installationKey(): KeyObject {
    return this.installation;
  }
}

function derive(key: Buffer, label: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, 'countersign', label, 32)));
}
