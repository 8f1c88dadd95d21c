import {
  asProviderId,
  type NumberInfo,
  type NumberResult,
  type Numbers,
  type TemplateQuality,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { describe, type GraphAnswer, type GraphError } from '../whatsapp/graph-answer.js';
import { callGraph, listGraph } from './graph-client.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const FIELDS =
  'id,display_phone_number,verified_name,code_verification_status,platform_type,status,quality_rating,throughput';

/** Registration of numbers and their two-step PIN. Nothing here is asked twice: Meta counts guesses and registrations. */
export const metaNumbers: Numbers<MetaCloudConfig> = {
  async list(config, context) {
    const found = await listGraph(`${config.wabaId}/phone_numbers?fields=${FIELDS}`, config, context);
    return 'failed' in found ? { unavailable: describe(found.failed) } : found.rows.flatMap(readNumber);
  },

  async setPin(externalId, pin, config, context) {
    return toResult(await callGraph('POST', encodeURIComponent(externalId), { pin }, config, context));
  },

  async requestCode(externalId, { method, language }, config, context) {
    const body = { code_method: method, language };
    return toResult(await callGraph('POST', edge(externalId, 'request_code'), body, config, context));
  },

  async verifyCode(externalId, code, config, context) {
    return toResult(await callGraph('POST', edge(externalId, 'verify_code'), { code }, config, context));
  },

  async register(externalId, pin, config, context) {
    const body = { messaging_product: 'whatsapp', pin };
    return toResult(await callGraph('POST', edge(externalId, 'register'), body, config, context));
  },

  async deregister(externalId, config, context) {
    return toResult(await callGraph('POST', edge(externalId, 'deregister'), {}, config, context));
  },

  /** An app without a callback of its own posts to the one of its dashboard, which Graph does not tell. */
  async isSubscribed(config, context) {
    const answer = await callGraph('GET', `${config.wabaId}/subscribed_apps`, undefined, config, context);
    const apps = answer.kind === 'ok' ? answer.body['data'] : undefined;
    if (!Array.isArray(apps)) return { unavailable: describe(answer) };
    return apps.some((app) => {
      const override = isObject(app) ? app['override_callback_uri'] : undefined;
      return isObject(app) && (override === undefined || override === context.webhookUrl);
    });
  },
};

function edge(externalId: string, name: string): string {
  return `${encodeURIComponent(externalId)}/${name}`;
}

type Verdict = 'unavailable' | { reason: string; waitSeconds?: number };

const refuse = (reason: string, waitSeconds?: number): Verdict => ({ reason, waitSeconds });
const MINUTE = 60;
const HOUR = 3_600;

/**
 * From Meta's error reference. Of a wait that Meta tells in words only (133008, 133009, 136024) the time is ours: too
 * short a one is refused again, without harm.
 */
const VERDICTS: Record<number, Verdict> = {
  0: refuse('token_invalid'),
  1: 'unavailable',
  2: 'unavailable',
  3: refuse('no_permission'),
  4: 'unavailable',
  10: refuse('no_permission'),
  33: refuse('unknown_number'),
  100: refuse('invalid_parameter'),
  190: refuse('token_invalid'),
  368: refuse('policy_block'),
  80007: 'unavailable',
  131000: 'unavailable',
  131005: refuse('no_permission'),
  131008: refuse('invalid_parameter'),
  131009: refuse('invalid_parameter'),
  131016: 'unavailable',
  131031: refuse('account_locked'),
  131057: 'unavailable',
  133000: refuse('incomplete_deregistration'),
  133004: 'unavailable',
  133005: refuse('pin_mismatch'),
  133006: refuse('not_verified'),
  133008: refuse('pin_too_many_guesses', HOUR),
  133009: refuse('pin_guessed_too_fast', MINUTE),
  133010: refuse('not_registered'),
  133015: refuse('deleted_recently', 5 * MINUTE),
  133016: refuse('registration_limit', 72 * HOUR),
  136024: refuse('code_not_sent'),
  136025: refuse('code_wrong'),
};

/** Where the subcode says more than the code. */
const BY_SUBCODE: Record<string, Verdict> = {
  '100/33': refuse('unknown_number'),
  '100/2207051': refuse('not_registered'),
  '136024/2388091': refuse('code_too_soon', MINUTE),
};

function judge({ code, subcode, isTransient }: GraphError, status: number): Verdict {
  const known = BY_SUBCODE[`${code}/${subcode}`] ?? VERDICTS[code];
  if (known) return known;
  if (code >= 200 && code <= 299) return refuse('no_permission');
  return isTransient || status >= 500 || status === 429 ? 'unavailable' : refuse(`meta_${code}`);
}

function toResult(answer: GraphAnswer): NumberResult {
  if (answer.kind === 'ok') {
    return answer.body['success'] === true
      ? { outcome: 'done' }
      : { outcome: 'unavailable', reason: 'answer_without_success' };
  }
  if (answer.kind !== 'error') return { outcome: 'unavailable', reason: describe(answer) };
  const verdict = judge(answer.error, answer.status);
  if (verdict === 'unavailable') return { outcome: 'unavailable', reason: describe(answer) };
  const told = answer.retryAfterMs === undefined ? undefined : Math.ceil(answer.retryAfterMs / 1_000);
  const waitSeconds = told ?? verdict.waitSeconds;
  return { outcome: 'refused', reason: verdict.reason, ...(waitSeconds !== undefined && { waitSeconds }) };
}

const QUALITIES: Record<string, TemplateQuality> = {
  GREEN: 'high',
  YELLOW: 'medium',
  RED: 'low',
  UNKNOWN: 'unknown',
};
const MESSAGES_PER_SECOND: Record<string, number> = { STANDARD: 80, HIGH: 1_000 };

function lookIn<T>(table: Record<string, T>, name: unknown): T | undefined {
  return typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
}

function readNumber(row: Record<string, unknown>): NumberInfo[] {
  const externalId = asProviderId(row['id']);
  const shown = row['display_phone_number'];
  if (externalId === undefined || typeof shown !== 'string') return [];
  const name = row['verified_name'];
  const verification = row['code_verification_status'];
  const throughput = isObject(row['throughput']) ? row['throughput']['level'] : undefined;
  return [
    {
      externalId,
      address: shown.replace(/\D/g, ''),
      name: typeof name === 'string' ? name.slice(0, 100) : undefined,
      registered: readRegistered(row),
      // EXPIRED is how Meta calls a proof that is old, and asks for no new one.
      verified: typeof verification === 'string' ? verification !== 'NOT_VERIFIED' : undefined,
      quality: lookIn(QUALITIES, row['quality_rating']),
      messagesPerSecond: lookIn(MESSAGES_PER_SECOND, throughput),
    },
  ];
}

/** The platform a number is on says it; a number that is flagged or restricted is registered all the same. */
function readRegistered({ platform_type: platform, status }: Record<string, unknown>): boolean | undefined {
  if (typeof platform === 'string') return platform === 'CLOUD_API';
  return typeof status === 'string' ? status === 'CONNECTED' : undefined;
}
