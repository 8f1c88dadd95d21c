// Owns what a person answers: their own words in the chat, then handed to the skin that the chat came through.

import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DeliveriesService } from './deliveries.service.js';
import { type BubbleButton, type ChatEnd, hasArrived, type Message } from './message.js';
import { MessageLog } from './message-log.js';
import { ShapeError } from './shape.js';

export interface ReplyRequest {
  /** A message of the chat; the newest on the phone unless said. */
  messageId?: string;
  /** What the person types. Or else a button is pressed: */
  text?: string;
  /** Position of a quick reply among the buttons of the message. */
  buttonIndex?: number;
  /** The words quote the message. A pressed button always names it. */
  quote?: boolean;
  hidesNumber?: boolean;
}

/** The first words of a chat, or any later ones: to a sender, not to a message. */
export interface WriteRequest {
  channel: Message['channel'];
  /** Digits, or the name of the sender. */
  to: string;
  text: string;
  hidesNumber?: boolean;
}

@Injectable()
export class Replies {
  constructor(
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
  ) {}

  /** Answers the person's message as it stands in the chat. */
  answer(handset: string, request: ReplyRequest): Message {
    const { text, buttonIndex, hidesNumber } = request;
    if ((text === undefined) === (buttonIndex === undefined))
      throw new ShapeError('text', 'given, or else buttonIndex');
    const message = this.messageOn(handset, request.messageId);
    const button = buttonIndex === undefined ? undefined : quickReply(message, buttonIndex);
    const answered = button || request.quote ? message : undefined;
    const own = this.append(message, message.to, text ?? button!.label, {
      ...(answered && { answers: answered.id }),
      ...(button && { button: buttonIndex }),
      ...(hidesNumber && { hidesNumber }),
    });
    this.deliveries.hand({ own, answered, button });
    return own;
  }

  /** Writes to a sender, whether or not it ever wrote to this phone. */
  write(handset: string, { channel, to, text, hidesNumber }: WriteRequest): Message {
    const end = this.deliveries.listeners().find((known) => known.channel === channel && known.from === to);
    if (!end) throw new ShapeError('to', `a sender at which somebody listens on ${channel}`);
    const own = this.append(end, handset, text, { ...(hidesNumber && { hidesNumber }) });
    this.deliveries.hand({ own });
    return own;
  }

  private append(end: ChatEnd, phone: string, text: string, own: NonNullable<Message['own']>): Message {
    const { channel, skin, accountId, senderId, from, senderName, apiVersion } = end;
    return this.log.append({
      channel,
      skin,
      accountId,
      senderId,
      from,
      senderName,
      apiVersion,
      id: `own-${randomBytes(8).toString('hex')}`,
      to: phone,
      text,
      buttons: [],
      fate: { kind: 'delivered' },
      own,
    });
  }

  /** Nobody answers what they can't see. */
  private messageOn(handset: string, id: string | undefined): Message {
    const shown = this.log.ofHandset(handset).filter((message) => hasArrived(message) && !message.own);
    const message = id === undefined ? shown.at(-1) : shown.find((each) => each.id === id);
    if (!message) throw new ShapeError('messageId', 'of a message that has arrived on this phone');
    return message;
  }
}

function quickReply({ buttons }: Message, index: number): BubbleButton {
  const button = buttons[index];
  if (button?.kind !== 'reply') throw new ShapeError('buttonIndex', 'of a quick reply of the message');
  return button;
}
