import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { AccountsService, type LoadedAccount } from '#providers';
import { SubmissionsService, TemplatesService } from '#templates';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Clock } from '#platform/clock';
import { Problem } from '#platform/errors';
import { type Envelope, envelope } from './envelope.js';
import {
  CreateMessangiTemplateDto,
  readOwner,
  TemplateOwnerQuery,
  toCreatedData,
  toLanguages,
  toListedData,
} from './messangi-template.dto.js';

@ApiTags('dialect: Messangi')
@ApiBearerAuth()
@Controller(['balerion/v2/whatsapp/templates', 'v2/whatsapp/templates', 'whatsapp/templates'])
export class MessangiTemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly submissions: SubmissionsService,
    private readonly accounts: AccountsService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Create a WhatsApp authentication template',
    description:
      'data.templateLanguages[].id is the templateId of a generator. It cannot be sent with before it is approved.',
  })
  async create(
    @Caller() caller: Principal,
    @By() by: Author,
    @Query() query: TemplateOwnerQuery,
    @Body() body: CreateMessangiTemplateDto,
  ): Promise<Envelope> {
    const account = await this.find(caller, query);
    const template = await this.submissions.create(
      caller.tenantId,
      account,
      { name: body.name, category: body.category, languages: toLanguages(body) },
      by,
      (index, member) => `#/templateLanguages/${index}/${member}`,
    );
    return envelope(this.clock.now(), toCreatedData(template, wabaOf(account), body));
  }

  @Get()
  @RequireScope('templates:read')
  @ApiOperation({
    summary: 'List templates with their approval status',
    description:
      'Not in the documented API, which gives no way to see an approval. Authentication templates only: the dialect knows no others.',
  })
  async list(@Caller() caller: Principal, @Query() query: TemplateOwnerQuery): Promise<Envelope> {
    const account = await this.find(caller, query);
    const found = await this.templates.list(caller.tenantId, {
      accountId: account.id,
      category: 'AUTHENTICATION',
      ...(query.name !== undefined && { name: query.name }),
    });
    return envelope(
      this.clock.now(),
      found.map((template) => toListedData(template, wabaOf(account))),
    );
  }

  private async find(caller: Principal, query: TemplateOwnerQuery): Promise<LoadedAccount> {
    const account = await this.accounts.find(caller.tenantId, readOwner(query));
    if (!account) throw new Problem('account.not_found');
    return account;
  }
}

function wabaOf(account: LoadedAccount): string {
  return String((account.config as { wabaId?: unknown }).wabaId ?? '');
}
