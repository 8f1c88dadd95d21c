import {
  asProviderId,
  type CheckResult,
  defineProvider,
  type Finding,
  type OutboundMessage,
  type ProviderContext,
  type SendResult,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { callTelegram, DEFAULT_BASE_URL, type TelegramAnswer, toFailure } from './telegram-client.js';
import { reasonOf } from './telegram-errors.js';
import { TelegramGatewayConfig } from './telegram-gateway.config.js';
import { telegramReceipts } from './telegram-gateway.receipts.js';

const DEADLINE_MS = 10_000;
/** The Gateway takes numeric codes of this length, and no others; we make none that is shorter. */
const CODE = /^\d{4,8}$/;
const MOST_DIGITS = 8;
/** Seconds the Gateway may take to deliver; what is not delivered by then is given back. */
const TTL = { least: 30, most: 3_600 };
const CHANNEL_NAME = /^@?([A-Za-z]\w{3,31})$/;

/** Codes in the chat "Verification Codes" of Telegram, or of a verified channel of one's own. */
export const telegramGateway = defineProvider<TelegramGatewayConfig>({
  id: 'telegram-gateway',
  channels: ['telegram'],
  digitsOnly: { most: MOST_DIGITS },
  // Challenges compare with a code of their own: of one that Telegram made, no answer would be right.
  lacks: (_channel, { codeOwner }) => (codeOwner === 'telegram' ? 'codeOwner: countersign' : undefined),
  configDto: TelegramGatewayConfig,
  secrets: ['accessTokens'],
  echoesCorrelation: true,
  baseUrl: (config) => config.baseUrl ?? DEFAULT_BASE_URL,
  receipts: telegramReceipts,

  /** Whether the receiver can be reached is asked first: the fee of that question pays for the message as well. */
  async send(message, config, context) {
    if (!CODE.test(message.code))
      return { outcome: 'rejected', reason: 'telegram_code_must_be_4_to_8_digits', failure: 'bug' };
    const startedAt = performance.now();
    const ability = await callTelegram(
      'checkSendAbility',
      { phone_number: message.to },
      config,
      context,
      message.deadlineMs,
    );
    const requestId = ability.kind === 'ok' ? asProviderId(ability.result['request_id']) : undefined;
    if (requestId === undefined) return notHandedOver(ability);
    const leftMs = message.deadlineMs - (performance.now() - startedAt);
    if (leftMs < 1) return { outcome: 'retry', reason: 'timeout' };
    const body = messageBody(message, requestId, config, context);
    return toResult(await callTelegram('sendVerificationMessage', body, config, context, leftMs));
  },

  async check(requestId, code, config, context) {
    const answer = await callTelegram(
      'checkVerificationStatus',
      { request_id: requestId, code },
      config,
      context,
      DEADLINE_MS,
    );
    return toCheckResult(answer);
  },

  /** There is no question about the account itself: one about a request that never was tells whether the token is known. */
  async diagnose(config, _senders, context) {
    const answer = await callTelegram(
      'checkVerificationStatus',
      { request_id: '0' },
      config,
      context,
      DEADLINE_MS,
    );
    return [judgeToken(answer)];
  },
});

function messageBody(
  { to, from, code, lifeMs, correlationId }: OutboundMessage,
  requestId: string,
  { codeOwner }: TelegramGatewayConfig,
  { webhookUrl }: ProviderContext,
): object {
  const sender = CHANNEL_NAME.exec(from.address)?.[1];
  const seconds = lifeMs === undefined ? undefined : Math.floor(lifeMs / 1_000);
  return {
    phone_number: to,
    request_id: requestId,
    ...(sender !== undefined && { sender_username: sender }),
    ...(codeOwner === 'telegram' ? { code_length: code.length } : { code }),
    ...(seconds !== undefined && { ttl: Math.min(Math.max(seconds, TTL.least), TTL.most) }),
    payload: correlationId,
    ...(webhookUrl !== undefined && { callback_url: webhookUrl }),
  };
}

/** The question alone hands nothing over: when its answer is lost, no message is. */
function notHandedOver(answer: TelegramAnswer): SendResult {
  if (answer.kind === 'ok') return { outcome: 'retry', reason: 'answer_without_id' };
  const failure = toFailure(answer);
  return failure.outcome === 'unknown' ? { outcome: 'retry', reason: failure.reason } : failure;
}

function toResult(answer: TelegramAnswer): SendResult {
  if (answer.kind !== 'ok') return toFailure(answer);
  const providerMessageId = asProviderId(answer.result['request_id']);
  return providerMessageId === undefined
    ? { outcome: 'unknown', reason: 'answer_without_id' }
    : { outcome: 'accepted', providerMessageId };
}

const CHECKS = new Map<unknown, CheckResult>([
  ['code_valid', { outcome: 'right' }],
  ['code_invalid', { outcome: 'wrong' }],
  ['code_max_attempts_exceeded', { outcome: 'ended' }],
  ['expired', { outcome: 'ended' }],
]);

function toCheckResult(answer: TelegramAnswer): CheckResult {
  if (answer.kind !== 'ok') {
    const failure = toFailure(answer);
    return { outcome: 'unavailable', reason: failure.outcome === 'accepted' ? 'unexpected' : failure.reason };
  }
  const { verification_status: status } = answer.result;
  const known = isObject(status) ? CHECKS.get(status['status']) : undefined;
  return known ?? { outcome: 'unavailable', reason: 'answer_without_status' };
}

function judgeToken(answer: TelegramAnswer): Finding {
  if (answer.kind === 'error') {
    const failure = toFailure(answer);
    const refused = failure.outcome === 'rejected' && failure.failure === 'account';
    const detail = refused ? `Telegram refused the token: ${reasonOf(answer.word)}.` : 'The token is valid.';
    return { check: 'credentials', ok: !refused, detail };
  }
  if (answer.kind === 'ok') return { check: 'credentials', ok: true, detail: 'The token is valid.' };
  const reason = 'reason' in answer ? answer.reason : 'status_429';
  return { check: 'reachable', ok: false, detail: `The Gateway did not answer as expected: ${reason}.` };
}
