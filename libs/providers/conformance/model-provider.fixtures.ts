// The smallest adapter that keeps the rules, of a provider that does not exist: what the suite is tried on.
import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import {
  asProviderId,
  defineProvider,
  type MessageProvider,
  type Notices,
  type OutboundMessage,
  type ProviderContext,
  type Receipts,
  type SendResult,
  type StatusNotice,
} from '../message-provider.js';
import type { ProviderCase } from './provider-case.fixtures.js';
import { json } from './scripted-server.fixtures.js';

export interface ModelConfig {
  url: string;
  key: string;
  hookSecrets: string[];
}

class ModelConfigDto implements ModelConfig {
  url!: string;
  key!: string;
  hookSecrets!: string[];
}

const KEY = 'model-key-8842';
const SECRETS = ['hook-secret-1', 'hook-secret-2'] as const;
export const STATUSES = ['sent', 'delivered', 'read', 'failed'];

export function bodyOf({ to, code, correlationId }: OutboundMessage): Record<string, unknown> {
  return { to, text: code, ref: correlationId };
}

export async function postModel(
  message: OutboundMessage,
  config: ModelConfig,
  context: ProviderContext,
  body: object = bodyOf(message),
  path = '/send',
): Promise<OutboundResult> {
  return context.http.send({
    method: 'POST',
    url: config.url + path,
    headers: { 'x-key': config.key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    deadlineMs: message.deadlineMs,
    signal: context.signal,
  });
}

export function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function judge(result: OutboundResult, now: number): SendResult {
  if (result.kind === 'not_sent') return { outcome: 'retry', reason: result.reason };
  if (result.kind === 'unknown') return { outcome: 'unknown', reason: result.reason };
  const { status, headers } = result;
  const { id, refused } = readJson(result.body);
  if (status === 429)
    return { outcome: 'retry', reason: 'status_429', afterMs: readRetryAfter(headers['retry-after'], now) };
  if (refused === 'key') return { outcome: 'rejected', reason: 'model_key', failure: 'account' };
  if (refused === 'receiver') return { outcome: 'rejected', reason: 'model_receiver', failure: 'receiver' };
  if (refused === 'busy') return { outcome: 'retry', reason: 'model_busy' };
  const providerMessageId = asProviderId(id);
  if (status !== 200 || providerMessageId === undefined)
    return { outcome: 'unknown', reason: `status_${status}` };
  return { outcome: 'accepted', providerMessageId };
}

const sign = (body: Buffer, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('hex');

function readItem(item: unknown, found: Notices): void {
  const { id, status, ref, why } =
    typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
  const providerMessageId = asProviderId(id);
  if (providerMessageId === undefined || typeof status !== 'string') found.malformed++;
  else if (!STATUSES.includes(status)) found.ignored++;
  else {
    found.notices.push({
      kind: 'status',
      providerMessageId,
      correlationId: typeof ref === 'string' ? ref : undefined,
      status: status as StatusNotice['status'],
      reason: Number.isSafeInteger(why) ? `model_${String(why)}` : undefined,
      failure: undefined,
    });
  }
}

export const receipts: Receipts<ModelConfig> = {
  verify: ({ headers, rawBody }, { hookSecrets }) => {
    const proof = headers['x-proof'];
    return (
      typeof proof === 'string' &&
      hookSecrets.some((secret) => constantTimeEqual(sign(rawBody, secret), proof))
    );
  },
  parse: (body) => {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return { ...found, malformed: 1 };
    const { items } = body as { items?: unknown };
    if (!Array.isArray(items)) return { ...found, ignored: 1 };
    for (const item of items) readItem(item, found);
    return found;
  },
};

const honest: MessageProvider<ModelConfig> = {
  id: 'model',
  channels: ['sms'],
  configDto: ModelConfigDto,
  secrets: ['key', 'hookSecrets'],
  echoesCorrelation: true,
  baseUrl: ({ url }) => url,
  send: async (message, config, context) => judge(await postModel(message, config, context), context.now()),
  receipts,
};

const item = (id: unknown, status: unknown, ref: unknown = 'corr-1'): Record<string, unknown> => ({
  id,
  status,
  ref,
});

export function caseOf(changes: Partial<MessageProvider<ModelConfig>> = {}): ProviderCase {
  return {
    provider: defineProvider<ModelConfig>({ ...honest, ...changes }),
    config: (url) => ({ url, key: KEY, hookSecrets: [...SECRETS] }),
    secrets: [KEY, ...SECRETS],
    message: {
      channel: 'sms',
      to: '+525512345678',
      from: { address: '12345' },
      code: '086420',
      correlationId: 'corr-1',
      deadlineMs: 5_000,
    },
    request: {
      method: 'POST',
      url: '/send',
      headers: { 'x-key': KEY },
      body: { to: '+525512345678', text: '086420', ref: 'corr-1' },
    },
    codeOccurrences: 1,
    accepted: (id) => json(200, { id }),
    badCredentials: json(401, { refused: 'key' }),
    badReceiver: json(400, { refused: 'receiver' }),
    throttled: (headers) => json(429, { refused: 'rate' }, headers),
    unavailable: { play: json(503, { refused: 'busy' }), outcome: 'retry' },
    receipts: {
      config: (secrets) => ({ url: 'http://127.0.0.1:1', key: KEY, hookSecrets: [...secrets] }),
      secrets: SECRETS,
      post: (rawBody, secret) => ({
        url: 'http://127.0.0.1:1/hook',
        headers: { 'x-proof': sign(rawBody, secret) },
        query: {},
        rawBody,
      }),
      proofHeader: 'x-proof',
      provesBody: true,
      oddProofs: (right) => [
        right.toUpperCase(),
        `${right} `,
        right.slice(0, -1),
        `sha256=${right}`,
        'ж'.repeat(64),
      ],
      item,
      failedItem: (id, words) => ({ item: { ...item(id, 'failed'), why: 7, words }, reason: 'model_7' }),
      envelope: (items) => ({ items, link: 'https://model/' }),
      batches: true,
      sample: {
        body: { items: [item('m-1', 'sent')], link: 'https://model/' },
        notices: [
          {
            kind: 'status',
            providerMessageId: 'm-1',
            correlationId: 'corr-1',
            status: 'sent',
            reason: undefined,
            failure: undefined,
          },
        ],
      },
      uninteresting: [{}, { balance: 3 }],
    },
  };
}
