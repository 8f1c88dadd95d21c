import { Injectable, type OnModuleInit } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { EntityManager } from 'typeorm';
import { Audit, type Author } from '#journal';
import { Clock } from '#platform/clock';
import { Config, originOf } from '#platform/config';
import { Sealer } from '#platform/crypto';
import { Database, sqlState } from '#platform/database';
import { type FieldError, Problem } from '#platform/errors';
import { HttpClient } from '#platform/http-client';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { ConfigPublisher, type Loaded, type Publication, PublishedConfig } from '#platform/published-config';
import { toFieldErrors } from '#platform/validation';
import { AccountEntity, SenderEntity } from './account.entity.js';
import { readAccountState } from './account-state.js';
import { ADAPTERS } from './adapters/index.js';
import type { Channel, Finding, MessageProvider, ProviderContext } from './message-provider.js';

export interface SenderInput {
  channel: Channel;
  address: string;
  externalId?: string;
}

export interface AccountInput {
  name: string;
  provider: string;
  config: object;
  countries: string[];
  senders: SenderInput[];
}

export interface LoadedSender extends SenderInput {
  id: Identifier;
}

/** An account ready for use: its adapter found, its config opened and validated. Held in memory only. */
export interface LoadedAccount {
  id: Identifier;
  tenantId: Identifier;
  name: string;
  provider: MessageProvider;
  config: object;
  /** Of the base URL its requests go to. */
  origin: string;
  countries: ReadonlySet<string>;
  senders: readonly LoadedSender[];
}

interface PublishedAccount {
  tenantId: Identifier;
  name: string;
  provider: string;
  sealedConfig: string;
  countries: string[];
  senders: LoadedSender[];
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** Provider accounts: a tenant's credentials and senders at one provider. */
@Injectable()
export class AccountsService implements OnModuleInit {
  private readonly adapters = new Map(ADAPTERS.map((adapter) => [adapter.id, adapter]));

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly sealer: Sealer,
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.publisher.register('account', {
      read: readAccount,
      list: async (manager) =>
        (await manager.find(AccountEntity, { select: { id: true } })).map((account) => account.id),
    });
  }

  /** The account as the hot path uses it; undefined when there is none. Redis and memory only. */
  load(id: Identifier): Loaded<LoadedAccount> {
    return this.published.get('account', id, (payload) => this.open(id, payload as PublishedAccount));
  }

  /** Computed at each use: a base URL that is changed changes what the account is (architecture: simulator accounts). */
  isSimulator(account: LoadedAccount): boolean {
    return this.config.simulatorOrigins.has(account.origin);
  }

  /** What the account's adapter is handed beside message and config. */
  context(account: Pick<LoadedAccount, 'id' | 'provider'>): ProviderContext {
    return { http: this.http, now: () => this.clock.now(), webhookUrl: this.webhookUrl(account) };
  }

  /** Where the account's provider posts; undefined when it posts nothing. */
  webhookUrl({ id, provider }: Pick<LoadedAccount, 'id' | 'provider'>): string | undefined {
    if (!provider.receipts) return undefined;
    return `${this.config.http.publicUrl}/webhooks/${provider.id}/${renderNative('account', id)}`;
  }

  async create(tenantId: Identifier, input: AccountInput, by: Author): Promise<LoadedAccount> {
    const adapter = this.adapter(input.provider);
    const config = this.completeConfig(adapter, input.config);
    const id = newId();
    this.checkSenders(adapter, input.senders);
    await this.refusingConflicts(() =>
      this.publisher.commit(async (manager, owe) => {
        await manager.insert(AccountEntity, {
          id,
          tenantId,
          name: input.name,
          provider: adapter.id,
          sealedConfig: this.seal(id, config),
          countries: input.countries,
          revision: 1,
        });
        await this.insertSenders(manager, tenantId, id, input.senders);
        await this.audit.record(manager, by, {
          tenantId,
          action: 'account.created',
          subject: renderNative('account', id),
          after: await readAccountState(manager, id),
        });
        owe('account', id);
      }),
    );
    return this.get(tenantId, id);
  }

