import { type ErrorCode } from '#platform/errors';
import type { SendRequest } from './admission.js';
import type { LimitId } from './catalogue.js';
import type { LimitPolicy } from './limit-policy.js';
import type { ReceiverLists } from './receiver-lists.js';
import { score, type Signals } from './score-rules.js';

export interface LocalRefusal {
  limit: LimitId;
  code: ErrorCode;
  /** For the event: names of rules, never what they looked at. */
  rules?: string;
}

/** What the request alone decides, without Redis: every limit that would refuse it, in the order of the catalogue. */
export function judgeLocally(
  request: SendRequest,
  policy: LimitPolicy,
  lists: ReceiverLists,
): LocalRefusal[] {
  return [
    ...judgeDisposable(request, lists),
    ...judgeVoice(request, policy),
    ...judgeScore(request, policy),
  ].filter(({ limit }) => policy.modes[limit] !== 'off');
}

/** FR-08. */
function judgeDisposable({ receiver }: SendRequest, lists: ReceiverLists): LocalRefusal[] {
  return lists.has(receiver) ? [{ limit: 'receiver.disposable', code: 'limit.disposable' }] : [];
}

/** FR-11: premium numbers abroad pay whoever gets them called. */
function judgeVoice({ channel, receiver }: SendRequest, { voiceCountries }: LimitPolicy): LocalRefusal[] {
  if (channel !== 'voice') return [];
  const enabled = receiver.country !== undefined && voiceCountries.has(receiver.country);
  return enabled ? [] : [{ limit: 'calls.country', code: 'limit.voice' }];
}

/** FR-12. The request that a follow-up goes back to was judged; by itself it has no signals, and would miss them all. */
function judgeScore(request: SendRequest, { score: policy }: LimitPolicy): LocalRefusal[] {
  if (!policy || request.followUp) return [];
  const { points, matched } = score(policy.rules, signalsOf(request));
  return points >= policy.denyAt
    ? [{ limit: 'risk.score', code: 'limit.score', rules: matched.join(' ') }]
    : [];
}

function signalsOf({ endUser, receiver, channel, purpose }: SendRequest): Signals {
  return {
    ip: endUser?.ip,
    deviceId: endUser?.deviceId,
    userAgent: endUser?.userAgent,
    platform: endUser?.platform,
    trusted: endUser?.trusted === undefined ? undefined : String(endUser.trusted),
    country: receiver.country,
    channel,
    purpose,
    numberClass: receiver.numberClass,
    domain: receiver.domain,
  };
}
