/** Shares so many places among those inside, keeps so many waiting in the order they came, and turns others away. */
export class Turnstile {
  private taken = 0;
  private readonly waiting: { places: number; enter: () => void }[] = [];

  constructor(
    private readonly places: number,
    private readonly mostWaiting: number,
  ) {}

  /** Undefined when there is no room left to wait; then `work` was not begun. */
  async pass<T>(places: number, work: () => Promise<T>): Promise<{ done: T } | undefined> {
    if (this.waiting.length > 0 || this.taken + places > this.places) {
      if (this.waiting.length >= this.mostWaiting) return undefined;
      await new Promise<void>((enter) => this.waiting.push({ places, enter }));
    } else {
      this.taken += places;
    }
    try {
      return { done: await work() };
    } finally {
      this.taken -= places;
      this.letIn();
    }
  }

  /** A place is taken before it is entered, so that nobody slips in between. */
  private letIn(): void {
    for (
      let next = this.waiting[0];
      next && this.taken + next.places <= this.places;
      next = this.waiting[0]
    ) {
      this.waiting.shift();
      this.taken += next.places;
      next.enter();
    }
  }
}
