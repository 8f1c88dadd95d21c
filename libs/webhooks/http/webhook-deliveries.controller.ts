import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { EmptyDto } from '#platform/validation';
import { DeliveriesLog } from '../outbound/deliveries-log.service.js';
import { ReplaysService } from '../outbound/replays.service.js';
import { readDeliveryId, toDeliveryView, toLoggedView } from './webhook-delivery.dto.js';

@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly deliveries: DeliveriesLog,
    private readonly replays: ReplaysService,
  ) {}

  @Get(':id')
  @RequireScope('webhooks:read')
  @ApiOperation({ summary: 'Read a delivery: each attempt, and what is posted' })
  async get(@Caller() { tenantId }: Principal, @Param('id') id: string): Promise<object> {
    return toLoggedView(await this.deliveries.get(tenantId, readDeliveryId(id)));
  }

  @Post(':id/replay')
  @HttpCode(202)
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Deliver it again',
    description: 'Under the same `webhook-id`, with the whole schedule before it.',
  })
  async replay(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
    @By() by: Author,
  ): Promise<object> {
    return toDeliveryView(await this.replays.replayOne(tenantId, readDeliveryId(id), by));
  }
}
