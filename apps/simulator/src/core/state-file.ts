// Owns the file that lets a restart go unnoticed: sections register a snapshot,
// changes are written together a moment later and at shutdown, by rename, so that
// a killed process leaves either the old file or the new one. Mode 0600: it holds
// tokens.

import { readFileSync, renameSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SimulatorConfig } from '../simulator.config.js';

const WRITE_DELAY_MS = 500;
const FORMAT = 1;

@Injectable()
export class StateFile implements OnApplicationShutdown {
  private readonly logger = new Logger('StateFile');
  private readonly path: string | undefined;
  private readonly loaded: Record<string, unknown>;
  private readonly snapshots = new Map<string, () => unknown>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private dirty = false;

  constructor(config: SimulatorConfig) {
    this.path = config.stateFile;
    this.loaded = this.path ? this.load(this.path) : {};
  }

  /** What the section held when the last process stopped. */
  read<T>(section: string): T | undefined {
    return this.loaded[section] as T | undefined;
  }

  register<T>(section: string, snapshot: () => T): void {
    this.snapshots.set(section, snapshot);
  }

  /** Something changed; a later moment writes it. */
  touch(): void {
    this.dirty = true;
    if (!this.path || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, WRITE_DELAY_MS);
  }

  /** Last in Nest's order, after the server has stopped taking requests. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
  }

  private flush(): Promise<void> {
    if (!this.path || !this.dirty) return this.writing;
    this.dirty = false;
    const path = this.path;
    const sections = [...this.snapshots].map(([name, snapshot]) => [name, snapshot()] as const);
    const text = JSON.stringify({ format: FORMAT, ...Object.fromEntries(sections) });
    // Chained, so that two writes never share the temporary file.
    this.writing = this.writing
      .then(() => write(path, text))
      .catch((error: unknown) => {
        this.dirty = true;
        this.logger.error(`state not written: ${error instanceof Error ? error.message : String(error)}`);
      });
    return this.writing;
  }

  private load(path: string): Record<string, unknown> {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return {};
    }
    try {
      const state = JSON.parse(text) as Record<string, unknown>;
      if (state.format === FORMAT) return state;
    } catch {
      // falls through: kept aside, so that a start never destroys what it cannot read
    }
    renameSync(path, `${path}.unreadable`);
    this.logger.warn('the state file was not readable; set aside as .unreadable');
    return {};
  }
}

async function write(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
