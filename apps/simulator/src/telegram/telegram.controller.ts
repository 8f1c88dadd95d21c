// Owns the methods under /telegram and the door in front of them: the token as bearer,
// or as `access_token`.

import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpCode,
  Injectable,
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
import { telegramError, translate } from './telegram-error.js';
import { TelegramMessages } from './telegram-messages.js';

type Params = Record<string, unknown>;

@Injectable()
export class TelegramGuard implements CanActivate {
  constructor(private readonly config: SimulatorConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers, body } = context.switchToHttp().getRequest<FastifyRequest>();
    const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const token = bearer ?? (body as Params | undefined)?.access_token;
    if (token === undefined) throw telegramError('ACCESS_TOKEN_REQUIRED');
    if (token !== this.config.telegramToken) throw telegramError('ACCESS_TOKEN_INVALID');
    return true;
  }
}

@Controller('telegram')
@UseGuards(TelegramGuard)
@UseFilters(RefusalFilter)
export class TelegramController {
  constructor(
    private readonly messages: TelegramMessages,
    private readonly call: MessageCall,
  ) {}

  @Post('checkSendAbility')
  @HttpCode(200)
  ask(@Body() params: Params = {}): object {
    return { ok: true, result: this.messages.ask(params) };
  }

  @Post('sendVerificationMessage')
  async send(@Res() reply: FastifyReply, @Body() params: Params = {}): Promise<void> {
    await this.call.run(reply, {
      to: String(params.phone_number).replace(/\D/g, ''),
      sender: String(params.sender_username ?? ''),
      refuse,
      prepare: (fate) => this.messages.prepare(params, fate),
      accept: (draft) => this.messages.accept(draft),
    });
  }

  @Post('checkVerificationStatus')
  @HttpCode(200)
  check(@Body() params: Params = {}): object {
    return { ok: true, result: this.messages.check(params) };
  }
}

function refuse({ kind, status, code, retryAfter }: Fault): never {
  if (kind === 'status') throw telegramError('INTERNAL_ERROR', { status: status ?? 503, retryAfter });
  throw telegramError(translate(code ?? 131000), { status, retryAfter });
}
