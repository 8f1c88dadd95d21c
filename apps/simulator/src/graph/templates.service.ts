// Owns the life of templates as Graph offers it: create, many languages at once,
// edit, delete. Reviews and webhooks are template-review.ts's.

import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import type { Account } from './graph-accounts.js';
import type { GraphCaller } from './graph-caller.js';
import { messagingError, parameterError, templateError, unknownObject } from './graph-error.js';
import { objectId } from './graph-ids.js';
import { type GraphParams, jsonParam, textParam } from './graph-params.js';
import {
  readCategory,
  readContent,
  readCreation,
  readTtl,
  readUpsert,
  type TemplateRequest,
} from './template-request.js';
import { TemplateReview } from './template-review.js';
import { TemplateStore } from './template-store.js';
import type { Template } from './template.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EDITABLE = ['APPROVED', 'REJECTED', 'PAUSED'];
const MAX_IDS_PER_DELETION = 100;

@Injectable()
export class TemplatesService {
  private readonly creations = new Map<string, number[]>();

  constructor(
    private readonly store: TemplateStore,
    private readonly review: TemplateReview,
    private readonly behavior: BehaviorSwitch,
    private readonly clock: Clock,
  ) {}

  create(account: Account, params: GraphParams, version: number): Template {
    const request = readCreation(params, version);
    if (this.store.find(account.wabaId, request.name, request.language)) {
      throw templateError(
        'Content in This Language Already Exists',
        `There is already ${request.language} content for this template. You can create a new template and try again.`,
        2388024,
      );
    }
    this.requireFreeName(account, request);
    this.requireRoom(account, 1);
    return this.add(account, request);
  }

  /** Existing languages are updated, missing ones created; one wrong part fails the whole call. */
  upsert(account: Account, params: GraphParams, version: number): Template[] {
    const requests = readUpsert(params, version);
    const fresh = requests.filter(({ name, language }) => !this.store.find(account.wabaId, name, language));
    for (const request of fresh) this.requireFreeName(account, request);
    this.requireRoom(account, fresh.length);
    return requests.map((request) => {
      const known = this.store.find(account.wabaId, request.name, request.language);
      return known ? this.replace(known, request) : this.add(account, request);
    });
  }

  edit(template: Template, params: GraphParams, version: number): void {
    if (!EDITABLE.includes(template.status)) {
      throw templateError(
        "Template can't be edited",
        `A template can not be edited while it is ${template.status}.`,
      );
    }
    const category = params.category === undefined ? template.category : readCategory(params);
    if (category !== template.category && template.status === 'APPROVED') {
      throw templateError(
        "Category can't be changed",
        'The category of an approved template can not be changed.',
      );
    }
    const components = jsonParam(params, 'components');
    const ttlSeconds = readTtl(params, category) ?? template.ttlSeconds;
    if (components === undefined && category !== template.category) {
      throw parameterError('The parameter components is required.');
    }
    const content =
      components === undefined ? {} : readContent(components, category, template.language, version);
    this.countEdit(template);
    Object.assign(template, content, { category, ttlSeconds });
    this.review.submit(template);
  }

  unpause(template: Template): void {
    if (template.status !== 'PAUSED') {
      throw templateError("Template can't be unpaused", 'Only a paused template can be unpaused.');
    }
    this.review.approve(template);
  }

  /** By name (all languages), by hsm_id and name (one), or by hsm_ids (all or none). */
  remove(account: Account, params: GraphParams): void {
    const name = textParam(params, 'name');
    const id = textParam(params, 'hsm_id');
    const ids = jsonParam(params, 'hsm_ids');
    if (ids !== undefined) {
      if (name !== undefined || id !== undefined)
        throw parameterError('hsm_ids can not be used with name or hsm_id');
      this.removeAll(this.byIds(account, ids), false);
      return;
    }
    if (name === undefined) throw parameterError('The parameter name is required.');
    const named = this.store.languagesOf(account.wabaId, name);
    const chosen = id === undefined ? named : named.filter((template) => template.id === id);
    if (chosen.length === 0) {
      throw templateError(
        'Message template not found',
        `No message template exists with the name ${name}.`,
        2593002,
      );
    }
    this.removeAll(chosen, id === undefined);
  }

