import type { Alphabet } from './code-maker.js';

export interface ChannelStep {
  channel: string;
  accountId: string;
  senderId: string;
  /** What the caller wrote; kept for answers, resolved into the ids above. */
  senderAddress: string;
  /** Absent where the channel asks for no approved wording (e-mail). */
  templateId?: string;
  /** Language to send in when a challenge names none. */
  language: string;
  /** Messangi's word for the code's place in the text; shown back, used by nothing on WhatsApp. */
  placeholder?: string;
}

/** The rules under which codes are made and sent. Immutable once saved: a change makes a new version. */
export interface GeneratorPolicy {
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
  plan: ChannelStep[];
}

export const DEFAULT_COOL_DOWN_SECONDS = [30, 60, 120, 300, 600];
export const DEFAULT_MAX_MESSAGES = 5;
export const DEFAULT_MAX_ATTEMPTS = 5;
export const DEFAULT_CODE_LENGTH = 6;
export const DEFAULT_LIFE_SECONDS = 600;
/** Profile `default`: up to 90 minutes on WhatsApp, whose footer counts to 90. */
export const MAX_LIFE_SECONDS = 90 * 60;
export const MIN_LIFE_SECONDS = 30;
