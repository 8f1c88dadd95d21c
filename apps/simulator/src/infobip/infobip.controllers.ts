// Owns Infobip's routes, under /infobip.

import {
  All,
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { MessageLog } from '../core/message-log.js';
import type { Template } from '../graph/template.js';
import { InfobipConversions } from './infobip-conversions.js';
import { InfobipErrorFilter } from './infobip-error.filter.js';
import { infobipError } from './infobip-error.js';
import { InfobipGuard } from './infobip-guard.js';
import { InfobipMessages } from './infobip-messages.service.js';
import { InfobipTemplates } from './infobip-templates.service.js';
import * as chat from './chat-endpoints.js';
import * as endpoints from './send-endpoints.js';
import { structureView } from './template-structure.js';

@Controller('infobip')
@UseGuards(InfobipGuard)
@UseFilters(InfobipErrorFilter)
export class InfobipMessagesController {
  constructor(
    private readonly messages: InfobipMessages,
    private readonly conversions: InfobipConversions,
    private readonly log: MessageLog,
  ) {}

  @Post('whatsapp/1/message/template')
  whatsapp(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.whatsappTemplate, body, reply);
  }

  @Post('whatsapp/1/message/text')
  whatsappText(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(chat.whatsappText, body, reply);
  }

  @Post('whatsapp/1/message/interactive/buttons')
  whatsappButtons(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(chat.whatsappButtons, body, reply);
  }

  @Post('kakao-sangdam/1/messages')
  kakaoChat(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(chat.kakaoChat, body, reply);
  }

  @Post('messages-api/1/messages')
  lineChat(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(chat.lineChat, body, reply);
  }

  @Post('sms/3/messages')
  sms(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.sms, body, reply);
  }

  @Post('sms/2/text/advanced')
  olderSms(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.olderSms, body, reply);
  }

  @Post('tts/3/advanced')
  voice(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.voice, body, reply);
  }

  @Post('email/4/messages')
  email(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.email, body, reply);
  }

  @Post('viber/2/messages')
  viber(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.viber, body, reply);
  }

  @Post('line/1/messages')
  line(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.line, body, reply);
  }

  @Post('kakao-alim/1/messages')
  kakao(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.kakao, body, reply);
  }

  @Post('zalo/2/messages')
  zalo(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.messages.send(endpoints.zalo, body, reply);
  }

  @Post('ct/1/log/end/:messageId')
  @HttpCode(200)
  convert(@Param('messageId') id: string) {
    if (this.log.get(id)?.skin !== 'infobip') throw infobipError(404, 'legacy');
    this.conversions.add(id);
    return { processKey: randomUUID() };
  }

  @Get('account/1/balance')
  balance() {
    return { balance: 100, currency: 'EUR' };
  }

  @All('*')
  unknownPath(): never {
    throw infobipError(404, 'legacy');
  }
}

@Controller('infobip/whatsapp/2/senders/:sender/templates')
@UseGuards(InfobipGuard)
@UseFilters(InfobipErrorFilter)
export class InfobipTemplatesController {
  constructor(private readonly templates: InfobipTemplates) {}

  @Get()
  list(@Param('sender') sender: string) {
    return { templates: this.templates.ofSender(sender).map(view) };
  }

  @Post()
  create(@Param('sender') sender: string, @Body() body: unknown) {
    return view(this.templates.create(sender, body));
  }

  @Get(':id')
  show(@Param('sender') sender: string, @Param('id') id: string) {
    return view(this.templates.one(sender, id));
  }

  @Patch(':id')
  edit(@Param('sender') sender: string, @Param('id') id: string, @Body() body: unknown) {
    return view(this.templates.edit(sender, id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  delete(@Param('sender') sender: string, @Param('id') id: string): void {
    this.templates.delete(sender, id);
  }
}

function view(template: Template): object {
  const { id, name, language, status, category, qualityScore, ttlSeconds } = template;
  const date = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');
  return {
    id,
    businessAccountId: 222,
    name,
    language,
    status: status === 'PAUSED' ? 'FIRST_PAUSED' : status,
    category,
    structure: structureView(template),
    quality: qualityScore,
    createdAt: date(template.createdAt),
    lastUpdatedAt: date(template.submittedAt),
    ...(ttlSeconds !== undefined && { validityPeriod: { amount: ttlSeconds, timeUnit: 'SECONDS' } }),
  };
}
