// Receivers whose fate is fixed, so that a person or a test without access to /_sim can
// cause every outcome: all of the range +1 202 555 01xx, which is kept for fiction, so
// that no real or counted-up number meets them. Served by GET /_sim/magic-numbers,
// switched off by behavior {"magicNumbers": false}. The table below is the document.

import type { Fault } from './behavior.js';
import type { Fate } from './message.js';

interface MagicNumber {
  number: string;
  effect: string;
  /** What becomes of the message once it is accepted. */
  fate?: Fate;
  /** What the API call itself runs into. */
  fault?: Omit<Fault, 'match'>;
}

export const MAGIC_NUMBERS: readonly MagicNumber[] = [
  {
    number: '+12025550126',
    effect: 'accepted; then failed with 131026, not on WhatsApp',
    fate: { kind: 'failed', code: 131026 },
  },
  {
    number: '+12025550142',
    effect: 'accepted; then failed with 131042, payment issue',
    fate: { kind: 'failed', code: 131042 },
  },
  {
    number: '+12025550149',
    effect: 'accepted; then failed with 131049, ecosystem health',
    fate: { kind: 'failed', code: 131049 },
  },
  { number: '+12025550160', effect: 'accepted; delivered and read by itself', fate: { kind: 'read' } },
  {
    number: '+12025550161',
    effect: 'accepted; sent, then silence: the phone is off',
    fate: { kind: 'offline' },
  },
  {
    number: '+12025550162',
    effect: 'accepted and delivered, but no webhook ever says so',
    fate: { kind: 'unreported' },
  },
  {
    number: '+12025550116',
    effect: 'refused with 131016, service unavailable',
    fault: { kind: 'graphError', code: 131016 },
  },
  {
    number: '+12025550129',
    effect: 'refused with 130429, rate limit hit',
    fault: { kind: 'graphError', code: 130429 },
  },
  {
    number: '+12025550130',
    effect: 'refused with 131030, not in the allowed list',
    fault: { kind: 'graphError', code: 131030 },
  },
  {
    number: '+12025550156',
    effect: 'refused with 131056, pair rate limit hit',
    fault: { kind: 'graphError', code: 131056 },
  },
  {
    number: '+12025550197',
    effect: 'refused with 130497, country not allowed',
    fault: { kind: 'graphError', code: 130497 },
  },
  { number: '+12025550170', effect: 'not accepted; the call is never answered', fault: { kind: 'hang' } },
  { number: '+12025550171', effect: 'not accepted; the connection is cut', fault: { kind: 'reset' } },
  {
    number: '+12025550172',
    effect: 'accepted and delivered; the connection is cut before the answer',
    fault: { kind: 'resetAfterAccept' },
  },
  { number: '+12025550173', effect: 'not accepted; an HTML error page with 502', fault: { kind: 'html' } },
];

const BY_NUMBER = new Map(MAGIC_NUMBERS.map((magic) => [magic.number.slice(1), magic]));

export function magicOf(to: string): MagicNumber | undefined {
  return BY_NUMBER.get(to);
}
