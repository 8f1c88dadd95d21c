import type { InboundPurpose, PublishedGenerator } from '#generators';
import type { Identifier } from '#platform/identifiers';
import type { Problem } from '#platform/errors';
import type { Purpose } from '../challenge.js';
import type { Asking } from '../code-vault.js';
import type { WriteLinks } from './write-links.js';

export interface OpenInboundInput {
  generator: PublishedGenerator;
  /** The only person who may answer, as the caller wrote them. */
  expectedFrom?: string;
  /** S256 of the secret that the browser keeps. */
  pkce?: string;
  language?: string;
  purpose?: Purpose;
  metadata?: Record<string, unknown>;
  asking: Asking;
  /** 16 bytes chosen by whoever repeats this call: the same ones open the same challenge. */
  operation?: Buffer;
}

export interface OpenedInbound {
  id: Identifier;
  purpose: InboundPurpose;
  /** Grouped for reading. */
  token: string;
  links: WriteLinks;
  qrSvg: string;
  /** What the chat will ask for; of the purpose `login`. */
  matchNumber?: string;
  /** What of the page's address is secret. */
  pageKey: string;
  expiresAt: number;
  attemptsRemaining: number;
}

export type OpenInboundResult = { opened: OpenedInbound } | { refused: Problem };
