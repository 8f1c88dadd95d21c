import type { Identifier } from '#platform/identifiers';
import type { Problem } from '#platform/errors';
import type { LimitId } from './catalogue.js';

/** Millionths of a currency, ISO 4217. */
export interface Price {
  micros: number;
  currency: string;
}

/** One message that somebody wants sent. */
export interface SendRequest {
  tenantId: Identifier;
  mode: 'live' | 'test';
  /** Names this send: asked again under the same name it counts once. */
  operation: string;
  channel: string;
  accountId: Identifier;
  purpose: string;
  receiver: {
    canonical: string;
    country?: string;
    /** The number without its last four digits; absent for e-mail. */
    prefix?: string;
    numberClass?: string;
    /** Of an e-mail address. */
    domain?: string;
  };
  price?: Price;
  /** What the caller says about the person behind the request. */
  endUser?: EndUser;
  /** Sent by ourselves after a message that went nowhere: there is no request whose signals could be scored (FR-12). */
  followUp?: boolean;
  /** Asked by a browser, not by a backend: a refusal must look like success there (FR-13). */
  publicCaller?: boolean;
}

export interface EndUser {
  ip?: string;
  deviceId?: string;
  userAgent?: string;
  platform?: string;
  trusted?: boolean;
}

/** What was taken out of the shared limits. Lapses after 60 s unless it is settled. */
export interface Reservation {
  tenantId: Identifier;
  operation: string;
  /** Whether the platform's budgets were asked as well. */
  platform: boolean;
}

export type Admission =
  | { admitted: Reservation | undefined; shadowed: LimitId[] }
  | { refused: Problem; limit: LimitId }
  /** Answer as if it had been sent, and send nothing. */
  | { shadowBlocked: true; limit: LimitId };
