import type { Alphabet } from './code-maker.js';
import type { ConfirmRules } from './confirm-rules.js';
import type { InboundOptions } from './inbound-options.js';
import type { Kind } from './kinds.js';
import type { LinkOptions } from './link-options.js';
import type { Profile } from './profiles.js';
import type { Purpose } from './purposes.js';
import type { Wording } from './wording.js';

export interface ChannelStep {
  channel: string;
  accountId: string;
  senderId: string;
  /** What the caller wrote; kept for answers, resolved into the ids above. */
  senderAddress: string;
  /** On channels whose wording is approved beforehand; the others carry text. */
  templateId?: string;
  /** Of kind `confirm`: how many of a challenge's `values` the words of this step take; 0 when absent. */
  values?: number;
  /** Of a channel that carries text; the built-in wording when absent. */
  wording?: Wording;
  /** Language to send in when a challenge names none. */
  language: string;
  /** SMS: the site whose page may take the code by itself (WebOTP), or the Android app that may (SMS Retriever). */
  webOtpDomain?: string;
  androidAppHash?: string;
  /** Messangi's word for the code's place in the text; shown back, used by nothing on WhatsApp. */
  placeholder?: string;
  /** Accepted and not delivered for so long, the next step follows. Absent: only a failure makes it follow. */
  fallbackAfterSeconds?: number;
  /** What follows when nobody can say whether a message was taken. Absent: it is sent again, once, with the same code. */
  onUnknown?: UnknownPolicy;
}

export const UNKNOWN_POLICIES = ['resend', 'failover', 'hold'] as const;
export type UnknownPolicy = (typeof UNKNOWN_POLICIES)[number];

export const ROUTINGS = ['preference', 'conversion'] as const;
export type Routing = (typeof ROUTINGS)[number];

/** The rules under which codes are made and sent. Immutable once saved: a change makes a new version. */
export interface GeneratorPolicy {
  /** `code` when absent. */
  kind?: Kind;
  /** Of kind `confirm`, and of no other. */
  confirm?: ConfirmRules;
  /** Of the kind `inbound`, and there always. */
  inbound?: InboundOptions;
  /** Of the kind `link`, and there always. */
  link?: LinkOptions;
  codeLength: number;
  alphabet: Alphabet;
  lifeSeconds: number;
  maxAttempts: number;
  resend: {
    /** `same`: people read the older message, so it carries the same code. `rotate`: a new one kills the old. */
    code: 'same' | 'rotate';
    coolDownSeconds: number[];
    maxMessages: number;
  };
  revealCode: boolean;
  /** A right answer is approved only when PostgreSQL has taken its row. Absent in versions saved before there was a choice. */
  strictApproval?: boolean;
  /** `default` when absent. */
  profile?: Profile;
  /** What challenges may be for; when absent all that the profile allows on every channel of the plan. */
  purposes?: Purpose[];
  /** Whether a challenge may bring a code of the caller's own. */
  callerCodes?: boolean;
  /** Who accepted in writing that SMS and voice are restricted channels, and what is offered instead (STD-08). */
  riskAcceptedBy?: string;
  alternative?: string;
  /** Where the tenant wants to hear of challenges. */
  callbackUrl?: string;
  /** Whose words a call-back speaks: a dialect's name, set by the dialect that saved it. CloudEvents when absent. */
  callbackFormat?: string;
  /** The caller's own, kept and shown back. */
  metadata?: Record<string, unknown>;
  /** How steps that differ in their account only are ordered: as they are written when absent, or by what they convert. */
  routing?: Routing;
  plan: ChannelStep[];
}

/** As many as there are channels that could follow one another within a code's life. */
export const MAX_STEPS = 6;
export const DEFAULT_COOL_DOWN_SECONDS = [30, 60, 120, 300, 600];
export const DEFAULT_MAX_MESSAGES = 5;
export const DEFAULT_MAX_ATTEMPTS = 5;
export const DEFAULT_CODE_LENGTH = 6;
export const DEFAULT_LIFE_SECONDS = 600;
export const MIN_LIFE_SECONDS = 30;
