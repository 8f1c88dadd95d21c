// Owns the hand of the reviewer: approve, reject and pause by order of a test.

import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { digits, object, text } from '../core/shape.js';
import { TemplateReview } from '../graph/template-review.js';
import { TemplateStore } from '../graph/template-store.js';
import type { Template } from '../graph/template.js';
import { controlledTemplateView } from './control-views.js';

const readReason = object<{ reason?: string }>({ reason: text() });

@Controller('_sim/templates')
export class ControlTemplatesController {
  constructor(
    private readonly store: TemplateStore,
    private readonly review: TemplateReview,
  ) {}

  @Get()
  list() {
    return { templates: this.store.all().map(controlledTemplateView) };
  }

  /** Also the locks that deleted names leave behind. */
  @Delete()
  @HttpCode(204)
  clear(@Query('wabaId') wabaId?: string): void {
    this.store.clear(wabaId === undefined ? undefined : digits(wabaId, 'wabaId'));
  }

  @Post(':id/approve')
  @HttpCode(200)
  approve(@Param('id') id: string) {
    const template = this.find(id);
    this.review.approve(template);
    return controlledTemplateView(template);
  }

  @Post(':id/reject')
  @HttpCode(200)
  reject(@Param('id') id: string, @Body() body: unknown) {
    const template = this.find(id);
    this.review.reject(template, readReason(body ?? {}, '').reason ?? 'INVALID_FORMAT');
    return controlledTemplateView(template);
  }

  @Post(':id/pause')
  @HttpCode(200)
  pause(@Param('id') id: string, @Body() body: unknown) {
    const template = this.find(id);
    this.review.pause(template, readReason(body ?? {}, '').reason);
    return controlledTemplateView(template);
  }

  private find(id: string): Template {
    const template = this.store.get(id);
    if (!template) throw new NotFoundException('No such template');
    return template;
  }
}
