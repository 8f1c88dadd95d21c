import type { PublishedGenerator } from '#generators';
import type { EndUser } from '#limits';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import type { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import type { Receivers } from './addresses.js';
import type { Purpose } from './challenge.js';
import type { LimitProfile } from './limits.js';
import type { RateLimitFields } from './rate-limit-fields.js';
import type { Route } from './route-planner.js';

/** What to do when the same question is open already: see architecture, "Opening again". */
export type OnLive = 'resend' | 'replace' | 'return';

export interface OpenInput {
  generator: PublishedGenerator;
  /** As the caller wrote it. */
  receiver: string;
  /** An address of the other kind, for later steps of the plan. */
  fallbackReceiver?: string;
  channel?: string;
  language?: string;
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  /** What fills the numbered places of a question's words, in order. */
  values?: readonly string[];
  metadata?: Record<string, unknown>;
  /** What the caller says about the person behind the request. */
  endUser?: EndUser & { city?: string };
  /** Of a link with exchange: where its asking browser is led back to, and the S256 of a verifier that it has. */
  returnUrl?: string;
  pkce?: string;
  /** A code of the caller's own, where the generator allows one. */
  code?: string;
  /** The receiver that this one takes the place of, and the approved challenge that proved it (STD-36). */
  replaces?: string;
  provenBy?: string;
  onLive: OnLive;
  /** 106 bits chosen by whoever repeats this call: the same one opens the same challenge. */
  operation?: Buffer;
}

export interface Opened {
  id: Identifier;
  channel: Channel;
  expiresAt: number;
  resendFrom: number;
  attemptsRemaining: number;
  sends: number;
  /** False when an identical request within 5 s sent nothing. */
  sent: boolean;
  /** What the profile calls the channel, where it has a word for it. */
  channelClass?: 'restricted';
  testNumber?: boolean;
  /** Of a link: two digits for the asking browser to show, and the page that shows them and leads back. */
  matchNumber?: string;
  bindUrl?: string;
  /** Header fields that tell what is left; undefined where nothing is limited. */
  rateLimit?: RateLimitFields;
}

/** A refusal is a value: a dialect reads its code and answers in its vendor's words. */
export type OpenResult = { opened: Opened } | { refused: Problem };

/** A request for which a way was found; nothing is changed yet. */
export interface Prepared {
  input: OpenInput;
  caller: Principal;
  receivers: Receivers;
  route: Route;
  purpose: Purpose;
  contextDigest: string;
  /** The code that was given instead of drawn: a test number's, or the caller's. */
  given?: string;
  testNumber: boolean;
  limits: LimitProfile;
  /** Of its message in the queue. */
  priority: number;
  partition: number;
  /** The receiver's name within its partition. */
  receiverName: string;
  liveName: string;
}
