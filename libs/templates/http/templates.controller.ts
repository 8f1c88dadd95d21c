import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccountsService } from '#providers';
import { Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { EmptyDto } from '#platform/validation';
import { TemplatesService } from '../templates.service.js';
import { CreateTemplateDto, ListTemplatesDto, toTemplateView } from './template.dto.js';

@ApiTags('templates')
@ApiBearerAuth()
@Controller('v1/templates')
export class TemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly accounts: AccountsService,
  ) {}

  @Post()
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Submit an authentication template in one or more languages',
    description: 'Approval comes later, by webhook; `GET` shows it.',
  })
  async create(@Caller() caller: Principal, @Body() body: CreateTemplateDto): Promise<object> {
    const accountId = parseNative('account', body.account);
    if (!accountId) throw new Problem('account.not_found');
    const account = await this.accounts.get(caller.tenantId, accountId);
    return toTemplateView(await this.templates.create(caller.tenantId, account, body));
  }

  @Get()
  @RequireScope('templates:read')
  @ApiOperation({ summary: 'List templates, newest first' })
  async list(@Caller() caller: Principal, @Query() query: ListTemplatesDto): Promise<object> {
    return { items: (await this.templates.list(caller.tenantId, query)).map(toTemplateView) };
  }

  @Get(':id')
  @RequireScope('templates:read')
  @ApiOperation({ summary: 'Read a template with the status of each language' })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    return toTemplateView(await this.templates.get(caller.tenantId, readId(id)));
  }

  @Post(':id/sync')
  @HttpCode(200)
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Ask the provider for the status now',
    description: 'For a webhook that never came.',
  })
  async sync(@Caller() caller: Principal, @Param('id') id: string, @Body() _body: EmptyDto): Promise<object> {
    return toTemplateView(await this.templates.sync(caller.tenantId, readId(id)));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('templates:write')
  @ApiOperation({ summary: 'Delete a template here and at the provider' })
  async delete(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.templates.delete(caller.tenantId, readId(id));
  }
}

function readId(text: string): Identifier {
  const id = parseNative('template', text);
  if (!id) throw new Problem('template.not_found');
  return id;
}
