// Owns the WABAs, their senders, tokens, secrets and webhook settings, and whether
// a bearer may see an object. Seeds one account from the environment; the
// environment wins over the state file for token and secret.

import { Injectable } from '@nestjs/common';
import { StateFile } from '../core/state-file.js';
import { SimulatorConfig } from '../simulator.config.js';
import { objectId } from './graph-ids.js';

export interface CallbackOverride {
  uri: string;
  verifyToken: string;
}

export interface Sender {
  id: string;
  /** Digits. */
  displayNumber: string;
  verifiedName: string;
  registered: boolean;
  verified: boolean;
  pin?: string;
  pinGuesses: number;
  /** The code request_code "sent", and when; shown by GET /_sim/accounts. */
  verificationCode?: string;
  codeRequestedAt?: number;
  /** Times of register and deregister calls in the last 72 h. */
  registrations: number[];
  override?: CallbackOverride;
}

export interface Account {
  wabaId: string;
  name: string;
  appId: string;
  accessToken: string;
  appSecret: string;
  namespace: string;
  templateLimit: number;
  /** When the access token ends, epoch seconds; absent for one that does not. */
  tokenExpiresAt?: number;
  /** Whether the token's app is subscribed; without it no webhook goes out. */
  subscribed: boolean;
  /** The WABA's own callback, and the app's from its dashboard; phone > WABA > app. */
  override?: CallbackOverride;
  appCallbackUrl?: string;
  phoneNumbers: Sender[];
}

export interface AccountSpec {
  wabaId: string;
  name?: string;
  appId?: string;
  accessToken?: string;
  appSecret?: string;
  templateLimit?: number;
  tokenExpiresAt?: number;
  appCallbackUrl?: string;
  phoneNumbers?: {
    id: string;
    displayNumber: string;
    verifiedName?: string;
    registered?: boolean;
    verified?: boolean;
  }[];
}

/** As of a portfolio that is verified; an unverified one has 250. */
const VERIFIED_TEMPLATE_LIMIT = 6_000;

@Injectable()
export class GraphAccounts {
  private readonly accounts = new Map<string, Account>();
  private readonly byPhone = new Map<string, { account: Account; sender: Sender }>();
  private readonly byToken = new Map<string, Account[]>();

  constructor(
    private readonly state: StateFile,
    config: SimulatorConfig,
  ) {
    for (const account of state.read<Account[]>('accounts') ?? []) this.accounts.set(account.wabaId, account);
    state.register('accounts', () => this.list());
    this.upsert({
      wabaId: config.wabaId,
      accessToken: config.accessToken,
      appSecret: config.appSecret,
      phoneNumbers: [{ id: config.phoneNumberId, displayNumber: config.senderAddress }],
    });
  }

  upsert(spec: AccountSpec): Account {
    const account = this.accounts.get(spec.wabaId) ?? newAccount(spec.wabaId);
    const { phoneNumbers, ...rest } = spec;
    Object.assign(account, rest);
    for (const given of phoneNumbers ?? []) {
      const known = account.phoneNumbers.find(({ id }) => id === given.id);
      if (known) Object.assign(known, given);
      else account.phoneNumbers.push({ ...newSender(account.name), ...given });
    }
    this.accounts.set(account.wabaId, account);
    this.reindex();
    this.state.touch();
    return account;
  }

  list(): Account[] {
    return [...this.accounts.values()];
  }

  find(wabaId: string): Account | undefined {
    return this.accounts.get(wabaId);
  }

  sender(phoneNumberId: string): { account: Account; sender: Sender } | undefined {
    return this.byPhone.get(phoneNumberId);
  }

  /** One system user may see several WABAs. */
  visibleTo(token: string): Account[] {
    return this.byToken.get(token) ?? [];
  }

  /** After a change of a field that no index depends on. */
  changed(): void {
    this.state.touch();
  }

  private reindex(): void {
    this.byPhone.clear();
    this.byToken.clear();
    for (const account of this.accounts.values()) {
      this.byToken.set(account.accessToken, [...this.visibleTo(account.accessToken), account]);
      for (const sender of account.phoneNumbers) this.byPhone.set(sender.id, { account, sender });
    }
  }
}

function newAccount(wabaId: string): Account {
  return {
    wabaId,
    name: 'Countersign demo',
    appId: objectId(),
    accessToken: `token-${objectId()}`,
    appSecret: `secret-${objectId()}`,
    namespace: objectId(),
    templateLimit: VERIFIED_TEMPLATE_LIMIT,
    subscribed: false,
    phoneNumbers: [],
  };
}

function newSender(verifiedName: string): Omit<Sender, 'id' | 'displayNumber'> {
  return { verifiedName, registered: true, verified: true, pinGuesses: 0, registrations: [] };
}
