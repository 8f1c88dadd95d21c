// Owns how single mailboxes misbehave: set by /_sim/mailboxes, gone with the process.

import { Injectable } from '@nestjs/common';
import { integer, object, oneOf, text } from '../core/shape.js';

const KINDS = ['refuse', 'greylistOnce', 'greylist', 'drop', 'hang', 'unavailable'] as const;

export interface MailboxRule {
  /** As written; matched in any case. */
  address: string;
  /**
   * refuse: 550. greylistOnce, greylist: 451 to the first mail, to every mail. drop: takes the data, then cuts. hang:
   * takes the data and never answers. unavailable: reads the data, takes nothing, 451.
   */
  kind?: (typeof KINDS)[number];
  /** Before the answer to the data. */
  latencyMs?: number;
}

const readRule = object<MailboxRule, 'address'>(
  {
    address: text(/^[^\s@/]+@[^\s@/]+$/, 'an e-mail address'),
    kind: oneOf(...KINDS),
    latencyMs: integer(0, 600_000),
  },
  'address',
);

@Injectable()
export class MailboxRules {
  private readonly rules = new Map<string, MailboxRule>();

  list(): MailboxRule[] {
    return [...this.rules.values()];
  }

  put(body: unknown): MailboxRule {
    const rule = readRule(body, '');
    this.rules.set(rule.address.toLowerCase(), rule);
    return rule;
  }

  clear(): void {
    this.rules.clear();
  }

  find(address: string): MailboxRule | undefined {
    return this.rules.get(address.toLowerCase());
  }

  /** Greylisted once means that the next mail is taken. */
  spend(rule: MailboxRule): void {
    if (rule.kind === 'greylistOnce') this.rules.delete(rule.address.toLowerCase());
  }
}
