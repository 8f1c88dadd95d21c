// Owns the routes under /twilio and the door in front of them: HTTP Basic with the SID
// of the account and its token.

import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Param,
  Post,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { MessageCall } from '../core/message-call.js';
import { RefusalFilter } from '../core/refusal.js';
import { SimulatorConfig } from '../simulator.config.js';
import { translate, twilioError } from './twilio-error.js';
import { TwilioMessages } from './twilio-messages.js';

@Injectable()
export class TwilioGuard implements CanActivate {
  constructor(private readonly config: SimulatorConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers, params } = context.switchToHttp().getRequest<FastifyRequest>();
    const { twilioAccountSid, twilioAuthToken } = this.config;
    const [, encoded = ''] = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (Buffer.from(encoded, 'base64').toString() !== `${twilioAccountSid}:${twilioAuthToken}`)
      throw twilioError(20003);
    const { account = '' } = params as Record<string, string>;
    if (account.replace(/\.json$/, '') !== twilioAccountSid) throw twilioError(20404);
    return true;
  }
}

@Controller('twilio/2010-04-01/Accounts/:account')
@UseGuards(TwilioGuard)
@UseFilters(RefusalFilter)
export class TwilioController {
  constructor(
    private readonly messages: TwilioMessages,
    private readonly call: MessageCall,
    private readonly config: SimulatorConfig,
  ) {}

  @Get()
  account(): object {
    const sid = this.config.twilioAccountSid;
    const uri = `/2010-04-01/Accounts/${sid}.json`;
    return { sid, friendly_name: 'Countersign demo', status: 'active', type: 'Full', uri };
  }

  @Post('Messages.json')
  async send(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const form = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    const { To: to, From: from, MessagingServiceSid: service } = form;
    await this.call.run(reply, {
      to: String(to).replace(/\D/g, ''),
      sender: String(service ?? from).replace(/^(?:whatsapp:)?\+?/, ''),
      status: 201,
      refuse: (fault) => refuse(fault, String(to).startsWith('whatsapp:') ? 'whatsapp' : 'sms'),
      prepare: (fate) => this.messages.prepare(form, fate),
      accept: (draft) => this.messages.accept(draft),
    });
  }

  @Get('Messages/:file')
  message(@Param('file') file: string): object {
    const found = this.messages.find(file.replace(/\.json$/, ''));
    if (!found) throw twilioError(20404);
    return found;
  }
}

function refuse({ kind, status, code, retryAfter }: Fault, channel: 'sms' | 'whatsapp'): never {
  if (kind === 'status') throw twilioError(20503, { status: status ?? 503, retryAfter });
  throw twilioError(translate(code ?? 131000, channel), { status, retryAfter });
}
