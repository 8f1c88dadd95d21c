import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { Config } from '#platform/config';
import { describeError, loggerFor } from '#platform/logging';

interface List {
  /** When the file was last changed, as read. */
  changed: number;
  version: Date | undefined;
  entries: ReadonlySet<string>;
}

const FILES = { domains: 'disposable-domains.txt', numbers: 'temporary-numbers.txt' } as const;
type Name = keyof typeof FILES;
const NAMES = Object.keys(FILES) as Name[];

const LOOK_EVERY_MS = 5_000;
const STALE_MS = 90 * 86_400_000;
const WARN_EVERY_MS = 86_400_000;
const VERSION_LINE = /^# version: (\d{4}-\d{2}-\d{2})$/m;

/**
 * Disposable e-mail domains and known temporary numbers (FR-08): one entry a line, `# version: 2026-11-01` on top,
 * in the folder LIMIT_LISTS. A file that changes is read again; one that cannot be read keeps what was read before.
 */
@Injectable()
export class ReceiverLists implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('receiver-lists');
  private readonly lists = new Map<Name, List>();
  private readonly warnedAt = new Map<Name, number>();
  private readonly broken = new Set<Name>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.limitLists === undefined) return;
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** True when a list that is configured could not be read: what it knows is missing (FR-17). */
  get failing(): boolean {
    return this.broken.size > 0;
  }

  /** The version of each list that is older than ninety days. */
  stale(): { list: string; version: string }[] {
    return NAMES.flatMap((name) => {
      const version = this.lists.get(name)?.version;
      return version && this.clock.now() - version.getTime() > STALE_MS
        ? [{ list: FILES[name], version: version.toISOString().slice(0, 10) }]
        : [];
    });
  }

  has(receiver: { canonical: string; domain?: string }): boolean {
    if (receiver.domain === undefined)
      return this.lists.get('numbers')?.entries.has(receiver.canonical) ?? false;
    const domains = this.lists.get('domains')?.entries;
    return domains !== undefined && parentsOf(receiver.domain).some((domain) => domains.has(domain));
  }

  /** Reads what changed since the last look. */
  async look(): Promise<void> {
    await Promise.all(NAMES.map((name) => this.lookAt(name)));
    for (const { list, version } of this.stale()) this.warn(list, version);
  }

  private async lookAt(name: Name): Promise<void> {
    const path = join(this.config.limitLists!, FILES[name]);
    try {
      const changed = (await stat(path)).mtimeMs;
      if (this.lists.get(name)?.changed !== changed)
        this.lists.set(name, parseList(await readFile(path, 'utf8'), changed));
      this.broken.delete(name);
    } catch (error) {
      if (!this.broken.has(name))
        this.logger.error(
          { list: FILES[name], error: describeError(error) },
          'list not read; limits are halved meanwhile',
        );
      this.broken.add(name);
    }
  }

  private warn(list: string, version: string): void {
    const name = NAMES.find((candidate) => FILES[candidate] === list)!;
    if (this.clock.now() - (this.warnedAt.get(name) ?? -Infinity) < WARN_EVERY_MS) return;
    this.warnedAt.set(name, this.clock.now());
    this.logger.warn({ list, version }, 'the list is older than ninety days');
  }
}

function parseList(text: string, changed: number): List {
  const version = VERSION_LINE.exec(text)?.[1];
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  return {
    changed,
    version: version === undefined ? undefined : new Date(version),
    entries: new Set(lines.filter((line) => line !== '' && !line.startsWith('#'))),
  };
}

/** A domain and those above it: mail.mailinator.com is mailinator.com's. */
function parentsOf(domain: string): string[] {
  const labels = domain.toLowerCase().split('.');
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join('.'));
}
