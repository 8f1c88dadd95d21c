// Owns both sides of an inbox: where events are posted, and where one looks at them.

import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { breakAfter, breakBefore } from '../core/broken-answers.js';
import { rawBodyOf } from '../core/raw-body.js';
import { type InboxBehavior, Inboxes, readInboxBehavior } from './inboxes.js';

@Controller()
export class InboxController {
  constructor(private readonly inboxes: Inboxes) {}

  @Post('inbox/:name')
  async receive(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { status, latencyMs, retryAfter, fault } = this.inboxes.keep(
      name,
      request.headers,
      rawBodyOf(request),
    );
    if (latencyMs > 0) await sleep(latencyMs, undefined, { ref: false });
    if (fault === 'hang' || fault === 'reset') return void breakBefore({ match: {}, kind: fault }, reply);
    if (fault === 'drip') return void breakAfter({ match: {}, kind: 'drip' }, { taken: 'slowly' }, reply);
    if (retryAfter !== '') void reply.header('retry-after', retryAfter);
    if (status >= 300 && status < 400) void reply.header('location', `/inbox/${name}-elsewhere`);
    void reply.code(status).send();
  }

  @Get('_sim/inboxes/:name')
  look(@Param('name') name: string): object {
    const { posts, count, behavior } = this.inboxes.get(name);
    return { posts, count, behavior };
  }

  @Put('_sim/inboxes/:name')
  behave(@Param('name') name: string, @Body() body: unknown): InboxBehavior {
    return this.inboxes.behave(name, readInboxBehavior(body, ''));
  }

  @Delete('_sim/inboxes/:name')
  @HttpCode(204)
  clear(@Param('name') name: string): void {
    this.inboxes.clear(name);
  }
}
