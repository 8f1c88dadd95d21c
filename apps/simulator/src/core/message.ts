// Owns the shape of a message as every skin logs it and every handset shows it.
// It knows no vendor: a skin turns its own wire format into this.

type Channel = 'whatsapp' | 'email';

export type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

export interface StatusEntry {
  status: DeliveryStatus;
  /** ISO 8601. */
  at: string;
  error?: { code: number; title: string };
}

/** What will become of an accepted message; decided once, when it is accepted. */
export type Fate =
  | { kind: 'delivered' }
  | { kind: 'read' }
  /** The handset is off: `sent`, then nothing; dropped without a word when its time is over. */
  | { kind: 'offline' }
  /** Delivered, but the provider never says so. */
  | { kind: 'unreported' }
  | { kind: 'failed'; code: number };

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
  /** Spelling of the API the client used, which decides details of receipts; for Graph 23 for v23.0. */
  apiVersion?: number;
  fate: Fate;
  statuses: StatusEntry[];
}

export type MessageDraft = Omit<Message, 'seq' | 'receivedAt' | 'handset' | 'statuses'>;

export function statusOf(message: Message): DeliveryStatus {
  return message.statuses[message.statuses.length - 1]?.status ?? 'accepted';
}
