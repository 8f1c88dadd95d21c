// What the scripts write of one challenge whose code arrived, was read and typed in: field for field as they write it.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TENANT = newId();
const GENERATOR = newId();
const ACCOUNT = newId();

/** The entries of one life: the stream's key, and what is added to it. */
export function lifeOf(partition) {
  const key = `{p${partition.toString(16).padStart(2, '0')}}:journal`;
  const challenge = newId(partition);
  const opened = Date.now();
  const sealed = () => `k1.${randomBytes(41).toString('base64url')}`;
  const message = ['m', 1, 'ch', 'w', 'ac', ACCOUNT];
  const steps = [
    [
      'challenge.requested',
      ...['g', `${GENERATOR}:1`, 'k', 'c', 'r', randomBytes(16).toString('base64url'), 'sr', sealed()],
      ...['ch', 'w', 'lg', 'en', 'cc', 'MX', 'px', randomBytes(16).toString('base64url')],
      ...['e', opened + 600_000, 'ra', opened + 30_000, 'fm', 5],
    ],
    ['message.queued', ...message, 'try', 0],
    ['message.sending', ...message, 'try', 1],
    ['message.accepted', ...message, 'try', 1, 'pid', `wamid.${randomBytes(42).toString('base64')}`],
    ['message.sent', ...message, 'try', 1],
    ['message.delivered', ...message, 'try', 1],
    ['message.read', ...message, 'try', 1],
    ['challenge.approved', 'f', 0, 'ch', 'w'],
  ];
  return steps.map(([type, ...data], at) => ({
    key,
    fields: ['v', 1, 't', type, 'c', challenge, 'q', at + 1, 'n', TENANT, 'at', opened + at * 50, ...data],
  }));
}

/** As libs/platform/identifiers makes them: a UUIDv4 pattern in base32, the partition in byte 0. */
function newId(partition) {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  if (partition !== undefined) [bytes[0], bytes[15]] = [partition, 0];
  let value = BigInt(`0x${bytes.toString('hex')}`) << 2n;
  let text = '';
  for (let at = 0; at < 26; at++, value >>= 5n) text = ALPHABET[Number(value & 31n)] + text;
  return text;
}
