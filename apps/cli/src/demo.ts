import type { INestApplicationContext } from '@nestjs/common';
import { AccountsService, type LoadedAccount } from '#providers';
import { TenantsService } from '#tenants';
import { BootRefused, Config } from '#platform/config';
import { HttpClient } from '#platform/http-client';
import { renderNative } from '#platform/identifiers';

const TENANT = 'demo';
const ACCOUNT = 'simulator';
const MAIL_ACCOUNT = 'simulator-mail';
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
  const account = await prepareAccount(
    context.get(AccountsService, { strict: false }),
    tenant.id,
    config.simulatorOrigin,
    simulated,
  );
  await subscribe(context.get(HttpClient, { strict: false }), account, config, simulated);
  const mail = await prepareMailAccount(context, tenant.id, config, simulated);
  return {
    ...(mail && { email: { accountId: renderNative('account', mail.id), senderAddress: MAIL_SENDER } }),
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
  const known = (await accounts.list(tenantId)).find((account) => account.name === ACCOUNT);
  return known
    ? accounts.update(tenantId, known.id, input)
    : accounts.create(tenantId, { ...input, provider: 'meta-cloud' });
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
  const known = (await accounts.list(tenantId)).find((account) => account.name === MAIL_ACCOUNT);
  return known
    ? accounts.update(tenantId, known.id, input)
    : accounts.create(tenantId, { ...input, provider: 'smtp' });
}

/** Does at the simulator what a person does at Meta: gives it our webhook address and verify token. */
async function subscribe(
  http: HttpClient,
  account: LoadedAccount,
  config: Config,
  simulated: SimulatedAccount,
): Promise<void> {
  const { verifyToken } = account.config as { verifyToken: string };
  const result = await http.send({
    method: 'POST',
    url: `${config.simulatorOrigin}/v25.0/${simulated.wabaId}/subscribed_apps`,
    headers: { authorization: `Bearer ${simulated.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      override_callback_uri: `${config.http.publicUrl}/webhooks/${account.provider.id}/${renderNative('account', account.id)}`,
      verify_token: verifyToken,
    }),
    deadlineMs: 5_000,
  });
  if (result.kind !== 'response' || result.status !== 200) {
    throw new BootRefused(
      `The simulator did not take the webhook address: ${result.kind === 'response' ? `status ${result.status}` : result.reason}`,
    );
  }
}
