// Owns how ids are made: digit strings for objects, wamids that decode like real ones.

import { randomBytes, randomInt } from 'node:crypto';

/** 15 digits: webhooks carry template ids as JSON integers, so an id must stay below 2^53. */
export function objectId(): string {
  return String(randomInt(10_000, 100_000)) + String(randomInt(10_000_000_000)).padStart(10, '0');
}

/** Base64 of a small binary record around the receiver's WhatsApp id and 18 hex characters. */
export function wamid(whatsappId: string): string {
  const record = Buffer.concat([
    Buffer.from([0x1c, 0x18, whatsappId.length]),
    Buffer.from(whatsappId, 'ascii'),
    Buffer.from([0x15, 0x02, 0x00, 0x11, 0x18, 0x12]),
    Buffer.from(randomBytes(9).toString('hex').toUpperCase(), 'ascii'),
    Buffer.from([0x00]),
  ]);
  return `wamid.${record.toString('base64')}`;
}
