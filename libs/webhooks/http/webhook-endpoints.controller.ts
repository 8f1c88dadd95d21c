import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { DEFAULT_PAGE, EmptyDto } from '#platform/validation';
import { DeliveriesLog } from '../outbound/deliveries-log.service.js';
import { EndpointsService } from '../outbound/endpoints.service.js';
import { ReplaysService } from '../outbound/replays.service.js';
import { ListDeliveriesDto, readDeliveryId, toDeliveryView } from './webhook-delivery.dto.js';
import {
  CreateWebhookEndpointDto,
  overlapMs,
  ReplayDto,
  RotateSecretDto,
  toEndpointView,
  toReplayView,
  toSecretView,
  toSpan,
  UpdateWebhookEndpointDto,
} from './webhook-endpoint.dto.js';

@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly endpoints: EndpointsService,
    private readonly deliveries: DeliveriesLog,
    private readonly replays: ReplaysService,
  ) {}

  @Post()
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Have events posted to an address',
    description: 'The secret that they are signed with is in this answer and never shown again.',
  })
  async create(
    @Caller() { tenantId }: Principal,
    @Body() body: CreateWebhookEndpointDto,
    @By() by: Author,
  ): Promise<object> {
    const { endpoint, secret } = await this.endpoints.create(tenantId, body, by);
    return { ...toEndpointView(endpoint), secret };
  }

  @Get()
  @RequireScope('webhooks:read')
  @ApiOperation({
    summary: 'List the endpoints, newest first',
    description: 'Those with a `generator` are its `callbackUrl`, there since something was posted to it.',
  })
  async list(@Caller() { tenantId }: Principal): Promise<object> {
    return { items: (await this.endpoints.list(tenantId)).map(toEndpointView) };
  }

  @Get(':id')
  @RequireScope('webhooks:read')
  @ApiOperation({ summary: 'Read an endpoint' })
  async get(@Caller() { tenantId }: Principal, @Param('id') id: string): Promise<object> {
    return toEndpointView(await this.endpoints.get(tenantId, readId(id)));
  }

  @Patch(':id')
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Change an endpoint, disable it or enable it again',
    description: 'What happened while it was disabled was not kept for it: replay it.',
  })
  async update(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Body() body: UpdateWebhookEndpointDto,
    @By() by: Author,
  ): Promise<object> {
    return toEndpointView(await this.endpoints.update(tenantId, readId(id), body, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('webhooks:write')
  @ApiOperation({ summary: 'Delete an endpoint, its log and what was on its way' })
  async delete(@Caller() { tenantId }: Principal, @Param('id') id: string, @By() by: Author): Promise<void> {
    await this.endpoints.delete(tenantId, readId(id), by);
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Sign with another secret',
    description: 'Until `previousUntil` each delivery has both signatures. The secret is shown this once.',
  })
  async rotateSecret(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Body() body: RotateSecretDto,
    @By() by: Author,
  ): Promise<object> {
    return toSecretView(
      await this.endpoints.rotateSecret(tenantId, readId(id), body.secret, overlapMs(body), by),
    );
  }

  @Post(':id/test')
  @HttpCode(202)
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Post a `webhook.test` to the endpoint',
    description: 'Ask for the delivery to see what came of it.',
  })
  async test(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<object> {
    return toDeliveryView(await this.replays.test(tenantId, readId(id)));
  }

  @Post(':id/replay')
  @HttpCode(202)
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Deliver again what happened in a span of time, or since a cursor',
    description:
      'What the endpoint wants now, under the same `webhook-id`; a thousand events are looked at in one call. With `next` there are more: go on with it as `after`.',
  })
  async replay(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Body() body: ReplayDto,
    @By() by: Author,
  ): Promise<object> {
    return toReplayView(await this.replays.replaySpan(tenantId, readId(id), toSpan(body), by));
  }

  @Get(':id/deliveries')
  @RequireScope('webhooks:read')
  @ApiOperation({ summary: 'List the deliveries of seven days, newest first' })
  async listDeliveries(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Query() { state, limit = DEFAULT_PAGE, before }: ListDeliveriesDto,
  ): Promise<object> {
    const endpoint = await this.endpoints.get(tenantId, readId(id));
    const page = { state, limit, before: before === undefined ? undefined : readDeliveryId(before) };
    return { items: (await this.deliveries.list(endpoint, page)).map(toDeliveryView) };
  }
}

function readId(text: string): Identifier {
  const id = parseNative('endpoint', text);
  if (!id) throw new Problem('webhook.endpoint_not_found');
  return id;
}
