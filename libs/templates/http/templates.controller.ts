import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Author, TenantEvents } from '#journal';
import { AccountsService, type LoadedAccount } from '#providers';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import { DEFAULT_PAGE, EmptyDto, PageDto } from '#platform/validation';
import { readMetaTemplate } from '../meta-format.js';
import { PreviewsService } from '../previews.service.js';
import { SubmissionsService } from '../submissions.service.js';
import { TemplateSyncService } from '../sync.service.js';
import { TemplatesService } from '../templates.service.js';
import {
  AdoptTemplatesDto,
  CreateTemplateDto,
  EditTemplateDto,
  ImportQuery,
  ImportTemplateDto,
  ListTemplatesDto,
  PreviewQuery,
  PreviewTemplateDto,
} from './template.dto.js';
import { toAdoptionView, toTemplateEventView, toSavedView, toTemplateView } from './template.view.js';

@ApiTags('templates')
@ApiBearerAuth()
@Controller('v1/templates')
export class TemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly submissions: SubmissionsService,
    private readonly syncs: TemplateSyncService,
    private readonly previews: PreviewsService,
    private readonly accounts: AccountsService,
    private readonly tenantEvents: TenantEvents,
  ) {}

  @Post()
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Submit a template in one or more languages',
    description: 'Approval comes later, by webhook; `GET` shows it. Every rule is checked here first.',
  })
  async create(
    @Caller() caller: Principal,
    @By() by: Author,
    @Body() body: CreateTemplateDto,
  ): Promise<object> {
    const account = await this.account(caller, body.account);
    return toSavedView(await this.submissions.create(caller.tenantId, account, body, by));
  }

  @Post('import')
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Submit a template written as Meta and 360dialog write it',
    description: 'The body of their own creation call, one language. The same rules, the same answer.',
  })
  async import(
    @Caller() caller: Principal,
    @By() by: Author,
    @Query() query: ImportQuery,
    @Body() body: ImportTemplateDto,
  ): Promise<object> {
    const account = await this.account(caller, query.account);
    const { input, place } = readMetaTemplate(body);
    return toSavedView(await this.submissions.create(caller.tenantId, account, input, by, place));
  }

  @Post('sync')
  @HttpCode(200)
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Take over every template that exists at the provider',
    description: 'Also those that were made elsewhere: they are kept under the provider’s id of them.',
  })
  async adopt(
    @Caller() caller: Principal,
    @By() by: Author,
    @Body() body: AdoptTemplatesDto,
  ): Promise<object> {
    const account = await this.account(caller, body.account);
    return toAdoptionView(await this.syncs.adopt(caller.tenantId, account, by));
  }

  @Post('preview')
  @HttpCode(200)
  @RequireScope('templates:read')
  @ApiOperation({
    summary: 'Show how a template would read, in each language',
    description:
      'Nothing is submitted. `source` is `provider`, `preset` (from a table: the provider has the last word) or `content`.',
  })
  async preview(@Caller() caller: Principal, @Body() body: PreviewTemplateDto): Promise<object> {
    const account = await this.account(caller, body.account);
    return { items: await this.previews.ofInput(account, body) };
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

  @Get(':id/preview')
  @RequireScope('templates:read')
  @ApiOperation({ summary: 'Show how a template reads', description: 'In one language, or in all it has.' })
  async previewOf(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() { language }: PreviewQuery,
  ): Promise<object> {
    return { items: await this.previews.ofTemplate(caller.tenantId, readId(id), language) };
  }

  @Get(':id/events')
  @RequireScope('templates:read')
  @ApiOperation({
    summary: 'List what happened to a template, newest first',
    description: 'Approved, rejected, paused, disabled, deleted at the provider, quality, category.',
  })
  async listEvents(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() { limit = DEFAULT_PAGE, before }: PageDto,
  ): Promise<object> {
    const template = await this.templates.get(caller.tenantId, readId(id));
    const subject = renderNative('template', template.id);
    const found = await this.tenantEvents.list(caller.tenantId, { subject, limit, before });
    return { items: found.map(toTemplateEventView) };
  }

  @Post(':id/sync')
  @HttpCode(200)
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Ask the provider for the status now',
    description: 'For a webhook that never came.',
  })
  async sync(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<object> {
    return toTemplateView(await this.syncs.sync(caller.tenantId, readId(id), by));
  }

  @Patch(':id')
  @RequireScope('templates:write')
  @ApiOperation({
    summary: 'Change what a template says in some languages, or add languages',
    description: 'Each is reviewed again, and nothing is sent in it meanwhile.',
  })
  async edit(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: EditTemplateDto,
  ): Promise<object> {
    return toSavedView(await this.submissions.edit(caller.tenantId, readId(id), body.languages, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('templates:write')
  @ApiOperation({ summary: 'Delete a template here and at the provider' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.templates.delete(caller.tenantId, readId(id), by);
  }

  private async account({ tenantId }: Principal, text: string): Promise<LoadedAccount> {
    const id = parseNative('account', text);
    if (!id) throw new Problem('account.not_found');
    return this.accounts.get(tenantId, id);
  }
}

function readId(text: string): Identifier {
  const id = parseNative('template', text);
  if (!id) throw new Problem('template.not_found');
  return id;
}
