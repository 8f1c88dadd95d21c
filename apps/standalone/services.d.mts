export interface ServiceExit {
  name: string;
  code: number | null;
  signal: string | null;
  /** The last lines of the server's log. */
  log: string;
}

export interface Service {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Undefined while it is down, and for a server that was not started here. */
  readonly pid?: number;
  /** The way it was found: `path`, `apt`, `brew`, `docker`, `js-redis-server`, `embedded…` or `url`. */
  readonly via: string;
  /** True when it keeps nothing on disk. */
  readonly volatile: boolean;
  stop(): Promise<void>;
  /** SIGKILL by default. Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Same port, same data. `signal` ends the old process (default: in good order); `downMs` is the gap between. */
  restart(options?: { signal?: NodeJS.Signals; downMs?: number }): Promise<void>;
}

export interface ServiceOptions {
  /** Holds the data, the log and the record of the running process; remembered ports live here too. */
  dir: string;
  /** Address of a server of yours; default DATABASE_URL or REDIS_URL. `''` insists on an embedded one. */
  external?: string;
  /** Called when the server ends without having been told to. */
  onExit?: (exit: ServiceExit) => void;
}

export function startPostgres(options: ServiceOptions): Promise<Service>;
export function startRedis(options: ServiceOptions): Promise<Service>;

/** A process that a later one may safely end: its pid together with the moment of its birth. */
export interface ProcessIdentity {
  pid: number;
  stamp: string | undefined;
}
export function identify(pid: number): ProcessIdentity;
export function isAlive(identity: ProcessIdentity | undefined): boolean;

/** Ends the server that a dead launcher left in `dir`; without `force` it throws when that launcher still lives. */
export function reapOrphan(dir: string, options?: { force?: boolean }): Promise<unknown>;
