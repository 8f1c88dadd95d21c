import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { describeError, loggerFor } from '#platform/logging';
import { LuaScripts, RedisConnection } from '#platform/redis';

/** Kinds of administrative records that a send or a check needs. */
export type ConfigKind =
  | 'key'
  | 'tenant'
  | 'generator'
  | 'generator-version'
  | 'generator-number'
  | 'template'
  | 'account'
  | 'test-numbers'
  | 'limits'
  | 'switches';

/** A record at once, when memory holds it, or later; undefined when there is none. */
export type Loaded<T> = T | undefined | Promise<T | undefined>;

const POLL_MS = 1_000;
const VERSION_KEY = '{cfg}:version';
const CHANGED_KEY = '{cfg}:changed';
/** The change list keeps this many entries; a process that fell further behind forgets everything it holds. */
const CHANGES_KEPT = 1_000;
const MAX_CACHED = 100_000;

/**
 * What administration committed to PostgreSQL, as the hot path reads it: from memory, else from Redis.
 * A poll each second of one version number drops what changed, so nothing is stale for longer than
 * POLL_MS plus one command; when Redis is silent for longer, nothing can be sent or checked anyway.
 */
@Injectable()
export class PublishedConfig implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('published-config');
  private readonly scripts: LuaScripts<'publish-entry'>;
  private readonly cache = new Map<string, unknown>();
  private readonly dropListeners: ((kind: ConfigKind, id: string) => void)[] = [];
  private readonly forgetListeners: (() => void)[] = [];
  private version = -1;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly redis: RedisConnection) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['publish-entry']);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'version poll failed'),
      );
    }, POLL_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** True when nothing was ever published to this Redis: it is new, or was emptied. */
  async isEmpty(): Promise<boolean> {
    return (await this.redis.client.exists(VERSION_KEY)) === 0;
  }

  /**
   * The published record, read through memory. `build` turns the payload into what callers use (keys opened,
   * sets made) once, not at each request. Undefined when there is none; that is not remembered, but for `absent`,
   * which stands for none and is. What memory holds comes without a promise: four of them are read for each send.
   */
  get<T>(kind: ConfigKind, id: string, build: (payload: unknown) => T, absent?: T): Loaded<T> {
    const name = `${kind}:${id}`;
    return (this.cache.get(name) as T | undefined) ?? this.read(name, build, absent);
  }

  private async read<T>(
    name: string,
    build: (payload: unknown) => T,
    absent: T | undefined,
  ): Promise<T | undefined> {
    const versionBefore = this.version;
    const stored = await this.redis.client.get(`{cfg}:${name}`);
    const payload = stored?.slice(stored.indexOf('|') + 1);
    const built = payload ? build(JSON.parse(payload)) : absent;
    if (built === undefined) return undefined;
    // A change that arrived while we were reading must not be hidden by what we read before it.
    if (this.version === versionBefore) {
      if (this.cache.size >= MAX_CACHED) this.dropAll();
      this.cache.set(name, built);
    }
    return built;
  }

  /** What memory holds right now, without a look at Redis. */
  peek<T>(kind: ConfigKind, id: string): T | undefined {
    return this.cache.get(`${kind}:${id}`) as T | undefined;
  }

  /**
   * Puts one record where every process finds it; `payload` undefined withdraws it.
   * An older revision never replaces a newer one, so repeats and races are harmless.
   */
  async publish(
    kind: ConfigKind,
    id: string,
    revision: number,
    payload: object | undefined,
    lifeSeconds = 0,
  ): Promise<void> {
    await this.scripts.run(
      'publish-entry',
      [`{cfg}:${kind}:${id}`, VERSION_KEY, CHANGED_KEY],
      [`${kind}:${id}`, revision, payload ? JSON.stringify(payload) : '', lifeSeconds],
    );
    this.drop(`${kind}:${id}`);
  }

  /** Called with every record that left memory because it changed. */
  onDrop(listener: (kind: ConfigKind, id: string) => void): void {
    this.dropListeners.push(listener);
  }

  /** Called when anything may have changed: Redis was emptied, or more happened than its list of changes holds. */
  onForget(listener: () => void): void {
    this.forgetListeners.push(listener);
  }

  /** Looks at the version once; drops what changed since. */
  async refresh(): Promise<void> {
    const found = Number((await this.redis.client.get(VERSION_KEY)) ?? 0);
    if (found === this.version) return;
    const behind = found - this.version;
    if (this.version < 0 || behind < 0 || behind >= CHANGES_KEPT) {
      this.dropAll();
    } else {
      for (const name of await this.redis.client.zrangebyscore(CHANGED_KEY, `(${this.version}`, '+inf'))
        this.drop(name);
    }
    this.version = found;
  }

  private drop(name: string): void {
    this.cache.delete(name);
    const colon = name.indexOf(':');
    for (const listener of this.dropListeners)
      listener(name.slice(0, colon) as ConfigKind, name.slice(colon + 1));
  }

  private dropAll(): void {
    for (const name of [...this.cache.keys()]) this.drop(name);
    for (const listener of this.forgetListeners) listener();
  }
}
