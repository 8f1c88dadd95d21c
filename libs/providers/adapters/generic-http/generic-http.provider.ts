import { signedHeaders } from '#platform/crypto';
import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import {
  asProviderId,
  CHANNELS,
  defineProvider,
  type FailureClass,
  type OutboundMessage,
  type ProviderContext,
  type SendResult,
} from '../../message-provider.js';
import { parseObject } from '../json.js';
import { GenericHttpConfig } from './generic-http.config.js';
import { genericReceipts } from './generic-http.receipts.js';
import { readClass, readReason } from './hook-words.js';

/** Of the document that is posted. A member may be added under the same number, never changed or taken away. */
const CONTRACT_VERSION = 1;

/** Any channel through a hook of one's own: docs/providers/generic-http.md is its contract. */
export const genericHttp = defineProvider<GenericHttpConfig>({
  id: 'generic-http',
  channels: CHANNELS,
  configDto: GenericHttpConfig,
  secrets: ['secrets', 'headers'],
  echoesCorrelation: true,
  baseUrl: (config) => config.url,
  receipts: genericReceipts,

  async send(message, config, context) {
    const body = JSON.stringify(documentOf(message, context));
    const result = await context.http.send({
      method: 'POST',
      url: config.url,
      headers: {
        ...config.headers,
        'content-type': 'application/json',
        accept: 'application/json',
        ...signedHeaders(message.correlationId, context.now(), body, config.secrets),
      },
      body,
      deadlineMs: message.deadlineMs,
      signal: context.signal,
      // A tenant wrote the address: it may not lead into the house.
      guarded: true,
    });
    return toResult(result, message, context.now());
  },

  async diagnose(config, _senders, context) {
    const forbidden = await context.http.whyForbidden(config.url);
    const detail =
      forbidden === undefined
        ? 'The address may be posted to. Nothing was.'
        : `The address may not be posted to: ${forbidden}.`;
    return [{ check: 'reachable', ok: forbidden === undefined, detail }];
  },
});

function documentOf(message: OutboundMessage, { webhookUrl }: ProviderContext): object {
  const { channel, to, from, code, link, content, template, lifeMs, correlationId } = message;
  return {
    v: CONTRACT_VERSION,
    id: correlationId,
    channel,
    to,
    from: from.address,
    code: link ? undefined : code,
    link: link?.url,
    text: content?.text,
    subject: content?.subject,
    html: content?.html,
    language: template?.language,
    expiresInSeconds: lifeMs === undefined ? undefined : Math.floor(lifeMs / 1_000),
    template: template && { name: template.name, language: template.language, values: template.values },
    callbackUrl: webhookUrl,
  };
}

/** What the guard calls an address that leads nowhere we go. */
const FORBIDDEN: readonly string[] = ['url_not_allowed', 'address_not_allowed'];

function toResult(result: OutboundResult, message: OutboundMessage, now: number): SendResult {
  if (result.kind === 'unknown') return { outcome: 'unknown', reason: result.reason };
  if (result.kind === 'not_sent') {
    const { reason, distrusted } = result;
    return distrusted || FORBIDDEN.includes(reason)
      ? { outcome: 'rejected', reason, failure: 'account' }
      : { outcome: 'retry', reason };
  }
  const { status, headers } = result;
  const body = parseObject(result.body);
  if (status >= 200 && status < 300)
    return { outcome: 'accepted', providerMessageId: asProviderId(body?.['id']) ?? message.correlationId };
  if (status === 429) {
    const afterMs = readRetryAfter(headers['retry-after'], now);
    return { outcome: 'retry', reason: 'status_429', afterMs, throttled: true };
  }
  const failure = failureOf(status, body);
  const reason = readReason(body?.['reason'], message) ?? `status_${status}`;
  return failure === undefined
    ? { outcome: 'unknown', reason: `status_${status}` }
    : { outcome: 'rejected', reason, failure };
}

function failureOf(status: number, body: Record<string, unknown> | undefined): FailureClass | undefined {
  if (status === 401 || status === 403 || status === 410) return 'account';
  if (status === 422) return readClass(body?.['refused']) ?? 'bug';
  return status >= 400 && status < 500 ? 'bug' : undefined;
}
