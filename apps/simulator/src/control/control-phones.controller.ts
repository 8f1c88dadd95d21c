// Owns the phones of /_sim: which there are, one's chats, its live events, the order
// to read what has arrived, and the person's answers.

import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DeliveriesService } from '../core/deliveries.service.js';
import { bubbleOf, Handsets } from '../core/handsets.js';
import { handsetOf } from '../core/phone-number.js';
import { Replies } from '../core/replies.js';
import { readLook, readNumber, readReply, readWrite } from './control-requests.js';
import { openEventStream } from './event-stream.js';

@Controller('_sim')
export class ControlPhonesController {
  constructor(
    private readonly handsets: Handsets,
    private readonly deliveries: DeliveriesService,
    private readonly replies: Replies,
  ) {}

  /** Whom people can write to. */
  @Get('senders')
  senders() {
    const senders = this.deliveries.listeners();
    return {
      senders: senders.map(({ channel, from, senderName }) => ({ channel, address: from, name: senderName })),
    };
  }

  @Get('phones')
  list() {
    return { phones: this.handsets.list() };
  }

  @Get('phones/:number')
  show(@Param('number') number: string) {
    return this.handsets.view(readNumber(number, 'number'));
  }

  @Post('phones/:number/read')
  @HttpCode(200)
  read(@Param('number') number: string, @Body() body: unknown) {
    const { chat } = readLook(body);
    return { read: this.deliveries.read(handsetOf(readNumber(number, 'number')), chat) };
  }

  /** The person types a text or presses a quick reply; the skin of that chat tells its client. */
  @Post('phones/:number/reply')
  @HttpCode(200)
  reply(@Param('number') number: string, @Body() body: unknown) {
    const handset = handsetOf(readNumber(number, 'number'));
    return bubbleOf(this.replies.answer(handset, readReply(body)));
  }

  /** The person types a text to one of the senders that somebody listens at. */
  @Post('phones/:number/write')
  @HttpCode(200)
  write(@Param('number') number: string, @Body() body: unknown) {
    return bubbleOf(this.replies.write(handsetOf(readNumber(number, 'number')), readWrite(body)));
  }

  /** `snapshot` first, also after a reconnect; then a `message` per new or changed bubble, `cleared` when all went. */
  @Get('phones/:number/events')
  events(@Param('number') number: string, @Res() reply: FastifyReply): void {
    const digits = readNumber(number, 'number');
    const stream = openEventStream(reply);
    stream.send('snapshot', this.handsets.view(digits));
    const stop = this.handsets.watch(digits, (bubble) =>
      bubble ? stream.send('message', bubble) : stream.send('cleared', {}),
    );
    stream.onClose(stop);
  }
}
