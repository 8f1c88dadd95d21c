import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Author, TenantEvents } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { renderNative } from '#platform/identifiers';
import { DEFAULT_PAGE, EmptyDto, PageDto } from '#platform/validation';
import { AccountsService, type LoadedAccount } from '../accounts.service.js';
import type { Finding } from '../message-provider.js';
import {
  CreateAccountDto,
  readAccountId,
  toAccountView,
  toEventView,
  UpdateAccountDto,
} from './account.dto.js';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('v1/accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly events: TenantEvents,
  ) {}

  @Post()
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Bring a provider account',
    description:
      'The answer holds the webhook URL and verify token to paste at the provider. Secrets are masked in every answer.',
  })
  async create(
    @Caller() caller: Principal,
    @By() by: Author,
    @Body() body: CreateAccountDto,
  ): Promise<object> {
    return this.view(await this.accounts.create(caller.tenantId, body, by));
  }

  @Get()
  @RequireScope('accounts:read')
  @ApiOperation({ summary: 'List the accounts' })
  async list(@Caller() caller: Principal): Promise<object> {
    return { items: (await this.accounts.list(caller.tenantId)).map((account) => this.view(account)) };
  }

  @Get(':id')
  @RequireScope('accounts:read')
  @ApiOperation({ summary: 'Read an account, secrets masked' })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    return this.view(await this.accounts.get(caller.tenantId, readAccountId(id)));
  }

  @Patch(':id')
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Change an account',
    description: 'Members of `config` that are left out keep their value.',
  })
  async update(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: UpdateAccountDto,
  ): Promise<object> {
    return this.view(await this.accounts.update(caller.tenantId, readAccountId(id), body, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('accounts:write')
  @ApiOperation({ summary: 'Delete an account that no template uses' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.accounts.delete(caller.tenantId, readAccountId(id), by);
  }

  @Post(':id/test')
  @HttpCode(200)
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Ask the provider about credentials, rights, expiry and senders',
    description: 'Names what is missing. Sends no message.',
  })
  async test(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<{ ok: boolean; findings: Finding[] }> {
    const findings = await this.accounts.diagnose(caller.tenantId, readAccountId(id));
    return { ok: findings.every((finding) => finding.ok), findings };
  }

  @Get(':id/events')
  @RequireScope('accounts:read')
  @ApiOperation({
    summary: 'List what happened to an account, newest first',
    description: 'Bans, restrictions, limits, a token that ends: as the provider told it.',
  })
  async listEvents(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() { limit = DEFAULT_PAGE, before }: PageDto,
  ): Promise<object> {
    const account = await this.accounts.get(caller.tenantId, readAccountId(id));
    const subject = renderNative('account', account.id);
    const events = await this.events.list(caller.tenantId, { subject, limit, before });
    return { items: events.map(toEventView) };
  }

  private view(account: LoadedAccount): object {
    return toAccountView(account, this.accounts);
  }
}
