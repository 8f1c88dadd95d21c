import { constantTimeEqual } from '#platform/crypto';
import type { Notices, Receipts } from '../../message-provider.js';
import { digitsOf } from '../whatsapp/account-notices.js';
import { asList, isObject } from '../json.js';
import { readInbound } from '../whatsapp/inbound-notices.js';
import { readStatus } from '../whatsapp/status-notices.js';
import { add, parseEnvelope } from '../whatsapp/webhook-envelope.js';
import { DEFAULT_HEADER, type Dialog360Config } from './dialog360.config.js';
import { onPremiseCause } from './dialog360-errors.js';

export const dialog360Receipts: Receipts<Dialog360Config> = {
  /**
   * 360dialog signs nothing and asks for no handshake. What it can do is to repeat a header that was set with the
   * webhook's address, so whoever sends the secret in it is believed.
   */
  verify({ headers }, config) {
    const given = headers[(config.webhookHeader?.name ?? DEFAULT_HEADER).toLowerCase()];
    if (typeof given !== 'string' || given === '') return false;
    // All secrets are always tried, so that the time taken does not tell which one is in use.
    return config.webhookSecrets.map((secret) => constantTimeEqual(secret, given)).some(Boolean);
  },

  /** Cloud numbers have Meta's envelope, forwarded; On-Premise ones a flat body of their own. */
  parse(body) {
    return isObject(body) && body['object'] === undefined ? parseFlat(body) : parseCloud(body);
  },
};

/** One key is one number: a receipt is about it, whatever phone number id Meta knows it under. */
function parseCloud(body: unknown): Notices {
  const found = parseEnvelope(body, { senderOf: (metadata) => digitsOf(metadata['display_phone_number']) });
  return {
    ...found,
    notices: found.notices.map((notice) =>
      notice.kind === 'status' ? { ...notice, sender: undefined } : notice,
    ),
  };
}

/** The flat form does not say which number people wrote to: one key is one number. */
function parseFlat(body: Record<string, unknown>): Notices {
  const found: Notices = { notices: [], ignored: 0, malformed: 0 };
  const { statuses, messages } = body;
  if (statuses === undefined && messages === undefined) return { ...found, ignored: 1 };
  for (const list of [statuses, messages]) if (list !== undefined && !Array.isArray(list)) found.malformed++;
  for (const status of asList(statuses)) add(found, readStatus(status, undefined, onPremiseCause));
  for (const message of asList(messages)) add(found, readInbound(message, undefined));
  return found;
}