  /** `config` members that are left out keep their value, so that a secret need not be sent again. */
  async update(
    tenantId: Identifier,
    id: Identifier,
    input: Partial<Omit<AccountInput, 'provider'>>,
    by: Author,
  ): Promise<LoadedAccount> {
    await this.refusingConflicts(() =>
      this.publisher.commit(async (manager, owe) => {
        const row = await manager.findOne(AccountEntity, {
          where: { id, tenantId },
          lock: { mode: 'pessimistic_write' },
        });
        if (!row) throw new Problem('account.not_found');
        const before = await readAccountState(manager, id);
        const adapter = this.adapter(row.provider);
        const known = this.openConfig(id, row.sealedConfig);
        const config = input.config ? this.completeConfig(adapter, { ...known, ...input.config }) : known;
        await manager.update(
          AccountEntity,
          { id },
          {
            name: input.name ?? row.name,
            countries: input.countries ?? row.countries,
            sealedConfig: this.seal(id, config),
            revision: row.revision + 1,
          },
        );
        if (input.senders) {
          this.checkSenders(adapter, input.senders);
          await this.replaceSenders(manager, tenantId, id, input.senders);
        }
        await this.audit.record(manager, by, {
          tenantId,
          action: 'account.updated',
          subject: renderNative('account', id),
          before,
          after: await readAccountState(manager, id),
        });
        owe('account', id);
      }),
    );
    return this.get(tenantId, id);
  }

  async delete(tenantId: Identifier, id: Identifier, by: Author): Promise<void> {
    try {
      await this.publisher.commit(async (manager, owe) => {
        const before = await readAccountState(manager, id);
        const { affected } = await manager.delete(AccountEntity, { id, tenantId });
        if (!affected) throw new Problem('account.not_found');
        const subject = renderNative('account', id);
        await this.audit.record(manager, by, { tenantId, action: 'account.deleted', subject, before });
        owe('account', id);
      });
    } catch (error) {
      if (sqlState(error) === FOREIGN_KEY_VIOLATION) throw new Problem('account.in_use');
      throw error;
    }
  }

  async list(tenantId: Identifier): Promise<LoadedAccount[]> {
    const rows = await this.database
      .repository(AccountEntity)
      .find({ where: { tenantId }, relations: { senders: true }, order: { createdAt: 'ASC' } });
    return rows.map((row) => this.open(row.id, toPublished(row)));
  }

  async get(tenantId: Identifier, id: Identifier): Promise<LoadedAccount> {
    const row = await this.database
      .repository(AccountEntity)
      .findOne({ where: { id, tenantId }, relations: { senders: true } });
    if (!row) throw new Problem('account.not_found');
    return this.open(row.id, toPublished(row));
  }

  /** The tenant's account whose config names this WhatsApp Business Account, or the one that owns this sender. */
  async find(
    tenantId: Identifier,
    by: { wabaId: string } | { senderId: string },
  ): Promise<LoadedAccount | undefined> {
    const accounts = await this.list(tenantId);
    return accounts.find((account) =>
      'wabaId' in by
        ? (account.config as { wabaId?: unknown }).wabaId === by.wabaId
        : account.senders.some(
            (sender) =>
              sender.externalId === by.senderId ||
              sender.id === by.senderId ||
              sender.address === by.senderId,
          ),
    );
  }

  /** The account and sender behind a channel address of this tenant. */
  async findSender(
    tenantId: Identifier,
    channel: Channel,
    address: string,
  ): Promise<{ account: LoadedAccount; sender: LoadedSender } | undefined> {
    const row = await this.database.repository(SenderEntity).findOneBy({ tenantId, channel, address });
    if (!row) return undefined;
    const account = await this.get(tenantId, row.accountId);
    return { account, sender: account.senders.find((sender) => sender.id === row.id)! };
  }

  /** Asks the provider about credentials, rights, expiry and senders. Names what is missing; sends no message. */
  async diagnose(tenantId: Identifier, id: Identifier): Promise<Finding[]> {
    const account = await this.get(tenantId, id);
    return (await account.provider.diagnose?.(account.config, account.senders, this.context(account))) ?? [];
  }

  private adapter(id: string): MessageProvider {
    const adapter = this.adapters.get(id);
    if (!adapter)
      throw Problem.field(
        'provider',
        'not_allowed',
        `provider must be one of ${[...this.adapters.keys()].join(', ')}`,
      );
    return adapter;
  }

