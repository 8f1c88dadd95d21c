// Owns what one phone shows: its messages in every channel, oldest first, and live
// changes. Built from the log alone, so that every skin's messages appear here.

import { Injectable } from '@nestjs/common';
import { MessageLog } from './message-log.js';
import {
  type BubbleButton,
  chatOf,
  type DeliveryStatus,
  hasArrived,
  type Message,
  type StatusEntry,
  statusOf,
} from './message.js';
import { displayOf, handsetOf } from './phone-number.js';

interface Bubble {
  id: string;
  seq: number;
  /** One chat for each sender in each channel. */
  chat: string;
  channel: string;
  senderName: string;
  senderDisplay: string;
  receivedAt: string;
  /** As HTML spells it: en-US. */
  language?: string;
  templateName?: string;
  header?: string;
  text: string;
  footer?: string;
  buttons: BubbleButton[];
  codeExpiresAt?: string;
  correlation?: string;
  status: DeliveryStatus;
  statuses: StatusEntry[];
  /** The person's own words, what they answer, and the position of the button that was pressed. */
  own?: Message['own'];
}

interface HandsetView {
  number: string;
  display: string;
  messages: Bubble[];
}

interface HandsetSummary {
  number: string;
  display: string;
  messages: number;
  lastAt: string;
  lastSender: string;
  lastText: string;
}

const SHOWN_MESSAGES = 200;
const LISTED_HANDSETS = 100;

@Injectable()
export class Handsets {
  constructor(private readonly log: MessageLog) {}

  list(): HandsetSummary[] {
    return this.log.latestByHandset(LISTED_HANDSETS).map(({ newest, count }) => ({
      number: newest.handset,
      display: displayOf(newest.handset),
      messages: count,
      lastAt: newest.receivedAt,
      lastSender: newest.own ? 'You' : newest.senderName,
      lastText: previewOf(newest),
    }));
  }

  view(digits: string): HandsetView {
    const number = handsetOf(digits);
    const messages = this.log.ofHandset(number).slice(-SHOWN_MESSAGES).map(bubbleOf);
    return { number, display: displayOf(number), messages };
  }

  /** Calls back with each bubble that is new or changed, and with undefined when everything went. */
  watch(digits: string, onChange: (bubble: Bubble | undefined) => void): () => void {
    const number = handsetOf(digits);
    return this.log.subscribe((message) => {
      if (!message) onChange(undefined);
      else if (message.handset === number) onChange(bubbleOf(message));
    });
  }
}

/** What has not arrived can't be read, here as little as in the chat. */
function previewOf(message: Message): string {
  if (message.own) return message.text;
  if (statusOf(message) === 'failed') return 'Never arrived';
  return hasArrived(message) ? message.text : 'Message on its way…';
}

export function bubbleOf(message: Message): Bubble {
  const { id, seq, channel, senderName, receivedAt, templateName, header, text, footer } = message;
  return {
    id,
    seq,
    chat: chatOf(message),
    channel,
    senderName,
    senderDisplay: displayOf(message.from),
    receivedAt,
    language: message.language?.replace('_', '-'),
    templateName,
    header,
    text,
    footer,
    buttons: message.buttons,
    codeExpiresAt: message.codeExpiresAt,
    correlation: message.correlation,
    status: statusOf(message),
    statuses: message.statuses,
    own: message.own,
  };
}
