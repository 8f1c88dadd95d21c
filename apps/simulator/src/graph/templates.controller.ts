// Owns the routes of a WABA's templates.

import { Controller, Delete, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { type GraphParams, Params } from './graph-params.js';
import { templatePreviews } from './template-previews.js';
import { TemplateStore } from './template-store.js';
import { templateList } from './template-view.js';
import { TemplatesService } from './templates.service.js';

@Controller(':version/:object')
@UseGuards(GraphGuard)
export class TemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly store: TemplateStore,
  ) {}

  @Post('message_templates')
  @HttpCode(200)
  create(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    const template = this.templates.create(caller.account(id), params, caller.version);
    return { id: template.id, status: template.status, category: template.category };
  }

  @Post('upsert_message_templates')
  @HttpCode(200)
  upsert(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    const templates = this.templates.upsert(caller.account(id), params, caller.version);
    return {
      data: templates.map((template) => ({
        id: template.id,
        status: template.status,
        language: template.language,
      })),
    };
  }

  @Get('message_templates')
  list(
    @Caller() caller: GraphCaller,
    @Param('object') id: string,
    @Params() params: GraphParams,
    @Req() request: FastifyRequest,
  ) {
    const { wabaId } = caller.account(id);
    return templateList(this.store.ofAccount(wabaId), params, requestUrl(request));
  }

  @Delete('message_templates')
  remove(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    this.templates.remove(caller.account(id), params);
    return { success: true };
  }

  @Get('message_template_previews')
  previews(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    caller.account(id);
    return { data: templatePreviews(params) };
  }

  @Post('unpause')
  @HttpCode(200)
  unpause(@Caller() caller: GraphCaller, @Param('object') id: string) {
    this.templates.unpause(this.templates.visible(caller, id) ?? caller.refuse(id));
    return { success: true };
  }
}

function requestUrl(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}${request.url}`;
}
