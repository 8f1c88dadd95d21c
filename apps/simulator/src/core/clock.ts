// Owns the simulator's idea of now, so that specs can step over a 24-hour rule.

export class Clock {
  now(): number {
    return Date.now();
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }
}
