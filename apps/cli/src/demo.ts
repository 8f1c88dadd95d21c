import type { INestApplicationContext } from '@nestjs/common';
import { CLI } from '#journal';
import { type AccountInput, AccountsService, type LoadedAccount } from '#providers';
import { TenantsService } from '#tenants';
import { BootRefused, Config } from '#platform/config';
import { HttpClient } from '#platform/http-client';
import { renderNative } from '#platform/identifiers';

const TENANT = 'demo';
const ACCOUNT = 'simulator';
const MAIL_ACCOUNT = 'simulator-mail';
const CHAT_ACCOUNT = 'simulator-chat';
/** A number of those that are never given out, and a name. */
const CHAT_SENDERS = { sms: '447700900001', viber: 'Countersign' } as const;
const MAIL_SENDER = 'codes@countersign.example';
const RECEIVER = '+525500000000';

/** Where the simulator's WhatsApp Business Account is, as the launcher started it. */
export interface SimulatedAccount {
  wabaId: string;
  phoneNumberId: string;
  senderAddress: string;
  accessToken: string;
  appSecret: string;
  smtpUsername: string;
  smtpPassword: string;
  infobipApiKey?: string;
  infobipWebhookSecret?: string;
}

export interface Demo {
  tenantId: string;
  apiKey: string;
  accountId: string;
  wabaId: string;
  senderAddress: string;
  receiver: string;
  /** Where SIMULATOR_SMTP_URL is set: an account and a sender for e-mail. */
  email?: { accountId: string; senderAddress: string };
  /** At the simulator's half of Infobip: the account, and its sender on each channel, which people can write to. */
  chat?: { accountId: string; sms: string; viber: string };
}

/** Makes, or finds, the demo tenant with a test key and an account at the simulator. Running it again changes nothing. */
export async function prepareDemo(
  context: INestApplicationContext,
  simulated: SimulatedAccount,
  knownKey: string | undefined,
): Promise<Demo> {
  const config = context.get(Config);
  if (!config.simulatorOrigin) throw new BootRefused('The demo needs SIMULATOR_URL');
  const tenants = context.get(TenantsService, { strict: false });
  const tenant = (await tenants.findTenantByName(TENANT)) ?? (await tenants.createTenant(TENANT));
  const keyWorks = knownKey !== undefined && (await tenants.keyWorks(tenant.id, knownKey));
  const apiKey = keyWorks
    ? knownKey
    : (await tenants.createKey({ tenantId: tenant.id, name: 'quick start', mode: 'test' })).text;
  const accounts = context.get(AccountsService, { strict: false });
  const account = await prepareAccount(accounts, tenant.id, config.simulatorOrigin, simulated);
  await subscribe(context.get(HttpClient, { strict: false }), account, accounts, simulated);
  const mail = await prepareMailAccount(context, tenant.id, config, simulated);
  const chat = await prepareChatAccount(context, tenant.id, config.simulatorOrigin, simulated);
  return {
    ...(mail && { email: { accountId: renderNative('account', mail.id), senderAddress: MAIL_SENDER } }),
    ...(chat && { chat: { accountId: renderNative('account', chat.id), ...CHAT_SENDERS } }),
    tenantId: renderNative('tenant', tenant.id),
    apiKey,
    accountId: renderNative('account', account.id),
    wabaId: simulated.wabaId,
    senderAddress: simulated.senderAddress,
    receiver: RECEIVER,
  };
}

async function prepareAccount(
  accounts: AccountsService,
  tenantId: string,
  origin: string,
  simulated: SimulatedAccount,
): Promise<LoadedAccount> {
  const input = {
    name: ACCOUNT,
    config: {
      baseUrl: origin,
      wabaId: simulated.wabaId,
      accessToken: simulated.accessToken,
      appSecrets: [simulated.appSecret],
    },
    countries: ['*'],
    senders: [
      { channel: 'whatsapp' as const, address: simulated.senderAddress, externalId: simulated.phoneNumberId },
    ],
  };
  return keep(accounts, tenantId, 'meta-cloud', input);
}

async function prepareChatAccount(
  context: INestApplicationContext,
  tenantId: string,
  origin: string,
  { infobipApiKey, infobipWebhookSecret }: SimulatedAccount,
): Promise<LoadedAccount | undefined> {
  if (infobipApiKey === undefined || infobipWebhookSecret === undefined) return undefined;
  const accounts = context.get(AccountsService, { strict: false });
  const channels = Object.keys(CHAT_SENDERS) as (keyof typeof CHAT_SENDERS)[];
  const senders = channels.map((channel) => ({ channel, address: CHAT_SENDERS[channel] }));
  const input = {
    name: CHAT_ACCOUNT,
    config: {
      baseUrl: `${origin}/infobip`,
      apiKey: infobipApiKey,
      webhookSecrets: [infobipWebhookSecret],
    },
    countries: ['*'],
    senders,
  };
  const account = await keep(accounts, tenantId, 'infobip', input);
  const url = accounts.webhookUrl(account);
  await tellSimulator(context.get(HttpClient, { strict: false }), {
    method: 'PUT',
    url: `${origin}/_sim/infobip`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ senders: senders.map((sender) => ({ ...sender, url })) }),
  });
  return account;
}

async function prepareMailAccount(
  context: INestApplicationContext,
  tenantId: string,
  { simulatorSmtp }: Config,
  { smtpUsername, smtpPassword }: SimulatedAccount,
): Promise<LoadedAccount | undefined> {
  if (!simulatorSmtp) return undefined;
  const accounts = context.get(AccountsService, { strict: false });
  const input = {
    name: MAIL_ACCOUNT,
    config: {
      ...simulatorSmtp,
      security: 'none',
      username: smtpUsername,
      password: smtpPassword,
      fromName: 'Countersign',
    },
    countries: ['*'],
    senders: [{ channel: 'email' as const, address: MAIL_SENDER }],
  };
  return keep(accounts, tenantId, 'smtp', input);
}

/** The account of this name, as it is to be now. */
async function keep(
  accounts: AccountsService,
  tenantId: string,
  provider: string,
  input: Omit<AccountInput, 'provider'>,
): Promise<LoadedAccount> {
  const known = (await accounts.list(tenantId)).find(({ name }) => name === input.name);
  return known
    ? accounts.update(tenantId, known.id, input, CLI)
    : accounts.create(tenantId, { ...input, provider }, CLI);
}

/** Does at the simulator what a person does at Meta: gives it our webhook address and verify token. */
async function subscribe(
  http: HttpClient,
  account: LoadedAccount,
  accounts: AccountsService,
  simulated: SimulatedAccount,
): Promise<void> {
  const { verifyToken } = account.config as { verifyToken: string };
  await tellSimulator(http, {
    method: 'POST',
    url: `${account.origin}/v25.0/${simulated.wabaId}/subscribed_apps`,
    headers: { authorization: `Bearer ${simulated.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      override_callback_uri: accounts.webhookUrl(account),
      verify_token: verifyToken,
    }),
  });
}

async function tellSimulator(
  http: HttpClient,
  request: { method: 'POST' | 'PUT'; url: string; headers: Record<string, string>; body: string },
): Promise<void> {
  const result = await http.send({ ...request, deadlineMs: 5_000 });
  if (result.kind !== 'response' || result.status !== 200) {
    throw new BootRefused(
      `The simulator did not take the webhook address: ${result.kind === 'response' ? `status ${result.status}` : result.reason}`,
    );
  }
}
