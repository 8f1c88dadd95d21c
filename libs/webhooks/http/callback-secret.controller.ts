import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { WebhookSecrets } from '../outbound/webhook-secrets.js';
import { overlapMs, RotateSecretDto, toSecretView } from './webhook-endpoint.dto.js';

/** What the call-backs of all generators of a tenant are signed with. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/callback-secret')
export class CallbackSecretController {
  constructor(private readonly secrets: WebhookSecrets) {}

  @Get()
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Read the secret of the generators’ call-backs',
    description:
      'Made when it is first asked for. It can be read again, so the call needs the scope for writing.',
  })
  async get(@Caller() { tenantId }: Principal): Promise<object> {
    return toSecretView(await this.secrets.ofTenant(tenantId));
  }

  @Post('rotate')
  @HttpCode(200)
  @RequireScope('webhooks:write')
  @ApiOperation({
    summary: 'Sign call-backs with another secret',
    description: 'Until `previousUntil` each has both signatures.',
  })
  async rotate(
    @Caller() { tenantId }: Principal,
    @Body() body: RotateSecretDto,
    @By() by: Author,
  ): Promise<object> {
    await this.secrets.ofTenant(tenantId);
    return toSecretView(
      await this.secrets.rotate({ id: tenantId, tenantId }, body.secret, overlapMs(body), by),
    );
  }
}
