// Owns /_sim/infobip: the header and the addresses of its webhooks, the hand of a
// person who writes, and what was told about conversions.

import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { digits, object, ShapeError, text } from '../core/shape.js';
import { InfobipConversions } from './infobip-conversions.js';
import { InfobipHooks } from './infobip-hooks.js';

interface Written {
  from: string;
  to: string;
  text: string;
  /** Id of the message that it answers. */
  inReplyTo?: string;
}

const readWritten = object<Written, 'from' | 'to' | 'text'>(
  { from: digits, to: digits, text: text(), inReplyTo: text() },
  'from',
  'to',
  'text',
);

@Controller('_sim/infobip')
export class InfobipControlController {
  constructor(
    private readonly hooks: InfobipHooks,
    private readonly conversions: InfobipConversions,
  ) {}

  @Put()
  put(@Body() body: unknown) {
    return this.hooks.put(body);
  }

  @Get('conversions')
  listConversions() {
    return { conversions: this.conversions.list() };
  }

  /** A WhatsApp message to the business. */
  @Post('inbound')
  @HttpCode(202)
  write(@Body() body: unknown) {
    const { from, to, text: words, inReplyTo } = readWritten(body ?? {}, '');
    const messageId = `wamid.${randomUUID()}`;
    const told = this.hooks.inbound({
      from,
      to,
      integrationType: 'WHATSAPP',
      receivedAt: this.hooks.date(),
      messageId,
      message: {
        type: 'TEXT',
        text: words,
        ...(inReplyTo !== undefined && { context: { from: to, id: inReplyTo } }),
      },
      price: { pricePerMessage: 0, currency: 'EUR' },
      contact: { name: from, phoneNumber: from },
    });
    if (!told) throw new ShapeError('inboundUrl', 'set by PUT /_sim/infobip, and webhooks not muted');
    return { messageId };
  }
}
