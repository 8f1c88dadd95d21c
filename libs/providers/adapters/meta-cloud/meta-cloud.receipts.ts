import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import type { Receipts } from '../../message-provider.js';
import { parseEnvelope } from '../whatsapp/webhook-envelope.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

export const metaReceipts: Receipts<MetaCloudConfig> = {
  /** HMAC-SHA256 over the untouched bytes: Meta signs the escaped form it sent, which no re-serialisation restores. */
  verify({ headers, rawBody }, config) {
    const header = headers['x-hub-signature-256'];
    const given = typeof header === 'string' ? SIGNATURE.exec(header)?.[1] : undefined;
    if (!given) return false;
    // Both secrets are always tried, so that the time taken does not tell which one is in use.
    return config.appSecrets
      .map((secret) => constantTimeEqual(createHmac('sha256', secret).update(rawBody).digest('hex'), given))
      .some(Boolean);
  },

  parse: (body, _query, config) => parseEnvelope(body, { wabaId: config?.wabaId }),

  handshake(query, config) {
    const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query;
    if (
      mode !== 'subscribe' ||
      typeof token !== 'string' ||
      typeof challenge !== 'string' ||
      !config.verifyToken
    )
      return undefined;
    return constantTimeEqual(token, config.verifyToken) ? challenge.slice(0, 200) : undefined;
  },
};
