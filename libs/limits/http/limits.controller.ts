import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { DEFAULT_PAGE, PageDto } from '#platform/validation';
import { LimitEvents } from '../limit-events.js';
import { LimitPolicies } from '../limit-policies.service.js';
import { SaveLimitsDto, toLimitEventView, toLimitsView } from './limits.dto.js';

@ApiTags('limits')
@ApiBearerAuth()
@Controller('v1/limits')
export class LimitsController {
  constructor(
    private readonly policies: LimitPolicies,
    private readonly events: LimitEvents,
  ) {}

  @Get()
  @RequireScope('limits:read')
  @ApiOperation({ summary: 'Read the limits as they hold, and what the platform allows' })
  async get(@Caller() caller: Principal): Promise<object> {
    return toLimitsView(await this.policies.get(caller.tenantId));
  }

  @Put()
  @RequireScope('limits:write')
  @ApiOperation({
    summary: 'Change limits, budgets and score rules',
    description: 'Replaces what was changed before; what is left out is as in the catalogue again.',
  })
  async update(@Caller() caller: Principal, @By() by: Author, @Body() body: SaveLimitsDto): Promise<object> {
    await this.policies.save(caller.tenantId, body, by);
    return toLimitsView(body);
  }

  @Get('events')
  @RequireScope('limits:read')
  @ApiOperation({
    summary: 'List what limits refused and detectors noticed, newest first',
    description: 'Equal events within half a second are one, told with how often.',
  })
  async listEvents(@Caller() caller: Principal, @Query() query: PageDto): Promise<object> {
    const { limit = DEFAULT_PAGE, before } = query;
    return { items: (await this.events.list(caller.tenantId, { limit, before })).map(toLimitEventView) };
  }
}
