// Owns the shape of a message as every skin logs it and every handset shows it.
// It knows no vendor: a skin turns its own wire format into this.

export const CHANNELS = [
  'whatsapp',
  'sms',
  'email',
  'voice',
  'telegram',
  'viber',
  'line',
  'kakao',
  'zalo',
] as const;
type Channel = (typeof CHANNELS)[number];

/** Whose API a message came in through: `graph`, `infobip`. */
export type Skin = string;

export type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

export interface StatusEntry {
  status: DeliveryStatus;
  /** ISO 8601. */
  at: string;
  error?: { code: number | string; title: string };
}

/** What will become of an accepted message; decided once, when it is accepted. */
export type Fate =
  | { kind: 'delivered' }
  | { kind: 'read' }
  /** The handset is off: `sent`, then nothing; dropped without a word when its time is over. */
  | { kind: 'offline' }
  /** Delivered, but the provider never says so. */
  | { kind: 'unreported' }
  /** In the skin's own code; see `magic-numbers.ts` for those that skins translate. */
  | { kind: 'failed'; code: number | string };

export interface BubbleButton {
  kind: 'copy' | 'autofill' | 'url' | 'reply' | 'phone';
  label: string;
  /** What is copied, opened or dialled. */
  value?: string;
}

export interface Message {
  /** 1, 2, 3 … over the life of the state; never reused. */
  seq: number;
  channel: Channel;
  skin: Skin;
  /** The provider's message id; for WhatsApp the wamid. */
  id: string;
  /** The account and sender it came through; for WhatsApp the WABA and the phone number id. */
  accountId: string;
  senderId: string;
  /** Digits of the sender's number, and the name a phone shows for it. */
  from: string;
  senderName: string;
  /** Digits as the client spelled them, and the handset they reach. */
  to: string;
  handset: string;
  receivedAt: string;
  templateName?: string;
  language?: string;
  category?: string;
  code?: string;
  header?: string;
  /** The body as the phone renders it; `*…*` is bold. */
  text: string;
  /** The other form of a mail, shown as its source and never rendered. */
  html?: string;
  footer?: string;
  buttons: BubbleButton[];
  /** When copy and autofill buttons go dead. */
  codeExpiresAt?: string;
  /** The client's own reference, echoed in receipts; for WhatsApp biz_opaque_callback_data. */
  correlation?: string;
  /** Where receipts of this message go, on skins whose client says so with each message. */
  callbackUrl?: string;
  /** Spelling of the API the client used, which decides details of receipts; for Graph 23 for v23.0. */
  apiVersion?: number;
  fate: Fate;
  statuses: StatusEntry[];
  /** What the person wrote or pressed. Sender and receiver stay those of the chat that it stands in. */
  own?: OwnWords;
}

/** Our end of a chat, whoever's phone the other one is. */
export type ChatEnd = Pick<
  Message,
  'channel' | 'skin' | 'accountId' | 'senderId' | 'from' | 'senderName' | 'apiVersion'
>;

interface OwnWords {
  /** The message that is quoted, or whose button was pressed. */
  answers?: string;
  /** Position of that button. */
  button?: number;
  /** WhatsApp tells the business an id of the person instead of the number. */
  hidesNumber?: boolean;
}

export type MessageDraft = Omit<Message, 'seq' | 'receivedAt' | 'handset' | 'statuses'>;

/** A phone shows one chat for each sender in each channel. */
export function chatOf({ channel, from }: Pick<Message, 'channel' | 'from'>): string {
  return `${channel}:${from}`;
}

/** Whether the person can see it. */
export function hasArrived(message: Message): boolean {
  const status = statusOf(message);
  return status === 'delivered' || status === 'read';
}

export function statusOf(message: Message): DeliveryStatus {
  return message.statuses[message.statuses.length - 1]?.status ?? 'accepted';
}