  private completeConfig(adapter: MessageProvider, config: object): object {
    const errors = configErrors(adapter, config);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    return adapter.complete?.(config) ?? config;
  }

  private checkSenders(adapter: MessageProvider, senders: readonly SenderInput[]): void {
    const wrong = senders.findIndex((sender) => !adapter.channels.includes(sender.channel));
    if (wrong >= 0)
      throw Problem.field(
        `senders/${wrong}/channel`,
        'not_allowed',
        `${adapter.id} carries ${adapter.channels.join(', ')}`,
      );
  }

  private seal(id: Identifier, config: object): string {
    return this.sealer.seal('credential-seal', JSON.stringify(config), `account:${id}`);
  }

  private openConfig(id: Identifier, sealed: string): object {
    return JSON.parse(this.sealer.open('credential-seal', sealed, `account:${id}`)) as object;
  }

  private open(id: Identifier, row: PublishedAccount): LoadedAccount {
    const provider = this.adapter(row.provider);
    const config = this.openConfig(id, row.sealedConfig);
    // A newer build beside this one may have stored what only it knows.
    const errors = configErrors(provider, config, { refuseUnknown: false });
    if (errors.length > 0)
      throw new Error(
        `account ${id}: stored config breaks a rule of ${provider.id}: ${errors.map((error) => error.pointer).join(', ')}`,
      );
    return {
      id,
      tenantId: row.tenantId,
      name: row.name,
      provider,
      config,
      origin: originOf(provider.baseUrl(config)),
      countries: new Set(row.countries),
      senders: row.senders,
    };
  }

  private async insertSenders(
    manager: EntityManager,
    tenantId: Identifier,
    accountId: Identifier,
    senders: readonly SenderInput[],
  ): Promise<void> {
    for (const sender of senders) {
      await manager.insert(SenderEntity, {
        id: newId(),
        tenantId,
        accountId,
        ...sender,
        externalId: sender.externalId ?? null,
      });
    }
  }

  /** Senders are named by (channel, address): one that stays keeps its id, since generators point at it. */
  private async replaceSenders(
    manager: EntityManager,
    tenantId: Identifier,
    accountId: Identifier,
    senders: readonly SenderInput[],
  ): Promise<void> {
    const known = await manager.findBy(SenderEntity, { accountId });
    const same = (row: SenderEntity, sender: SenderInput): boolean =>
      row.channel === sender.channel && row.address === sender.address;
    for (const row of known) {
      const kept = senders.find((sender) => same(row, sender));
      if (kept) await manager.update(SenderEntity, { id: row.id }, { externalId: kept.externalId ?? null });
      else await manager.delete(SenderEntity, { id: row.id });
    }
    await this.insertSenders(
      manager,
      tenantId,
      accountId,
      senders.filter((sender) => !known.some((row) => same(row, sender))),
    );
  }

  private async refusingConflicts<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) {
        throw Problem.field(
          'senders',
          'not_unique',
          'The name of the account, or the address of a sender on its channel, is in use already.',
        );
      }
      throw error;
    }
  }
}

function configErrors(
  adapter: MessageProvider,
  config: object,
  { refuseUnknown }: { refuseUnknown: boolean } = { refuseUnknown: true },
): FieldError[] {
  const instance = plainToInstance(adapter.configDto, config);
  return toFieldErrors(
    validateSync(instance, {
      whitelist: true,
      forbidNonWhitelisted: refuseUnknown,
      forbidUnknownValues: false,
    }),
    '#/config',
  );
}

function toPublished(row: AccountEntity): PublishedAccount {
  return {
    tenantId: row.tenantId,
    name: row.name,
    provider: row.provider,
    sealedConfig: row.sealedConfig,
    countries: row.countries,
    senders: row.senders.map(({ id, channel, address, externalId }) => ({
      id,
      channel,
      address,
      externalId: externalId ?? undefined,
    })),
  };
}

async function readAccount(manager: EntityManager, id: Identifier): Promise<Publication | undefined> {
  const row = await manager.findOne(AccountEntity, { where: { id }, relations: { senders: true } });
  return row ? { revision: row.revision, payload: toPublished(row) } : undefined;
}
