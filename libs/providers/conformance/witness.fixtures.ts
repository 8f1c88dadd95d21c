// Hears everything that leaves the process or comes back from an adapter, and knows what must not be in it.
import fs from 'node:fs';
import { inspect } from 'node:util';
import { expect, type MockInstance, vi } from 'vitest';
import { configureLogging } from '#platform/logging';

export class Witness {
  private readonly heard: string[] = [];
  private readonly spies: MockInstance[];

  constructor(private readonly secrets: readonly string[]) {
    configureLogging('debug', 'conformance');
    const listen = (...args: unknown[]): void => this.hear(args);
    // pino writes to its descriptor, past process.stdout.
    this.spies = [
      spy(fs, 'write', listen),
      spy(fs, 'writeSync', listen),
      spy(process.stdout, 'write', listen),
      spy(process.stderr, 'write', listen),
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((level) => spy(console, level, listen)),
    ];
  }

  hear(what: unknown): void {
    this.heard.push(typeof what === 'string' ? what : inspect(what, { depth: 8, maxStringLength: null }));
  }

  /** What an error tells by its text, its properties and what caused it. */
  hearError(error: unknown): void {
    this.hear(inspect(error, { depth: 8, showHidden: true, maxStringLength: null }));
  }

  expectNothingSecret(): void {
    const told = this.heard.join('\n');
    for (const secret of this.secrets) {
      const at = told.indexOf(secret);
      // The secret itself stays out of the failure too.
      const around = at < 0 ? '' : told.slice(Math.max(0, at - 120), at).replaceAll(secret, '…');
      expect(around, `secret number ${this.secrets.indexOf(secret)} was told, after this`).toBe('');
      expect(at).toBe(-1);
    }
  }

  /** It listens where this is said. */
  expectHeard(what: string): void {
    expect(this.heard.some((told) => told.includes(what))).toBe(true);
  }

  stop(): void {
    for (const each of this.spies) each.mockRestore();
    configureLogging('silent', 'conformance');
  }
}

function spy(target: object, method: string, listen: (...args: unknown[]) => void): MockInstance {
  type Methods = Record<string, (...args: unknown[]) => unknown>;
  const original = (target as Methods)[method]!;
  return vi.spyOn(target as Methods, method).mockImplementation((...args) => {
    listen(...args);
    return original.apply(target, args);
  });
}