  visible(caller: GraphCaller, id: string): Template | undefined {
    const template = this.store.get(id);
    return template && caller.sees(template.wabaId) ? template : undefined;
  }

  private add(account: Account, request: TemplateRequest): Template {
    const now = this.clock.now();
    this.countCreation(account, now);
    const template: Template = {
      id: objectId(),
      wabaId: account.wabaId,
      status: 'PENDING',
      rejectedReason: 'NONE',
      qualityScore: 'UNKNOWN',
      createdAt: now,
      submittedAt: now,
      wasApproved: false,
      edits: [],
      pauses: 0,
      ...request,
    };
    this.review.submit(template);
    return template;
  }

  private replace(template: Template, request: TemplateRequest): Template {
    const { components, otp, ttlSeconds } = request;
    const before = JSON.stringify([template.components, template.otp, template.ttlSeconds]);
    // The same content again is not a change and needs no review.
    if (before === JSON.stringify([components, otp, ttlSeconds])) return template;
    Object.assign(template, { components, otp, ttlSeconds });
    this.review.submit(template);
    return template;
  }

  private requireFreeName(account: Account, { name, language }: TemplateRequest): void {
    if (!this.store.isLocked(account.wabaId, name, language)) return;
    throw templateError(
      'Message template language is being deleted',
      `New ${language} content can't be added while the existing ${language} content is being deleted. Try again in 4 weeks or consider creating a new message template.`,
      2388023,
    );
  }

  private requireRoom(account: Account, wanted: number): void {
    if (this.store.ofAccount(account.wabaId).length + wanted <= account.templateLimit) return;
    throw templateError(
      'Message template limit exceeded',
      `This WhatsApp Business account can have at most ${account.templateLimit} message templates.`,
      2388019,
    );
  }

  private countCreation(account: Account, now: number): void {
    const { templatesPerHour } = this.behavior.current.rates;
    if (templatesPerHour === 0) return;
    const recent = (this.creations.get(account.wabaId) ?? []).filter((at) => at > now - HOUR_MS);
    if (recent.length >= templatesPerHour)
      throw messagingError(80008, 'Too many message templates were created in the last hour.');
    this.creations.set(account.wabaId, [...recent, now]);
  }

  /** An approved template: one edit in 24 hours and ten in 30 days. Others: as many as wanted. */
  private countEdit(template: Template): void {
    if (template.status !== 'APPROVED') return;
    const now = this.clock.now();
    template.edits = template.edits.filter((at) => at > now - 30 * DAY_MS);
    if (template.edits.some((at) => at > now - DAY_MS) || template.edits.length >= 10) {
      throw templateError(
        "Template can't be edited",
        'An approved template can be edited once in 24 hours and 10 times in 30 days.',
      );
    }
    template.edits.push(now);
  }

  private byIds(account: Account, ids: unknown): Template[] {
    if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_IDS_PER_DELETION) {
      throw parameterError(`Param hsm_ids must be an array of 1 to ${MAX_IDS_PER_DELETION} ids`);
    }
    return ids.map((id: unknown) => {
      const template = this.store.get(String(id));
      if (template?.wabaId !== account.wabaId) throw unknownObject('DELETE', String(id));
      return template;
    });
  }

  private removeAll(templates: Template[], byName: boolean): void {
    if (templates.some(({ status }) => status === 'DISABLED')) {
      throw templateError("Template can't be deleted", 'A disabled template can not be deleted.');
    }
    for (const template of templates) {
      this.store.remove(template, byName);
      this.review.deleted(template);
    }
  }
}
