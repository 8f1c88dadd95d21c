// Owns the templates by id and by (WABA, name, language), and the locks that a
// deleted name leaves behind.

import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { StateFile } from '../core/state-file.js';
import type { Template } from './template.js';

interface PersistedTemplates {
  templates: Template[];
  locks: [string, number][];
}

/** The name of a template that was never approved comes free after a minute. */
const SHORT_LOCK_MS = 60_000;

@Injectable()
export class TemplateStore {
  private readonly byId = new Map<string, Template>();
  private readonly byKey = new Map<string, Template>();
  private readonly locks = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly behavior: BehaviorSwitch,
    private readonly state: StateFile,
  ) {
    const saved = state.read<PersistedTemplates>('templates');
    for (const template of saved?.templates ?? []) this.put(template);
    for (const [key, until] of saved?.locks ?? []) this.locks.set(key, until);
    state.register<PersistedTemplates>('templates', () => ({
      templates: this.all(),
      locks: [...this.locks],
    }));
  }

  all(): Template[] {
    return [...this.byId.values()];
  }

  /** Newest first, as Graph lists them. */
  ofAccount(wabaId: string): Template[] {
    return this.all()
      .filter((template) => template.wabaId === wabaId)
      .reverse();
  }

  get(id: string): Template | undefined {
    return this.byId.get(id);
  }

  find(wabaId: string, name: string, language: string): Template | undefined {
    return this.byKey.get(keyOf(wabaId, name, language));
  }

  languagesOf(wabaId: string, name: string): Template[] {
    return this.all().filter((template) => template.wabaId === wabaId && template.name === name);
  }

  put(template: Template): void {
    this.byId.set(template.id, template);
    this.byKey.set(keyOf(template.wabaId, template.name, template.language), template);
    this.state.touch();
  }

  /** A deletion by name locks the name; one by id locks that language of it. */
  remove(template: Template, lockWholeName: boolean): void {
    this.byId.delete(template.id);
    this.byKey.delete(keyOf(template.wabaId, template.name, template.language));
    const lockMs = template.wasApproved
      ? this.behavior.current.deletedNameLockMs
      : Math.min(SHORT_LOCK_MS, this.behavior.current.deletedNameLockMs);
    const key = keyOf(template.wabaId, template.name, lockWholeName ? '' : template.language);
    this.locks.set(key, Math.max(this.locks.get(key) ?? 0, this.clock.now() + lockMs));
    this.state.touch();
  }

  isLocked(wabaId: string, name: string, language: string): boolean {
    const now = this.clock.now();
    return ['', language].some((part) => (this.locks.get(keyOf(wabaId, name, part)) ?? 0) > now);
  }

  /** For tests: every template and every lock, or those of one account. */
  clear(wabaId?: string): void {
    for (const template of this.all()) {
      if (wabaId !== undefined && template.wabaId !== wabaId) continue;
      this.byId.delete(template.id);
      this.byKey.delete(keyOf(template.wabaId, template.name, template.language));
    }
    for (const key of [...this.locks.keys()]) {
      if (wabaId === undefined || key.startsWith(`${wabaId}|`)) this.locks.delete(key);
    }
    this.state.touch();
  }
}

function keyOf(wabaId: string, name: string, language: string): string {
  return `${wabaId}|${name}|${language}`;
}
