import { Injectable } from '@nestjs/common';
import type { ToldChallenge } from '#challenges';
import type { EventType } from '#journal';

/** A dialect's own words for call-backs. */
export interface CallbackFormat {
  name: string;
  /** What it has words for; nothing else is posted in it. */
  events: readonly EventType[];
  contentType: string;
  render(type: EventType, told: ToldChallenge, now: number): object;
}

/** Whose words call-backs can speak beside ours. Dialects register theirs when they are initialised. */
@Injectable()
export class CallbackFormats {
  private readonly formats = new Map<string, CallbackFormat>();

  register(format: CallbackFormat): void {
    this.formats.set(format.name, format);
  }

  get(name: string): CallbackFormat | undefined {
    return this.formats.get(name);
  }
}
