import { randomBytes } from 'node:crypto';
import { defineProvider, type Finding } from '../../message-provider.js';
import { isObject } from '../json.js';
import { describe, type GraphAnswer, toSendResult } from '../whatsapp/graph-answer.js';
import { cloudMessage } from '../whatsapp/template-message.js';
import { WEBHOOK_FIELDS } from '../whatsapp/webhook-envelope.js';
import { callGraph, DEFAULT_BASE_URL, listGraph } from './graph-client.js';
import { metaChat } from './meta-cloud.chat.js';
import { MetaCloudConfig } from './meta-cloud.config.js';
import { metaNumbers } from './meta-cloud.numbers.js';
import { metaReceipts } from './meta-cloud.receipts.js';
import { metaTemplates } from './meta-cloud.templates.js';

const NEEDED_SCOPES = ['whatsapp_business_messaging', 'whatsapp_business_management'];
const EXPIRY_WARNING_DAYS = 7;

/** WhatsApp through Meta's own Cloud API. */
export const metaCloud = defineProvider<MetaCloudConfig>({
  id: 'meta-cloud',
  channels: ['whatsapp'],
  templateChannels: ['whatsapp'],
  configDto: MetaCloudConfig,
  secrets: ['accessToken', 'appSecrets'],
  echoesCorrelation: true,
  baseUrl: (config) => config.baseUrl ?? DEFAULT_BASE_URL,
  complete: (config) => ({
    ...config,
    verifyToken: config.verifyToken ?? randomBytes(18).toString('base64url'),
  }),
  webhookSettings: (config) => ({
    verifyToken: config.verifyToken ?? '',
    fields: WEBHOOK_FIELDS.join(', '),
  }),
  receipts: metaReceipts,
  chat: metaChat,
  templates: metaTemplates,
  numbers: metaNumbers,

  async send(message, config, context) {
    const answer = await callGraph(
      'POST',
      `${message.from.externalId}/messages`,
      cloudMessage(message),
      config,
      context,
      message.deadlineMs,
    );
    return toSendResult(answer, message.to);
  },

  async diagnose(config, senders, context) {
    const token = await callGraph(
      'GET',
      `debug_token?input_token=${encodeURIComponent(config.accessToken)}`,
      undefined,
      config,
      context,
    );
    if (token.kind !== 'ok') return [unreachable(token)];
    const findings = readToken(token.body, context.now());
    const numbers = await listGraph(
      `${config.wabaId}/phone_numbers?fields=id,display_phone_number`,
      config,
      context,
    );
    if ('failed' in numbers) {
      const detail = `The WABA's numbers could not be read: ${describe(numbers.failed)}.`;
      return [...findings, { check: 'sender', ok: false, detail }];
    }
    const known = new Set(numbers.rows.map((row) => row['id']));
    return [
      ...findings,
      ...senders.map((sender): Finding => {
        const ok = sender.externalId !== undefined && known.has(sender.externalId);
        return {
          check: 'sender',
          ok,
          detail: ok
            ? `${sender.address} belongs to the WABA.`
            : `${sender.address}: phone number id is not one of the WABA's.`,
        };
      }),
    ];
  },
});

function readToken(body: Record<string, unknown>, now: number): Finding[] {
  const data = isObject(body['data']) ? body['data'] : {};
  const valid = data['is_valid'] === true;
  const scopes = Array.isArray(data['scopes']) ? data['scopes'].map(String) : [];
  const missing = NEEDED_SCOPES.filter((scope) => !scopes.includes(scope));
  const expiresAt = typeof data['expires_at'] === 'number' ? data['expires_at'] * 1_000 : 0;
  const daysLeft = expiresAt === 0 ? Infinity : Math.floor((expiresAt - now) / 86_400_000);
  return [
    { check: 'credentials', ok: valid, detail: valid ? 'The token is valid.' : 'The token is not valid.' },
    {
      check: 'permissions',
      ok: missing.length === 0,
      detail:
        missing.length === 0
          ? 'The token has the rights it needs.'
          : `The token lacks ${missing.join(', ')}.`,
    },
    {
      check: 'expiry',
      ok: daysLeft > EXPIRY_WARNING_DAYS,
      detail: describeExpiry(daysLeft),
      ...(expiresAt > 0 && { expiresAt }),
    },
  ];
}

function describeExpiry(daysLeft: number): string {
  if (daysLeft === Infinity) return 'The token does not expire.';
  return daysLeft < 0 ? 'The token has expired.' : `The token expires in ${daysLeft} days.`;
}

function unreachable(answer: GraphAnswer): Finding {
  const refused = answer.kind === 'error';
  return {
    check: refused ? 'credentials' : 'reachable',
    ok: false,
    detail: refused
      ? `Meta refused the token: ${describe(answer)}.`
      : `Meta did not answer as expected: ${describe(answer)}.`,
  };
}
