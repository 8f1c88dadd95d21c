// What a newcomer gets: secrets made once and kept, and a screen that leads from nothing to a verified code.
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readJson, writeJson } from './processes.mjs';

export const SENDER_ADDRESS = '584111111111';
export const SMTP_USERNAME = 'simulator';

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
    if (!secrets.simulator.smtpPassword) {
      // Written by a version without mail.
      secrets.simulator.smtpPassword = randomBytes(18).toString('base64url');
      writeJson(file, secrets);
    }
    return secrets;
  }
  const secrets = {
    installationKey: randomBytes(32).toString('base64'),
    keyring: `k1:${randomBytes(32).toString('base64')}`,
    simulator: {
      wabaId: digits(15),
      phoneNumberId: digits(15),
      accessToken: `EAA${randomBytes(24).toString('hex')}`,
      appSecret: randomBytes(16).toString('hex'),
      smtpPassword: randomBytes(18).toString('base64url'),
    },
  };
  writeJson(file, secrets);
  return secrets;
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
