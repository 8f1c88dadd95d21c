// Owns /hook/<anything>: a stand-in for a hook of one's own, which believes only what is signed.

import { Body, Controller, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { MessageCall } from '../core/message-call.js';
import { rawBodyOf } from '../core/raw-body.js';
import { Refusal, RefusalFilter } from '../core/refusal.js';
import { SimulatorConfig } from '../simulator.config.js';
import { HookMessages, refusal } from './hook-messages.js';
import { isSigned } from './hook-signature.js';

@Controller('hook')
@UseFilters(RefusalFilter)
export class HookController {
  constructor(
    private readonly messages: HookMessages,
    private readonly call: MessageCall,
    private readonly config: SimulatorConfig,
    private readonly clock: Clock,
  ) {}

  @Post(':name')
  async take(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() document: Record<string, unknown> = {},
  ): Promise<void> {
    if (!isSigned(request.headers, rawBodyOf(request), this.config.hookSecret, this.clock.now()))
      throw new Refusal(401, { reason: 'bad_signature' });
    const { to, from } = document;
    await this.call.run(reply, {
      to: typeof to === 'string' ? to.replace(/^\+/, '') : '',
      sender: String(from),
      status: 202,
      refuse,
      prepare: (fate) => this.messages.prepare(name, document, fate),
      accept: (draft) => this.messages.accept(draft),
    });
  }
}

/** Faults and magic numbers speak Graph's codes. */
function refuse({ kind, status, code = 131000, retryAfter }: Fault): never {
  if (kind === 'status') throw new Refusal(status ?? 503, { reason: 'unavailable' }, retryAfter);
  switch (Number(code)) {
    case 130429:
    case 131056:
      throw new Refusal(429, { reason: 'throttled' }, retryAfter);
    case 131000:
    case 131016:
      throw new Refusal(503, { reason: 'unavailable' }, retryAfter);
    case 131030:
    case 130497:
      throw refusal('receiver', 'not_allowed', retryAfter);
    default:
      throw refusal(String(code), 'asked_for', retryAfter);
  }
}
