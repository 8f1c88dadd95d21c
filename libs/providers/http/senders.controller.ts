import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Author, TenantEvents } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Clock } from '#platform/clock';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import { DEFAULT_PAGE, EmptyDto, PageDto } from '#platform/validation';
import { SendersService } from '../senders.service.js';
import { readAccountId, toEventView } from './account.dto.js';
import {
  ListSendersDto,
  RegisterDto,
  RequestCodeDto,
  SetPinDto,
  toNumberView,
  toSenderView,
  VerifyCodeDto,
} from './sender.dto.js';

@ApiTags('senders')
@ApiBearerAuth()
@Controller('v1/senders')
export class SendersController {
  constructor(
    private readonly senders: SendersService,
    private readonly events: TenantEvents,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequireScope('accounts:read')
  @ApiOperation({
    summary: 'List the senders as last seen',
    description: 'With `account` its provider is asked, and numbers that are no senders are told too.',
  })
  async list(@Caller() { tenantId }: Principal, @Query() { account }: ListSendersDto): Promise<object> {
    const now = this.clock.now();
    if (account === undefined) {
      const senders = await this.senders.list(tenantId);
      return { items: senders.map((state) => toSenderView(state, now)) };
    }
    const { senders, others } = await this.senders.listNumbers(tenantId, readAccountId(account));
    return {
      items: senders.map((state) => toSenderView(state, now)),
      others: others.map(toNumberView),
    };
  }

  @Get(':id')
  @RequireScope('accounts:read')
  @ApiOperation({
    summary: 'Read a sender, and what is missing before it can be used',
    description:
      'Asks the provider. `missing` is in the order in which things have to be done; `unknown` is what the provider did not say.',
  })
  get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    return this.view(caller, readId(id));
  }

  @Put(':id/pin')
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Set or change the two-step PIN of a number',
    description: 'It is sealed and never shown. There is no way to take it away.',
  })
  async setPin(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: SetPinDto,
  ): Promise<object> {
    await this.senders.setPin(caller.tenantId, readId(id), body, by);
    return this.view(caller, readId(id));
  }

  /** Clients that look for it are told why there is no such call, and where a forgotten PIN is changed. */
  @Delete(':id/pin')
  @RequireScope('accounts:write')
  @ApiExcludeEndpoint()
  deletePin(): never {
    throw new Problem('sender.pin_permanent', {
      detail:
        'Set another one with PUT. A forgotten PIN is changed in WhatsApp Manager: the number, Settings, Two-step verification, Change PIN; an e-mail address added there helps to recover it.',
      headers: { allow: 'PUT' },
    });
  }

  @Post(':id/request-code')
  @HttpCode(200)
  @RequireScope('accounts:write')
  @ApiOperation({ summary: 'Have the provider send a code to the number, which proves that it is yours' })
  async requestCode(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: RequestCodeDto,
  ): Promise<object> {
    await this.senders.requestCode(caller.tenantId, readId(id), body, by);
    return this.view(caller, readId(id));
  }

  @Post(':id/verify-code')
  @HttpCode(200)
  @RequireScope('accounts:write')
  @ApiOperation({ summary: 'Answer with the code that came to the number' })
  async verifyCode(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() { code }: VerifyCodeDto,
  ): Promise<object> {
    await this.senders.verifyCode(caller.tenantId, readId(id), code, by);
    return this.view(caller, readId(id));
  }

  @Post(':id/register')
  @HttpCode(200)
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Register the number for sending',
    description:
      'Ten calls of register and deregister in 72 hours; the eleventh is refused before it is made.',
  })
  async register(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() { pin }: RegisterDto,
  ): Promise<object> {
    await this.senders.register(caller.tenantId, readId(id), pin, by);
    return this.view(caller, readId(id));
  }

  @Post(':id/deregister')
  @HttpCode(200)
  @RequireScope('accounts:write')
  @ApiOperation({ summary: 'Take the number off the provider: nothing can be sent from it any more' })
  async deregister(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<object> {
    await this.senders.deregister(caller.tenantId, readId(id), by);
    return this.view(caller, readId(id));
  }

  @Get(':id/events')
  @RequireScope('accounts:read')
  @ApiOperation({ summary: 'List what happened to a sender, newest first' })
  async listEvents(
    @Caller() { tenantId }: Principal,
    @Param('id') id: string,
    @Query() { limit = DEFAULT_PAGE, before }: PageDto,
  ): Promise<object> {
    const { sender } = await this.senders.find(tenantId, readId(id));
    const subject = renderNative('sender', sender.id);
    const events = await this.events.list(tenantId, { subject, limit, before });
    return { items: events.map(toEventView) };
  }

  private async view({ tenantId }: Principal, id: Identifier): Promise<object> {
    return toSenderView(await this.senders.get(tenantId, id), this.clock.now());
  }
}

function readId(text: string): Identifier {
  const id = parseNative('sender', text);
  if (!id) throw new Problem('sender.not_found');
  return id;
}
