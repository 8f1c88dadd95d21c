// Small programs that a process runs before its own: faults of the machine that no signal and no socket can bring.
const load = (program: string, ...options: string[]): Record<string, string> => ({
  NODE_OPTIONS: [...options, `--import data:text/javascript,${encodeURIComponent(program)}`].join(' '),
});

/** The wall clock of this one process is wrong by so much. */
export function withWrongClock(ms: number): Record<string, string> {
  return load(`
    const now = Date.now;
    const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...args) { args.length === 0 ? super(now() + ${ms}) : super(...args); }
      static now() { return now() + ${ms}; }
    };
  `);
}

/** On SIGUSR2 the event loop does nothing else for so long. */
export function withBlockOnSignal(ms: number): Record<string, string> {
  return load(`
    process.on('SIGUSR2', () => {
      const end = performance.now() + ${ms};
      while (performance.now() < end);
    });
  `);
}

/** So much heap and no more; on SIGUSR2 all of it is used up. */
export function withLittleMemory(megabytes: number): Record<string, string> {
  return load(
    `process.on('SIGUSR2', () => {
      const kept = [];
      for (;;) kept.push(new Array(10_000).fill({}));
    });`,
    `--max-old-space-size=${megabytes}`,
  );
}
