/** Lets so many through at once, keeps so many waiting in the order they came, and turns the others away. */
export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** Undefined when there is no room left to wait; then `work` was not begun. */
  async pass<T>(work: () => Promise<T>): Promise<{ done: T } | undefined> {
    if (this.inside >= this.atOnce) {
      if (this.waiting.length >= this.mostWaiting) return undefined;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.inside++;
    }
    try {
      return { done: await work() };
    } finally {
      // The place goes to the next in line without being free in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.inside--;
    }
  }
}
