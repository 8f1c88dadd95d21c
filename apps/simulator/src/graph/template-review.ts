// Owns a template's status: what the review decides, when, and the webhook that
// says so. Only here does a status change after creation.

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { Scheduler } from '../core/scheduler.js';
import { GraphWebhooks, type TemplateNews } from './graph-webhooks.js';
import { TemplateStore } from './template-store.js';
import type { Template, TemplateStatus } from './template.js';

const PAUSE_LADDER = [
  {
    title: 'FIRST_PAUSE',
    description: 'Your WhatsApp message template has been paused for 3 hours due to low quality.',
  },
  {
    title: 'SECOND_PAUSE',
    description: 'Your WhatsApp message template has been paused for 6 hours due to low quality.',
  },
] as const;

@Injectable()
export class TemplateReview implements OnApplicationBootstrap {
  constructor(
    private readonly store: TemplateStore,
    private readonly behavior: BehaviorSwitch,
    private readonly clock: Clock,
    private readonly scheduler: Scheduler,
    private readonly webhooks: GraphWebhooks,
  ) {
    behavior.onChange(() => this.resumeAll());
  }

  /** Templates that were waiting when the last process stopped. */
  onApplicationBootstrap(): void {
    this.resumeAll();
  }

  submit(template: Template): void {
    template.submittedAt = this.clock.now();
    template.status = 'PENDING';
    template.rejectedReason = 'NONE';
    this.store.put(template);
    this.resume(template);
  }

  approve(template: Template): void {
    template.wasApproved = true;
    template.rejectedReason = 'NONE';
    const info =
      template.status === 'PAUSED'
        ? { other_info: { title: 'UNPAUSE', description: 'Your template is active again.' } }
        : {};
    this.set(template, 'APPROVED', info);
  }

  reject(template: Template, reason: string): void {
    template.rejectedReason = reason;
    const info = {
      reason: 'The template does not follow the format rules.',
      recommendation: 'Correct the format and submit it again.',
    };
    this.set(template, 'REJECTED', { reason, ...(reason === 'INVALID_FORMAT' && { rejection_info: info }) });
  }

  /** Three hours, six hours, disabled; here a pause lasts until someone lifts it. */
  pause(template: Template, reason?: string): void {
    const step = PAUSE_LADDER[template.pauses];
    template.pauses += 1;
    if (!step) {
      const date = this.clock.iso().slice(0, 10);
      this.set(template, 'DISABLED', {
        disable_info: { disable_date: date },
        other_info: { title: 'DISABLED', description: reason ?? 'Low quality.' },
      });
      return;
    }
    this.set(template, 'PAUSED', {
      other_info: { title: step.title, description: reason ?? step.description },
    });
  }

  deleted(template: Template): void {
    this.webhooks.templateStatus(template, 'DELETED', {});
  }

  private resumeAll(): void {
    for (const template of this.store.all()) this.resume(template);
  }

  private resume(template: Template): void {
    const { approval, approveAfterMs } = this.behavior.current;
    if (template.status !== 'PENDING' || approval === 'hold') return;
    const { submittedAt } = template;
    const waitMs = submittedAt + approveAfterMs - this.clock.now();
    if (waitMs <= 0) return this.decide(template);
    this.scheduler.after(waitMs, () => {
      // The switch may have moved to hold, the template may be gone or submitted again.
      const current = this.store.get(template.id) === template && template.submittedAt === submittedAt;
      if (current && this.behavior.current.approval !== 'hold') this.decide(template);
    });
  }

  private decide(template: Template): void {
    if (template.status !== 'PENDING') return;
    if (this.behavior.current.approval === 'reject')
      this.reject(template, this.behavior.current.rejectReason);
    else this.approve(template);
  }

  private set(template: Template, status: TemplateStatus, news: TemplateNews): void {
    template.status = status;
    this.store.put(template);
    this.webhooks.templateStatus(template, status, news);
  }
}
