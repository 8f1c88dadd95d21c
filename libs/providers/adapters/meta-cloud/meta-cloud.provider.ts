import { randomBytes } from 'node:crypto';
import {
  asProviderId,
  defineProvider,
  type Finding,
  type OutboundMessage,
  type SendResult,
} from '../../message-provider.js';
import { callGraph, DEFAULT_BASE_URL, type GraphAnswer, isObject, listGraph } from './graph-client.js';
import { judgeGraphError } from './graph-errors.js';
import { MetaCloudConfig } from './meta-cloud.config.js';
import { metaReceipts } from './meta-cloud.receipts.js';
import { describe, metaTemplates } from './meta-cloud.templates.js';

const NEEDED_SCOPES = ['whatsapp_business_messaging', 'whatsapp_business_management'];
const EXPIRY_WARNING_DAYS = 7;

/** WhatsApp through Meta's own Cloud API. */
export const metaCloud = defineProvider<MetaCloudConfig>({
  id: 'meta-cloud',
  channels: ['whatsapp'],
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
    fields: 'messages, message_template_status_update',
  }),
  receipts: metaReceipts,
  templates: metaTemplates,

  async send(message, config, context) {
    const answer = await callGraph(
      'POST',
      `${message.from.externalId}/messages`,
      templateBody(message),
      config,
      context,
      message.deadlineMs,
    );
    return toResult(answer, message.to);
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

/** An authentication template takes the code twice: in the text and in the button, under the same value. */
function templateBody({ to, code, template, correlationId }: OutboundMessage): object {
  const parameters = [{ type: 'text', text: code }];
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to,
    type: 'template',
    template: {
      name: template?.name,
      language: { code: template?.language },
      components: [
        { type: 'body', parameters },
        { type: 'button', sub_type: 'url', index: '0', parameters },
      ],
    },
    biz_opaque_callback_data: correlationId,
  };
}

function toResult(answer: GraphAnswer, to: string): SendResult {
  switch (answer.kind) {
    case 'ok': {
      const messages = answer.body['messages'];
      const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
      const providerMessageId = isObject(first) ? asProviderId(first['id']) : undefined;
      if (providerMessageId === undefined) return { outcome: 'unknown', reason: 'answer_without_id' };
      const reached = readWhatsappId(answer.body);
      return {
        outcome: 'accepted',
        providerMessageId,
        ...(reached !== undefined && reached !== to && { reachedAddress: reached }),
      };
    }
    case 'error': {
      const verdict = judgeGraphError(answer.error.code, { ...answer.error, status: answer.status });
      const reason = `meta_${answer.error.code}`;
      if (verdict === 'unknown') return { outcome: 'unknown', reason };
      if ('failure' in verdict) return { outcome: 'rejected', reason, failure: verdict.failure };
      const { retryAfterMs, throttled } = verdict;
      return { outcome: 'retry', reason, afterMs: answer.retryAfterMs ?? retryAfterMs, throttled };
    }
    case 'throttled':
      return { outcome: 'retry', reason: 'status_429', afterMs: answer.retryAfterMs, throttled: true };
    case 'not_sent':
      // Whoever answers there is not the provider: not for a retry to mend, and never a reason to ask less of it.
      return answer.distrusted
        ? { outcome: 'rejected', reason: answer.reason, failure: 'account' }
        : { outcome: 'retry', reason: answer.reason };
    // A 5xx without Graph's envelope comes from something in front of it: nobody can say what Graph did.
    case 'server_error':
      return { outcome: 'unknown', reason: `status_${answer.status}` };
    case 'unreadable':
      return { outcome: 'unknown', reason: answer.reason };
  }
}

/** The number WhatsApp knows the receiver under: its `wa_id` may differ from what was addressed. */
function readWhatsappId(body: Record<string, unknown>): string | undefined {
  const contacts = body['contacts'];
  const first: unknown = Array.isArray(contacts) ? contacts[0] : undefined;
  const id = isObject(first) ? first['wa_id'] : undefined;
  return typeof id === 'string' && /^\d{7,15}$/.test(id) ? `+${id}` : undefined;
}

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
