import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { SwitchesService } from '../switches.service.js';
import { PutSwitchDto, toSwitchInput, toSwitchView } from './switch.dto.js';

@ApiTags('switches')
@ApiBearerAuth()
@Controller('v1/switches')
export class SwitchesController {
  constructor(private readonly switches: SwitchesService) {}

  @Put()
  @RequireScope('switches:write')
  @ApiOperation({
    summary: 'Switch sending off',
    description:
      'In force everywhere within 5 s, for what is queued too. The same scope and target again replaces it.',
  })
  async put(
    @Caller() { tenantId }: Principal,
    @By() by: Author,
    @Body() body: PutSwitchDto,
  ): Promise<object> {
    return toSwitchView(await this.switches.put(tenantId, toSwitchInput(body, tenantId), by));
  }

  @Get()
  @RequireScope('limits:read')
  @ApiOperation({ summary: 'List the tenant’s switches in force, newest first' })
  async list(@Caller() caller: Principal): Promise<object> {
    return { items: (await this.switches.list(caller.tenantId)).map(toSwitchView) };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('switches:write')
  @ApiOperation({ summary: 'Switch sending on again' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.switches.lift(caller.tenantId, readId(id), by);
  }
}

function readId(text: string): Identifier {
  const id = parseNative('switch', text);
  if (!id) throw new Problem('switch.not_found');
  return id;
}
