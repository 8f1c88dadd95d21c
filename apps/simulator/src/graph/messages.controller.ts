// Owns the route of POST /{PN}/messages: faults before, latency and broken answers after.

import { Controller, Param, Post, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BehaviorSwitch, type Fault } from '../core/behavior.js';
import type { Fate } from '../core/message.js';
import { Scheduler } from '../core/scheduler.js';
import { cut, drip, refuseWith, sendHalf } from './broken-answers.js';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { type GraphParams, Params } from './graph-params.js';
import { MessagesService } from './messages.service.js';

/** What stands between client and Graph breaks before Graph has read anything. */
const STRIKES_FIRST: readonly Fault['kind'][] = ['status', 'hang', 'reset', 'html', 'huge'];
const NOT_ON_WHATSAPP: Fate = { kind: 'failed', code: 131026 };

@Controller(':version')
@UseGuards(GraphGuard)
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
  ) {}

  @Post(':object/messages')
  async send(
    @Caller() caller: GraphCaller,
    @Param('object') id: string,
    @Params() params: GraphParams,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const call = { ...caller.sender(id), params, version: caller.version };
    const fault = this.messages.faultOf(call);
    if (fault && STRIKES_FIRST.includes(fault.kind)) return refuseWith(fault, reply);
    const prepared = this.messages.prepare(
      call,
      fault?.kind === 'notOnWhatsApp' ? NOT_ON_WHATSAPP : undefined,
    );
    if (fault?.kind === 'graphError') return refuseWith(fault, reply);
    const answer = this.messages.accept(prepared);
    await this.latency();
    if (fault?.kind === 'resetAfterAccept') return cut(reply);
    if (fault?.kind === 'malformed') return sendHalf(answer, reply);
    if (fault?.kind === 'drip') return drip(answer, reply);
    if (fault?.kind === 'empty') return void reply.code(200).send();
    void reply.code(200).send(answer);
  }

  /** After acceptance, so that a client that gives up leaves a delivered message behind. */
  private latency(): Promise<void> | undefined {
    const { latencyMs } = this.behavior.current;
    if (latencyMs === 0) return undefined;
    return new Promise((resolve) => this.scheduler.after(latencyMs, resolve));
  }
}
