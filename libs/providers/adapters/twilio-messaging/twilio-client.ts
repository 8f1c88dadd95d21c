import { readRetryAfter, type OutboundResult } from '#platform/http-client';
import type { ProviderContext } from '../../message-provider.js';
import { parseObject } from '../json.js';
import type { WordlessAnswer } from '../verdict.js';
import { isErrorCode } from './twilio-errors.js';
import type { TwilioMessagingConfig } from './twilio-messaging.config.js';

export const DEFAULT_BASE_URL = 'https://api.twilio.com';

/** An answer of Twilio, sorted: its JSON, its error, or the reason why there is neither. */
export type TwilioAnswer =
  | { kind: 'ok'; body: Record<string, unknown> }
  | { kind: 'error'; code: number; status: number; retryAfterMs?: number }
  | WordlessAnswer;

/** `path` is below the account: `Messages.json`, or `.json` for the account itself. */
export async function callTwilio(
  path: string,
  form: URLSearchParams | undefined,
  config: TwilioMessagingConfig,
  context: ProviderContext,
  deadlineMs: number,
): Promise<TwilioAnswer> {
  const base = (config.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
  const result = await context.http.send({
    method: form ? 'POST' : 'GET',
    url: `${base}/2010-04-01/Accounts/${config.accountSid}${path}`,
    headers: {
      authorization: `Basic ${Buffer.from(credentials(config)).toString('base64')}`,
      accept: 'application/json',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form?.toString(),
    deadlineMs,
    signal: context.signal,
  });
  return sort(result, context.now());
}

function credentials({ accountSid, authTokens, apiKeySid, apiKeySecret }: TwilioMessagingConfig): string {
  return apiKeySid === undefined ? `${accountSid}:${authTokens[0]}` : `${apiKeySid}:${apiKeySecret}`;
}

function sort(result: OutboundResult, now: number): TwilioAnswer {
  if (result.kind === 'not_sent') return result;
  if (result.kind === 'unknown') return { kind: 'unreadable', reason: result.reason };
  const { status } = result;
  const retryAfterMs = readRetryAfter(result.headers['retry-after'], now);
  const body = parseObject(result.body);
  if (status >= 400 && isErrorCode(body?.['code']))
    return { kind: 'error', code: body['code'], status, retryAfterMs };
  if (status === 429) return { kind: 'throttled', retryAfterMs };
  if (status >= 200 && status < 300 && body) return { kind: 'ok', body };
  return { kind: 'unreadable', reason: `status_${status}` };
}
