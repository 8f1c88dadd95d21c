import { renderNative } from '#platform/identifiers';
import { maskReceiver } from '#platform/phone';
import type { Challenge } from '../challenge.js';
import type { Transition } from '../challenge-history.js';
import { channelOfLetter } from '../channel-letters.js';
import type { Canceled, CheckReply } from '../hot-store/hot-store.js';
import type { Opened } from '../opening.js';

const iso = (ms: number): string => new Date(ms).toISOString();

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

/** `receiver` in clear comes in; it is shown masked. */
export function toChallengeView(challenge: Challenge, receiver: string): object {
  return {
    id: renderNative('challenge', challenge.id),
    status: challenge.state,
    reason: challenge.reason,
    kind: challenge.kind,
    generator: renderNative('generator', challenge.generatorId),
    generatorVersion: challenge.generatorVersion,
    mode: challenge.mode,
    purpose: challenge.purpose,
    receiver: maskReceiver(receiver),
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
    messages: challenge.messages.map((message) => ({
      number: message.number,
      channel: message.channel,
      status: message.state,
      attempts: message.attempts,
      duplicatePossible: message.duplicatePossible,
      reason: message.reason,
    })),
  };
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
    route: data['rt'],
    follows: data['fo'] === undefined ? undefined : Number(data['fo']),
    failures: data['f'] === undefined ? undefined : Number(data['f']),
    disclosedTo: data['by'] ? renderNative('key', data['by']) : undefined,
    replaces: data['was'] ? renderNative('challenge', data['was']) : undefined,
    reason: data['why'],
  };
}
