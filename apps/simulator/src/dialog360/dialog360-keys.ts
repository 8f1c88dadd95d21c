// Owns the API keys: each is one number of a Graph account and of one kind, with the
// webhook that was set for it. The seeded key is Cloud; PUT /_sim/dialog360 changes it.

import { Injectable } from '@nestjs/common';
import { StateFile } from '../core/state-file.js';
import { type Account, GraphAccounts, type Sender } from '../graph/graph-accounts.js';
import { SimulatorConfig } from '../simulator.config.js';

export const KINDS = ['cloud', 'on-premise'] as const;
export type Kind = (typeof KINDS)[number];

export interface Dialog360Key {
  apiKey: string;
  kind: Kind;
  phoneNumberId: string;
  webhook?: { url: string; headers: Record<string, string> };
}

/** A key with what it opens. */
export interface Dialog360Number {
  key: Dialog360Key;
  account: Account;
  sender: Sender;
}

export type KeySpec = Pick<Dialog360Key, 'apiKey'> & Partial<Pick<Dialog360Key, 'kind' | 'phoneNumberId'>>;

@Injectable()
export class Dialog360Keys {
  private readonly keys = new Map<string, Dialog360Key>();

  constructor(
    private readonly state: StateFile,
    private readonly accounts: GraphAccounts,
    private readonly config: SimulatorConfig,
  ) {
    for (const key of state.read<Dialog360Key[]>('dialog360') ?? []) this.keys.set(key.apiKey, key);
    state.register('dialog360', () => this.list());
    if (!this.keys.has(config.dialog360ApiKey)) this.put({ apiKey: config.dialog360ApiKey });
  }

  /** A new key is Cloud and of the seeded number, unless said otherwise. */
  put({ apiKey, ...spec }: KeySpec): Dialog360Key {
    const known = this.keys.get(apiKey) ?? {
      apiKey,
      kind: 'cloud' as const,
      phoneNumberId: this.config.phoneNumberId,
    };
    const key = Object.assign(known, spec);
    this.keys.set(apiKey, key);
    this.state.touch();
    return key;
  }

  list(): Dialog360Key[] {
    return [...this.keys.values()];
  }

  open(apiKey: string): Dialog360Number | undefined {
    const key = this.keys.get(apiKey);
    const found = key && this.accounts.sender(key.phoneNumberId);
    return found && { key, ...found };
  }

  /** Those whose number is of this WABA. */
  ofAccount(wabaId: string): Dialog360Key[] {
    return this.list().filter(
      ({ phoneNumberId }) => this.accounts.sender(phoneNumberId)?.account.wabaId === wabaId,
    );
  }

  /** After a change of a webhook. */
  changed(): void {
    this.state.touch();
  }
}
