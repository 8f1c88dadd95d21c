// Owns Infobip's templates, by sender: their review, and the webhook that tells it.

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { Scheduler } from '../core/scheduler.js';
import { StateFile } from '../core/state-file.js';
import { objectId } from '../graph/graph-ids.js';
import { isTemplateLanguage } from '../graph/template-languages.js';
import {
  type Template,
  TEMPLATE_CATEGORIES,
  type TemplateCategory,
  type TemplateContent,
} from '../graph/template.js';
import { BodyReader, isMembers, type Members } from './body-reader.js';
import { infobipError } from './infobip-error.js';
import { InfobipHooks } from './infobip-hooks.js';
import { readStructure } from './template-structure.js';

/** Infobip’s tutorial writes this where a language stands. */
const COUNTRY_FOR_LANGUAGE = 'GB';

@Injectable()
export class InfobipTemplates implements OnApplicationBootstrap {
  private templates: Template[];

  constructor(
    private readonly hooks: InfobipHooks,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
    private readonly state: StateFile,
  ) {
    this.templates = state.read<Template[]>('infobip-templates') ?? [];
    state.register('infobip-templates', () => this.templates);
  }

  onApplicationBootstrap(): void {
    for (const template of this.templates) this.review(template);
  }

  ofSender(sender: string): Template[] {
    return this.templates.filter(({ wabaId }) => wabaId === sender);
  }

  /** `GB` is taken as `en_GB`, or as `en` where there is only that. */
  find(sender: string, name: string, language: string): Template | undefined {
    const wanted = language === COUNTRY_FOR_LANGUAGE ? ['en_GB', 'en'] : [language];
    const named = this.ofSender(sender).filter((template) => template.name === name);
    return wanted
      .map((code) => named.find((template) => template.language === code))
      .find((template) => template !== undefined);
  }

  create(sender: string, body: unknown): Template {
    const reader = new BodyReader('legacy');
    const draft = reader.members(body, 'body');
    const name = reader.text(draft.name, 'name', { max: 512, pattern: /^[a-z0-9_]+$/ });
    const language = reader.text(draft.language, 'language');
    if (language !== '' && !isTemplateLanguage(language)) reader.refuse('language', 'is not supported');
    const category = reader.oneOf(draft.category, 'category', TEMPLATE_CATEGORIES) as TemplateCategory;
    const content = readStructure(reader, draft.structure, category, language);
    const ttlSeconds = readValidity(reader, draft);
    reader.finish();
    const taken = this.ofSender(sender).some(
      (template) => template.name === name && template.language === language,
    );
    if (taken) throw infobipError(409, 'legacy');
    const now = this.clock.now();
    const template: Template = {
      id: objectId(),
      wabaId: sender,
      name,
      language,
      category,
      status: 'PENDING',
      ...content,
      ttlSeconds,
      rejectedReason: 'NONE',
      qualityScore: 'UNKNOWN',
      createdAt: now,
      submittedAt: now,
      wasApproved: false,
      edits: [],
      pauses: 0,
    };
    this.templates.push(template);
    this.review(template);
    return template;
  }

  /** What it says from now on; its review starts again. */
  edit(sender: string, id: string, body: unknown): Template {
    const template = this.one(sender, id);
    const reader = new BodyReader('legacy');
    const draft = reader.members(body, 'body');
    const content: TemplateContent =
      draft.structure === undefined
        ? template
        : readStructure(reader, draft.structure, template.category, template.language);
    const ttlSeconds = readValidity(reader, draft) ?? template.ttlSeconds;
    reader.finish();
    const { components, otp } = content;
    Object.assign(template, { components, otp, ttlSeconds, status: 'PENDING' });
    template.submittedAt = this.clock.now();
    this.review(template);
    return template;
  }

  /** By name all languages go, by id one. */
  delete(sender: string, idOrName: string): void {
    this.one(sender, idOrName);
    this.templates = this.templates.filter(
      ({ wabaId, id, name }) => wabaId !== sender || (id !== idOrName && name !== idOrName),
    );
    this.state.touch();
  }

  one(sender: string, idOrName: string): Template {
    const found = this.ofSender(sender).find(({ id, name }) => id === idOrName || name === idOrName);
    if (!found) throw infobipError(404, 'legacy');
    return found;
  }

  private review(template: Template): void {
    this.state.touch();
    const { approval, approveAfterMs } = this.behavior.current;
    if (template.status !== 'PENDING' || approval === 'hold') return;
    const { submittedAt } = template;
    const decide = (): void => {
      const current = this.templates.includes(template) && template.submittedAt === submittedAt;
      if (current && template.status === 'PENDING') this.decide(template);
    };
    const waitMs = submittedAt + approveAfterMs - this.clock.now();
    if (waitMs <= 0) decide();
    else this.scheduler.after(waitMs, decide);
  }

  private decide(template: Template): void {
    const { approval, rejectReason } = this.behavior.current;
    if (approval === 'hold') return;
    const rejected = approval === 'reject';
    template.status = rejected ? 'REJECTED' : 'APPROVED';
    template.rejectedReason = rejected ? rejectReason : 'NONE';
    this.state.touch();
    this.hooks.templateNews({
      messageTemplateId: template.id,
      messageTemplateName: template.name,
      messageTemplateLanguage: template.language,
      timestamp: this.hooks.date(),
      change: {
        type: 'TEMPLATE_STATUS_UPDATE',
        newStatus: template.status,
        reason: template.rejectedReason,
      },
    });
  }
}

function readValidity(reader: BodyReader, { validityPeriod }: Members): number | undefined {
  if (!isMembers(validityPeriod)) return undefined;
  const unit = reader.oneOf(validityPeriod.timeUnit, 'validityPeriod.timeUnit', ['SECONDS', 'MINUTES']);
  const amount = reader.integer(validityPeriod.amount, 'validityPeriod.amount', 1, 86_400);
  return unit === 'MINUTES' ? amount * 60 : amount;
}
