// Owns the simulator's environment: the only place here that reads process.env.
// Every value has a default, so that a bare start gives one usable account. The
// defaults are public on purpose: nothing of value stands behind them.

export class SimulatorConfig {
  port = 3100;
  host = '127.0.0.1';
  /** Where state persists; undefined keeps everything in memory. */
  stateFile: string | undefined = undefined;
  wabaId = '100000000000001';
  phoneNumberId = '200000000000001';
  /** The display number of the seeded sender, digits only. */
  senderAddress = '584111111111';
  accessToken = 'simulator-access-token';
  appSecret = 'simulator-app-secret';
  approveAfterMs = 1_000;
  /** `D360-API-KEY` of the one number. */
  dialog360ApiKey = 'simulator-dialog360-key';
  infobipApiKey = 'simulator-infobip-key';
  /** What Infobip's posts carry in `authorization`, until it is told otherwise. */
  infobipWebhookSecret = 'simulator-infobip-webhook';
  twilioAccountSid = 'AC00000000000000000000000000000001';
  twilioAuthToken = 'simulator-twilio-token';
  telegramToken = 'simulator-telegram-token';
  /** What posts to and from `/hook` are signed with, as Standard Webhooks spells it. */
  hookSecret = 'whsec_c2ltdWxhdG9yLWhvb2stc2VjcmV0LTAwMQ==';
  /** Where mail is taken; 0 takes any free port. */
  smtpPort = 3125;
  /** The same with TLS from the first byte; `GET /_sim/mail` tells which port 0 became. */
  smtpsPort = 0;
  /** The one login of the mail server. */
  smtpUsername = 'simulator';
  smtpPassword = 'simulator-smtp-password';

  constructor(overrides: Partial<SimulatorConfig> = {}) {
    Object.assign(this, overrides);
  }
}

function integerFrom(env: NodeJS.ProcessEnv, name: string, fallback: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name} must be an integer from 0 to ${max}`);
  }
  return value;
}

function digitsFrom(env: NodeJS.ProcessEnv, name: string, fallback: string): string {
  const text = env[name]?.replace(/^\+/, '');
  if (text === undefined || text === '') return fallback;
  if (!/^\d{4,20}$/.test(text)) throw new Error(`${name} must be digits`);
  return text;
}

// eslint-disable-next-line no-restricted-syntax -- the simulator shares no code with what it tests, so it reads its own environment, here only.
export function readSimulatorConfig(env: NodeJS.ProcessEnv = process.env): SimulatorConfig {
  const defaults = new SimulatorConfig();
  return new SimulatorConfig({
    port: integerFrom(env, 'PORT', defaults.port, 65_535),
    host: env.HOST || defaults.host,
    stateFile: env.SIM_STATE_FILE || undefined,
    wabaId: digitsFrom(env, 'SIM_WABA_ID', defaults.wabaId),
    phoneNumberId: digitsFrom(env, 'SIM_PHONE_NUMBER_ID', defaults.phoneNumberId),
    senderAddress: digitsFrom(env, 'SIM_SENDER_ADDRESS', defaults.senderAddress),
    accessToken: env.SIM_ACCESS_TOKEN || defaults.accessToken,
    appSecret: env.SIM_APP_SECRET || defaults.appSecret,
    dialog360ApiKey: env.SIM_DIALOG360_API_KEY || defaults.dialog360ApiKey,
    infobipApiKey: env.SIM_INFOBIP_API_KEY || defaults.infobipApiKey,
    infobipWebhookSecret: env.SIM_INFOBIP_WEBHOOK_SECRET || defaults.infobipWebhookSecret,
    twilioAccountSid: env.SIM_TWILIO_ACCOUNT_SID || defaults.twilioAccountSid,
    twilioAuthToken: env.SIM_TWILIO_AUTH_TOKEN || defaults.twilioAuthToken,
    telegramToken: env.SIM_TELEGRAM_TOKEN || defaults.telegramToken,
    hookSecret: env.SIM_HOOK_SECRET || defaults.hookSecret,
    smtpPort: integerFrom(env, 'SMTP_PORT', defaults.smtpPort, 65_535),
    smtpsPort: integerFrom(env, 'SMTPS_PORT', defaults.smtpsPort, 65_535),
    smtpUsername: env.SIM_SMTP_USERNAME || defaults.smtpUsername,
    smtpPassword: env.SIM_SMTP_PASSWORD || defaults.smtpPassword,
    approveAfterMs: integerFrom(env, 'SIM_APPROVE_AFTER_MS', defaults.approveAfterMs, 86_400_000),
  });
}
