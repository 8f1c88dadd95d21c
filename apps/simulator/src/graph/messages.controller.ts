// Owns the route of POST /{PN}/messages and Graph's form of the faults before it.

import { Controller, Param, Post, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { MessageCall } from '../core/message-call.js';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { GraphError, messagingError } from './graph-error.js';
import { type GraphParams, Params } from './graph-params.js';
import { MessagesService } from './messages.service.js';

@Controller(':version')
@UseGuards(GraphGuard)
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly call: MessageCall,
  ) {}

  @Post(':object/messages')
  async send(
    @Caller() caller: GraphCaller,
    @Param('object') id: string,
    @Params() params: GraphParams,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const send = { ...caller.sender(id), params, version: caller.version };
    await this.call.run(reply, {
      to: typeof params.to === 'string' ? params.to.replace(/\D/g, '') : '',
      sender: send.sender.id,
      refuse,
      prepare: (fate) => this.messages.prepare(send, fate),
      accept: (prepared) => this.messages.accept(prepared),
    });
  }
}

function refuse({ kind, status, code, retryAfter }: Fault): never {
  if (kind === 'status')
    throw new GraphError(
      status ?? 503,
      { message: 'Service temporarily unavailable', type: 'OAuthException', code: 2, is_transient: true },
      retryAfter,
    );
  throw messagingError(Number(code ?? 131000), 'The simulator was asked for this error.', {
    httpStatus: status,
    retryAfter,
  });
}
