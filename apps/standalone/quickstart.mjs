// What a newcomer gets: secrets made once and kept, and a screen that leads from nothing to a verified code.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readJson, writeJson } from './processes.mjs';

export const SENDER_ADDRESS = '584111111111';
export const SMTP_USERNAME = 'simulator';

/** Of providers that came after the first version, each in the form that the provider gives it. */
const LATER_SECRETS = {
  smtpPassword: () => randomBytes(18).toString('base64url'),
  dialog360ApiKey: () => `${randomBytes(12).toString('hex')}_AK`,
  infobipApiKey: () => `${randomBytes(16).toString('hex')}-${randomUUID()}`,
  infobipWebhookSecret: () => randomBytes(18).toString('base64url'),
  twilioAccountSid: () => `AC${randomBytes(16).toString('hex')}`,
  twilioAuthToken: () => randomBytes(16).toString('hex'),
  telegramToken: () => `AAE${randomBytes(24).toString('base64url')}`,
};

/**
 * Made once. A file that cannot be read is never replaced: the data were written under its keys, and under new ones
 * no receiver would be found and no code opened again.
 */
export function loadSecrets(file) {
  if (existsSync(file)) {
    const secrets = readJson(file);
    if (!secrets?.installationKey || !secrets.keyring || !secrets.simulator) {
      throw new Error(
        `${file} is damaged. Restore it, or remove its whole folder to start anew without the data.`,
      );
    }
    return withLaterSecrets(file, secrets);
  }
  const secrets = {
    installationKey: randomBytes(32).toString('base64'),
    keyring: `k1:${randomBytes(32).toString('base64')}`,
    simulator: {
      wabaId: digits(15),
      phoneNumberId: digits(15),
      accessToken: `EAA${randomBytes(24).toString('hex')}`,
      appSecret: randomBytes(16).toString('hex'),
      ...Object.fromEntries(Object.entries(LATER_SECRETS).map(([name, make]) => [name, make()])),
    },
  };
  writeJson(file, secrets);
  return secrets;
}

/** A file of a version that lacked some of them gets these, and keeps what it has. */
function withLaterSecrets(file, secrets) {
  const missing = Object.entries(LATER_SECRETS).filter(([name]) => !secrets.simulator[name]);
  if (missing.length === 0) return secrets;
  for (const [name, make] of missing) secrets.simulator[name] = make();
  writeJson(file, secrets);
  return secrets;
}

/** How the simulator is told each of them. */
export const SIMULATOR_VARIABLES = {
  SIM_WABA_ID: 'wabaId',
  SIM_PHONE_NUMBER_ID: 'phoneNumberId',
  SIM_ACCESS_TOKEN: 'accessToken',
  SIM_APP_SECRET: 'appSecret',
  SIM_SMTP_PASSWORD: 'smtpPassword',
  SIM_DIALOG360_API_KEY: 'dialog360ApiKey',
  SIM_INFOBIP_API_KEY: 'infobipApiKey',
  SIM_INFOBIP_WEBHOOK_SECRET: 'infobipWebhookSecret',
  SIM_TWILIO_ACCOUNT_SID: 'twilioAccountSid',
  SIM_TWILIO_AUTH_TOKEN: 'twilioAuthToken',
  SIM_TELEGRAM_TOKEN: 'telegramToken',
};

/** Where each provider's half of the simulator is, and what opens it. */
export function simulatedProviders(simulatorUrl, smtpPort, secrets) {
  const { accessToken, appSecret, wabaId, phoneNumberId, smtpPassword } = secrets;
  const { dialog360ApiKey, infobipApiKey, twilioAccountSid, twilioAuthToken, telegramToken } = secrets;
  return {
    graph: { baseUrl: simulatorUrl, accessToken, appSecret, wabaId, phoneNumberId },
    dialog360: { baseUrl: `${simulatorUrl}/dialog360`, apiKey: dialog360ApiKey },
    infobip: { baseUrl: `${simulatorUrl}/infobip`, apiKey: infobipApiKey },
    twilio: {
      baseUrl: `${simulatorUrl}/twilio`,
      accountSid: twilioAccountSid,
      authToken: twilioAuthToken,
    },
    telegram: { baseUrl: `${simulatorUrl}/telegram`, token: telegramToken },
    smtp: { host: '127.0.0.1', port: smtpPort, username: SMTP_USERNAME, password: smtpPassword },
  };
}

function digits(count) {
  return String(randomInt(1, 10)) + Array.from({ length: count - 1 }, () => randomInt(10)).join('');
}

/** Plain sh, curl and sed: it is pasted into shells we know nothing about, so no comments, arrays or jq. */
export function tryOut({ apiUrl, apiKey, wabaId, senderAddress, receiver }) {
  const call = (method, path, body) =>
    [
      `ANSWER=$(curl -sS -X ${method} "$API${path}" -H "authorization: Bearer $KEY" \\`,
      `  -H 'accept: application/json' -H 'content-type: application/json' -d '${body}')`,
    ].join('\n');
  const show = `printf '%s\\n' "$ANSWER"`;
  const take = (name, pattern) => `${show}; ${name}=$(${show} | sed -n 's/.*${pattern}.*/\\1/p')`;

  return `
API='${apiUrl}'; KEY='${apiKey}'; NAME="quickstart_$(date +%s)$$"
${call(
  'POST',
  `/balerion/v2/whatsapp/templates/?wabaId=${wabaId}`,
  `{"name":"'"$NAME"'","category":"AUTHENTICATION",
    "templateLanguages":[{"language":"en","components":[{"type":"BODY","securityRecomendation":true},
    {"type":"FOOTER","expirationMinutes":15},
    {"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy Code"}]}]}]}`,
)}
${take('TEMPLATE_ID', '"templateLanguages".*"id": *"\\([^"]*\\)"')}
sleep 2
${call(
  'POST',
  '/eyriesgate/v1/2fa',
  `{"codeLength":6,"expirationMinutes":15,
    "channels":[{"type":"WHATSAPP","address":"${senderAddress}","templateId":"'"$TEMPLATE_ID"'","placeholder":"code"}]}`,
)}
${take('GENERATOR_ID', '"data": *{.*"id": *\\([0-9][0-9]*\\)')}
${call('POST', '/eyriesgate/v1/2fa/$GENERATOR_ID/codes', `{"channel":"WHATSAPP","receiver":"${receiver}"}`)}
${take('REQUEST_ID', '"requestId": *"\\([^"]*\\)"')}
${call('PATCH', '/eyriesgate/v1/2fa/$GENERATOR_ID/codes', `{"action":"status","requestId":"'"$REQUEST_ID"'"}`)}
${take('CODE', '"token": *"\\([^"]*\\)"')}
${call(
  'PATCH',
  '/eyriesgate/v1/2fa/$GENERATOR_ID/codes',
  `{"action":"verify","requestId":"'"$REQUEST_ID"'","code":"'"$CODE"'"}`,
)}
${show}
`.trimStart();
}

export function welcome({ apiUrl, phoneUrl, apiKey, shown, seconds, script }) {
  return `
Countersign is ready after ${seconds} s. Ctrl-C stops it; everything is kept in ${shown}.

  API      ${apiUrl}        documentation  ${apiUrl}/docs
  Phone    ${phoneUrl}  (a simulated WhatsApp: codes arrive here, nothing leaves this machine)
  API key  ${apiKey}

Template, generator, code, status and verification, to paste into another terminal (sh ${script} does
the same). The simulator approves a template after one second, hence the sleep.
`.trimStart();
}
