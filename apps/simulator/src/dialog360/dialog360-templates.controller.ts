// Owns /v1/configs/templates: Graph's templates in 360dialog's list, with offset paging
// and states in lower case.

import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { createHash } from 'node:crypto';
import { isObject } from '../graph/graph-params.js';
import { TemplateStore } from '../graph/template-store.js';
import type { Template } from '../graph/template.js';
import { TemplatesService } from '../graph/templates.service.js';
import { Dialog360ErrorFilter } from './dialog360-error.filter.js';
import { GatewayError } from './dialog360-errors.js';
import { Caller, Dialog360Guard } from './dialog360.guard.js';
import type { Dialog360Number } from './dialog360-keys.js';

const GRAPH_VERSION = 23;
const DEFAULT_LIMIT = 1_000;

@Controller('dialog360/v1/configs/templates')
@UseGuards(Dialog360Guard)
@UseFilters(Dialog360ErrorFilter)
export class Dialog360TemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly store: TemplateStore,
  ) {}

  @Post()
  @HttpCode(201)
  create(@Caller() { account }: Dialog360Number, @Body() body: unknown) {
    const { id, status, category } = this.templates.create(
      account,
      isObject(body) ? body : {},
      GRAPH_VERSION,
    );
    return { id, status, category };
  }

  @Get()
  list(@Caller() { account }: Dialog360Number, @Query() query: Record<string, unknown>) {
    const limit = readNumber(query.limit, 'limit', DEFAULT_LIMIT);
    const offset = readNumber(query.offset, 'offset', 0);
    const filters = readFilters(query.filters);
    const sort = typeof query.sort === 'string' ? query.sort.split(',') : ['business_templates.name'];
    const found = this.store
      .ofAccount(account.wabaId)
      .map((template) => rowOf(template, account.namespace))
      .filter((row) => Object.entries(filters).every(([name, value]) => row[name] === value))
      .sort((left, right) => String(left.name).localeCompare(String(right.name)));
    const rows = found.slice(offset, offset + limit);
    return { count: rows.length, total: found.length, limit, offset, sort, filters, waba_templates: rows };
  }

  /** All languages of the name. */
  @Delete(':name')
  remove(@Caller() { account }: Dialog360Number, @Param('name') name: string) {
    if (this.store.languagesOf(account.wabaId, name).length === 0)
      throw new GatewayError(404, `template name=${name} was not found`);
    this.templates.remove(account, { name });
    return {
      meta: { developer_message: `template name=${name} was deleted`, http_code: 200, success: true },
    };
  }
}

function rowOf(template: Template, namespace: string): Record<string, unknown> {
  const status = template.status.toLowerCase();
  return {
    id: createHash('sha256').update(template.id).digest('base64url').slice(0, 22),
    external_id: template.id,
    name: template.name,
    namespace,
    language: template.language,
    category: template.category,
    components: template.components,
    status: status === 'pending' ? 'submitted' : status,
    rejected_reason: template.rejectedReason,
    waba_account_id: createHash('sha256').update(template.wabaId).digest('base64url').slice(0, 22),
    partner_id: 'simulator',
    quality_score: null,
    created_at: new Date(template.createdAt).toISOString(),
    modified_at: new Date(template.submittedAt).toISOString(),
    modified_by: { user_id: 'system', user_name: 'system' },
  };
}

function readNumber(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value);
  throw new GatewayError(400, `${name} must be a number`);
}

function readFilters(value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  try {
    const filters: unknown = JSON.parse(String(value));
    if (isObject(filters)) return filters;
  } catch {
    // no JSON, and told as such
  }
  throw new GatewayError(400, 'filters must be a JSON object');
}
