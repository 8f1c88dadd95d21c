// Owns the phones of /_sim: which there are, one's chat, its live events, and the
// order to read what has arrived.

import { Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Handsets } from '../core/handsets.js';
import { handsetOf } from '../core/phone-number.js';
import { DeliveriesService } from '../graph/deliveries.service.js';
import { readNumber } from './control-requests.js';
import { openEventStream } from './event-stream.js';

@Controller('_sim/phones')
export class ControlPhonesController {
  constructor(
    private readonly handsets: Handsets,
    private readonly deliveries: DeliveriesService,
  ) {}

  @Get()
  list() {
    return { phones: this.handsets.list() };
  }

  @Get(':number')
  show(@Param('number') number: string) {
    return this.handsets.view(readNumber(number, 'number'));
  }

  @Post(':number/read')
  @HttpCode(200)
  read(@Param('number') number: string) {
    return { read: this.deliveries.read(handsetOf(readNumber(number, 'number'))) };
  }

  /** `snapshot` first, also after a reconnect; then a `message` per new or changed bubble, `cleared` when all went. */
  @Get(':number/events')
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
