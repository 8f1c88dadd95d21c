import { renderNative } from '#platform/identifiers';
import { maskReceiver } from '#platform/phone';
import type { Challenge } from '../challenge.js';
import type { Transition } from '../challenge-history.js';
import { channelOfLetter } from '../channel-letters.js';
import type { Canceled, CheckReply } from '../hot-store/hot-store.js';
import { assuranceOf } from '../inbound/assurance.js';
import { priceOf } from '../message-prices.js';
import type { Opened } from '../opening.js';
import { PLAN } from '../route-planner.js';

const DAY_MS = 86_400_000;
const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
let day = NaN;
let date = '';

/** As `toISOString`, which works out the calendar anew for each of the times in an answer: 1 % of a check. */
export function iso(ms: number): string {
  const today = Math.floor(ms / DAY_MS);
  if (today !== day) {
    day = today;
    date = new Date(ms).toISOString().slice(0, 11);
  }
  const time = ms - today * DAY_MS;
  const seconds = Math.floor(time / 1_000);
  const minutes = Math.floor(seconds / 60);
  return (
    `${date}${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.` +
    `${String(time % 1_000).padStart(3, '0')}Z`
  );
}

export interface OpenedView {
  id: string;
  status: 'pending';
  channel: string;
  expiresAt: string;
  resendAfter: string;
  attemptsRemaining: number;
  sends: number;
  channelClass?: 'restricted';
  testNumber?: boolean;
  matchNumber?: string;
  bindUrl?: string;
}

export function toOpenedView(opened: Opened): OpenedView {
  return {
    id: renderNative('challenge', opened.id),
    status: 'pending',
    channel: opened.channel,
    expiresAt: iso(opened.expiresAt),
    resendAfter: iso(opened.resendFrom),
    attemptsRemaining: opened.attemptsRemaining,
    sends: opened.sends,
    channelClass: opened.channelClass,
    testNumber: opened.testNumber,
    matchNumber: opened.matchNumber,
    bindUrl: opened.bindUrl,
  };
}

export interface CheckedView {
  status: string;
  valid: boolean;
  attemptsRemaining: number;
  expiresAt: string;
  resendAfter: string;
  sends: number;
  /** What a person may be told, where refusals must read alike. */
  detail?: string;
}

export function toCheckedView(checked: CheckReply): CheckedView {
  const valid = checked.verdict === 'approved' || checked.verdict === 'repeated';
  return {
    status: checked.state,
    valid,
    attemptsRemaining: Math.max(0, checked.allowed - checked.failures),
    expiresAt: iso(checked.expiresAt),
    resendAfter: iso(checked.resendFrom),
    sends: checked.sends,
    detail: valid ? undefined : alikeDetail(checked),
  };
}

export interface CanceledView {
  status: 'canceled';
  attemptsRemaining: number;
  expiresAt: string;
  resendAfter: string;
  sends: number;
}

export function toCanceledView(canceled: Canceled): CanceledView {
  return {
    status: 'canceled',
    attemptsRemaining: Math.max(0, canceled.allowed - canceled.failures),
    expiresAt: iso(canceled.expiresAt),
    resendAfter: iso(canceled.resendFrom),
    sends: canceled.sends,
  };
}

/** Under psd2 a wrong code, another purpose and a changed context are told apart by nobody who reads this (STD-32). */
export function alikeDetail({ profileLetter }: CheckReply): string | undefined {
  return profileLetter === 'p'
    ? 'The transaction or sign-in could not be confirmed with this answer.'
    : undefined;
}

/** `receiver` in clear comes in, when there is one that is not forgotten; it is shown masked. */
export function toChallengeView(challenge: Challenge, receiver: string | undefined): object {
  return {
    id: renderNative('challenge', challenge.id),
    status: challenge.state,
    reason: challenge.reason,
    kind: challenge.kind,
    generator: renderNative('generator', challenge.generatorId),
    generatorVersion: challenge.generatorVersion,
    mode: challenge.mode,
    purpose: challenge.purpose,
    receiver: receiver && maskReceiver(receiver),
    received: challenge.received && {
      at: iso(challenge.received.at),
      channel: challenge.received.channel,
      assurance: assuranceOf(challenge.received.channel),
    },
    testNumber: challenge.testNumber || undefined,
    language: challenge.language,
    metadata: challenge.metadata,
    openedAt: iso(challenge.openedAt),
    expiresAt: iso(challenge.expiresAt),
    resendAfter: challenge.resendFrom === undefined ? undefined : iso(challenge.resendFrom),
    endedAt: challenge.endedAt === undefined ? undefined : iso(challenge.endedAt),
    attemptsRemaining:
      challenge.allowed === undefined ? undefined : Math.max(0, challenge.allowed - challenge.failures),
    sends: challenge.sends,
    ...toDecisionView(challenge),
    messages: challenge.messages.map((message) => ({
      number: message.number,
      channel: message.channel,
      status: message.state,
      attempts: message.attempts,
      duplicatePossible: message.duplicatePossible,
      reason: message.reason,
      price: message.price,
    })),
  };
}

/** A reply proves that somebody had the chat open, not who; and what claims to come from a number by SMS may not. */
function toDecisionView({ decision, state, messages }: Challenge): object | undefined {
  if (!decision) return undefined;
  const channel = messages.find(({ number }) => number === decision.message)?.channel;
  return {
    decision: state === 'denied' ? 'no' : 'yes',
    decidedVia: decision.by,
    decidedOn: channel,
    assurance: channel === 'sms' ? 'low' : 'medium',
    shown: decision.shown || undefined,
  };
}

/** A new message, not one that goes back into the queue. What takes the first way of its plan does not say so: most do. */
function isAskedFor(type: string, data: Transition['data']): boolean {
  return type === 'message.queued' && data['try'] === '0' && data['why'] === undefined;
}

/** What of a transition an operator reads; sealed values and references stay where they are. */
export function toTransitionView({ sequence, type, occurredAt, data }: Transition): object {
  return {
    sequence,
    type,
    at: iso(occurredAt),
    message: data['m'] === undefined ? undefined : Number(data['m']),
    channel: data['ch'] ? channelOfLetter(data['ch']) : undefined,
    account: data['ac'] ? renderNative('account', data['ac']) : undefined,
    attempt: data['try'] === undefined ? undefined : Number(data['try']),
    duplicatePossible: data['fl']?.includes('d') || undefined,
    providerMessageId: data['pid'],
    route: data['rt'] ?? (isAskedFor(type, data) ? PLAN : undefined),
    follows: data['fo'] === undefined ? undefined : Number(data['fo']),
    failures: data['f'] === undefined ? undefined : Number(data['f']),
    disclosedTo: data['by'] ? renderNative('key', data['by']) : undefined,
    replaces: data['was'] ? renderNative('challenge', data['was']) : undefined,
    decidedVia: data['via'],
    shown: data['wd'],
    assurance: data['as'],
    price: priceOf(data),
    reason: data['why'],
  };
}
