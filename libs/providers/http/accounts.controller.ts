import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal, RequireScope } from '#tenants';
import { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { EmptyDto } from '#platform/validation';
import { AccountsService, type LoadedAccount } from '../accounts.service.js';
import type { Finding } from '../message-provider.js';
import { CreateAccountDto, toAccountView, UpdateAccountDto } from './account.dto.js';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('v1/accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly config: Config,
  ) {}

  @Post()
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Bring a provider account',
    description:
      'The answer holds the webhook URL and verify token to paste at the provider. Secrets are masked in every answer.',
  })
  async create(@Caller() caller: Principal, @Body() body: CreateAccountDto): Promise<object> {
    return this.view(await this.accounts.create(caller.tenantId, body));
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
    return this.view(await this.accounts.get(caller.tenantId, readId(id)));
  }

  @Patch(':id')
  @RequireScope('accounts:write')
  @ApiOperation({
    summary: 'Change an account',
    description: 'Members of `config` that are left out keep their value.',
  })
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: UpdateAccountDto,
  ): Promise<object> {
    return this.view(await this.accounts.update(caller.tenantId, readId(id), body));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('accounts:write')
  @ApiOperation({ summary: 'Delete an account that no template uses' })
  async delete(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.accounts.delete(caller.tenantId, readId(id));
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
    const findings = await this.accounts.diagnose(caller.tenantId, readId(id));
    return { ok: findings.every((finding) => finding.ok), findings };
  }

  private view(account: LoadedAccount): object {
    return toAccountView(account, this.config.http.publicUrl, this.accounts.isSimulator(account));
  }
}

function readId(text: string): Identifier {
  const id = parseNative('account', text);
  if (!id) throw new Problem('account.not_found');
  return id;
}
