import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { EventRenderer } from '../outbound/event-renderer.js';
import { EventStore } from '../outbound/event-store.js';
import { EventStreams } from './event-streams.js';
import { DEFAULT_EVENTS, ListEventsDto } from './events.dto.js';
import { POSITION } from './webhook-endpoint.dto.js';

const STREAM_TYPE = 'text/event-stream';

@ApiTags('events')
@ApiBearerAuth()
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly events: EventStore,
    private readonly renderer: EventRenderer,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @RequireScope('events:read')
  @ApiOperation({
    summary: 'Read what happened, oldest first, or watch it happen',
    description:
      'Ask again with `next` as `after`: nothing is skipped, however late it was written. With `Accept: text/event-stream` the answer stays open and each event is sent as it comes; `Last-Event-ID` goes on where another stream ended.',
  })
  async list(
    @Caller() caller: Principal,
    @Query() query: ListEventsDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | undefined> {
    if (request.headers.accept?.includes(STREAM_TYPE)) return this.watch(caller, query, request, reply);
    const { after = '0', types, limit = DEFAULT_EVENTS } = query;
    const { events, next, more } = await this.events.page(caller.tenantId, { after, types, limit });
    return { items: await this.renderer.render(events), next, more };
  }

  private async watch(
    caller: Principal,
    { after, types }: ListEventsDto,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<undefined> {
    const last = request.headers['last-event-id'];
    if (last !== undefined && (typeof last !== 'string' || !POSITION.test(last)))
      throw new Problem('request.malformed', {
        detail: 'Last-Event-ID must be the id of an event of a stream.',
      });
    const from = last ?? after ?? (await this.events.end());
    this.streams.open(reply, {
      tenantId: caller.tenantId,
      header: request.headers.authorization!,
      from,
      types,
    });
    return undefined;
  }
}
