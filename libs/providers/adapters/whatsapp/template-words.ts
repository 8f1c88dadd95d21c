import type { TemplateQuality, TemplateStatus } from '../../message-provider.js';

/** Meta's words for a template's state, and ours. Words not listed change nothing that we act on. */
const STATUS: Record<string, TemplateStatus> = {
  APPROVED: 'approved',
  REINSTATED: 'approved',
  UNARCHIVED: 'approved',
  FLAGGED: 'approved',
  PENDING: 'pending',
  IN_APPEAL: 'pending',
  REJECTED: 'rejected',
  LIMIT_EXCEEDED: 'rejected',
  PAUSED: 'paused',
  LOCKED: 'paused',
  ARCHIVED: 'disabled',
  DISABLED: 'disabled',
  PENDING_DELETION: 'deleted',
  DELETED: 'deleted',
};

const QUALITY: Record<string, TemplateQuality> = {
  GREEN: 'high',
  YELLOW: 'medium',
  RED: 'low',
  UNKNOWN: 'unknown',
};

export function readTemplateStatus(word: unknown): TemplateStatus | undefined {
  return typeof word === 'string' && Object.hasOwn(STATUS, word) ? STATUS[word] : undefined;
}

/** `INVALID_FORMAT`, `SCAM`: a word of Meta's. Sentences are for people at Meta's own pages. */
export function readTemplateReason(reason: unknown): string | undefined {
  return typeof reason === 'string' && /^[A-Z0-9_]{1,64}$/.test(reason) && reason !== 'NONE'
    ? reason
    : undefined;
}

export function readTemplateQuality(score: unknown): TemplateQuality | undefined {
  return typeof score === 'string' && Object.hasOwn(QUALITY, score) ? QUALITY[score] : undefined;
}
