import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { parseNative } from '#platform/identifiers';
import { ErasuresService } from '../erasure/erasures.service.js';
import { EraseReceiverDto, type ErasureView, toErasureView } from './erasure.dto.js';

@ApiTags('receivers')
@ApiBearerAuth()
@Controller('v1/receivers')
export class ErasuresController {
  constructor(private readonly erasures: ErasuresService) {}

  @Post('erase')
  @HttpCode(202)
  @RequireScope('privacy:erase')
  @ApiOperation({
    summary: 'Forget a receiver',
    description:
      'Its live challenges are canceled, and what is left in history no longer leads to it. The answer is the same for a receiver that is unknown, erased before or cannot be read. Its limits begin anew. See docs/retention.md.',
  })
  async erase(
    @Caller() caller: Principal,
    @Body() body: EraseReceiverDto,
    @By() by: Author,
  ): Promise<ErasureView> {
    return toErasureView(await this.erasures.request(caller, body.receiver, by));
  }

  @Get('erasures/:id')
  @RequireScope('privacy:erase')
  @ApiOperation({ summary: 'Read whether a receiver is forgotten by now' })
  async get(@Caller() { tenantId }: Principal, @Param('id') text: string): Promise<ErasureView> {
    const id = parseNative('erasure', text);
    const erasure = id && (await this.erasures.find(tenantId, id));
    if (!erasure) throw new Problem('erasure.not_found');
    return toErasureView(erasure);
  }
}
