import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { parseAddress } from '../addresses.js';
import type { Purpose } from '../challenge.js';
import { ReceiversService } from '../receivers.service.js';
import { UnblockReceiverDto } from './receiver.dto.js';

interface UnblockedView {
  purpose: Purpose;
  failuresInARow: 0;
  /** Before this call. */
  failuresForgotten: number;
}

@ApiTags('receivers')
@ApiBearerAuth()
@Controller('v1/receivers')
export class ReceiversController {
  constructor(private readonly receivers: ReceiversService) {}

  @Post('unblock')
  @HttpCode(200)
  @RequireScope('receivers:write')
  @ApiOperation({
    summary: 'Bind a receiver anew',
    description:
      'For a receiver that was disabled by 100 wrong answers in a row, when its owner has proven who they are by other means. Also forgets how many messages were not answered. Journalled.',
  })
  async unblock(@Caller() caller: Principal, @Body() body: UnblockReceiverDto): Promise<UnblockedView> {
    const to = parseAddress(body.receiver);
    if (typeof to === 'string')
      throw new Problem('receiver.invalid_phone', { errors: [{ pointer: '#/receiver', code: to }] });
    const purpose = body.purpose ?? 'authentication';
    const failuresForgotten = await this.receivers.unblock(caller, to, purpose);
    return { purpose, failuresInARow: 0, failuresForgotten };
  }
}
