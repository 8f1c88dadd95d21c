/**
 * Does one round after another, with a pause in between that each round decides. There are never two at once, and one
 * that is under way at the end is waited for.
 */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private over = false;

  /** `round` answers after how many milliseconds the next one is due. What it throws is a bug: it ends the process. */
  constructor(private readonly round: () => Promise<number>) {}

  get stopped(): boolean {
    return this.over;
  }

  start(afterMs: number): void {
    if (this.over) return;
    this.timer = setTimeout(() => {
      this.running = this.round().then((pauseMs) => this.start(pauseMs));
    }, afterMs);
  }

  async stop(): Promise<void> {
    this.over = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
