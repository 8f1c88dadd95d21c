import { asProviderId, asWords, type InboundNotice } from '../../message-provider.js';
import { isObject } from '../json.js';

type Words = Pick<InboundNotice, 'text' | 'payload' | 'changed'>;

/** Told in the person's chat, by WhatsApp: the number has another phone, or the person another number. */
const CHANGES: readonly unknown[] = [
  'user_changed_number',
  'user_identity_changed',
  'customer_changed_number',
  'customer_identity_changed',
];

/**
 * One element of `messages`, written to `sender`; undefined where there is only one. Words, pressed buttons and changed
 * numbers are of interest; pictures, reactions and what WhatsApp itself calls unsupported are not. Undefined: it cannot
 * be read.
 */
export function readInbound(
  message: unknown,
  sender: string | undefined,
): InboundNotice | 'ignored' | undefined {
  if (!isObject(message) || typeof message['type'] !== 'string') return undefined;
  // What is said in a group is not said to us, and an answer to it would be read by all.
  if (message['group_id'] !== undefined) return 'ignored';
  const providerMessageId = asProviderId(message['id']);
  const from = readPerson(message['from'] ?? message['from_user_id']);
  if (providerMessageId === undefined || from === undefined) return undefined;
  const words = readWords(message['type'], message);
  if (words === 'ignored') return 'ignored';
  if (words === undefined) return undefined;
  const context = message['context'];
  const inReplyTo = isObject(context) ? asProviderId(context['id']) : undefined;
  return {
    kind: 'inbound',
    providerMessageId,
    channel: 'whatsapp',
    from,
    ...(sender !== undefined && { sender }),
    ...words,
    ...(isUnacknowledged(message['identity']) && { changed: true }),
    ...(inReplyTo !== undefined && { inReplyTo }),
  };
}

/** A `wa_id` is a number without its `+`; who has none is known by an id such as `US.1349…`. */
function readPerson(from: unknown): string | undefined {
  const id = asProviderId(from);
  return id !== undefined && /^\d{7,15}$/.test(id) ? `+${id}` : id;
}

function readWords(type: string, message: Record<string, unknown>): Words | 'ignored' | undefined {
  switch (type) {
    case 'text': {
      const text = isObject(message['text']) ? asWords(message['text']['body']) : undefined;
      return text === undefined ? undefined : { text };
    }
    case 'button':
      return isObject(message['button'])
        ? readPressed(message['button']['payload'], message['button']['text'])
        : undefined;
    case 'interactive':
      return readInteractive(message['interactive']);
    case 'system':
      return isObject(message['system']) && CHANGES.includes(message['system']['type'])
        ? { changed: true }
        : 'ignored';
    default:
      return 'ignored';
  }
}

/** Their phone changed, and nobody has said since that it is them. */
export function isUnacknowledged(identity: unknown): boolean {
  return isObject(identity) && identity['acknowledged'] === false;
}

function readInteractive(interactive: unknown): Words | 'ignored' | undefined {
  if (!isObject(interactive) || typeof interactive['type'] !== 'string') return undefined;
  if (interactive['type'] !== 'button_reply' && interactive['type'] !== 'list_reply') return 'ignored';
  const reply = interactive[interactive['type']];
  return isObject(reply) ? readPressed(reply['id'], reply['title']) : undefined;
}

function readPressed(payload: unknown, label: unknown): Words | undefined {
  const [pressed, text] = [asWords(payload), asWords(label)];
  if (pressed === undefined && text === undefined) return undefined;
  return { ...(text !== undefined && { text }), ...(pressed !== undefined && { payload: pressed }) };
}
