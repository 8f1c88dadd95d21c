import { escapePointer } from '#platform/validation';
import type { FieldError } from '#platform/errors';

/** Reads the members of an object that no class declares, and complains of those that are wrong or that nobody reads. */
export class MemberReader {
  private readonly members: Record<string, unknown>;
  private readonly read = new Set<string>();

  constructor(
    value: unknown,
    readonly pointer: string,
    private readonly errors: FieldError[],
  ) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.members = isObject ? (value as Record<string, unknown>) : {};
    if (!isObject) this.errors.push({ pointer, code: 'object_required' });
  }

  text(name: string): string | undefined {
    return this.typed(name, 'string_required', (value) => typeof value === 'string') as string | undefined;
  }

  flag(name: string): boolean | undefined {
    return this.typed(name, 'boolean_required', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  whole(name: string): number | undefined {
    return this.typed(name, 'integer_required', (value) => Number.isInteger(value)) as number | undefined;
  }

  list(name: string): unknown[] | undefined {
    return this.typed(name, 'array_required', (value) => Array.isArray(value)) as unknown[] | undefined;
  }

  texts(name: string): string[] | undefined {
    const all = (value: unknown): boolean =>
      Array.isArray(value) && value.every((item) => typeof item === 'string');
    return this.typed(name, 'array_required', all) as string[] | undefined;
  }

  /** A word of a list, in either case. */
  word<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    const found = words.find((word) => word === text?.toUpperCase());
    if (text !== undefined && found === undefined)
      this.complain(name, 'not_allowed', `${name} must be one of ${words.join(', ')}`);
    if (!this.has(name)) this.complain(name, 'required', `${name} is required`);
    return found;
  }

  object(name: string): MemberReader | undefined {
    this.read.add(name);
    return this.has(name) ? new MemberReader(this.members[name], this.at(name), this.errors) : undefined;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.members, name);
  }

  at(name: string): string {
    return `${this.pointer}/${name}`;
  }

  complain(name: string, code: string, detail?: string): void {
    this.errors.push({ pointer: this.at(name), code, ...(detail !== undefined && { detail }) });
  }

  /** To be called when everything that is known was read. */
  finish(): void {
    for (const name of Object.keys(this.members))
      if (!this.read.has(name)) this.complain(escapePointer(name), 'unknown_field');
  }

  private typed(name: string, code: string, fits: (value: unknown) => boolean): unknown {
    this.read.add(name);
    const value = this.has(name) ? this.members[name] : undefined;
    if (value === undefined || fits(value)) return value;
    this.complain(name, code);
    return undefined;
  }
}
