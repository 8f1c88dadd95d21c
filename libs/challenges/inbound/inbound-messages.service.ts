import { Injectable } from '@nestjs/common';
import { type InboundNotice, type LoadedAccount, senderOf } from '#providers';
import { Problem } from '#platform/errors';
import type { Heard, InboundReader } from './inbound-reader.js';
import { InboundGate } from './inbound-gate.js';

/** What became of a message: `settled` when some kind knew what to do with it. */
type Hearing = 'settled' | 'ignored' | 'foreign' | 'repeated' | 'throttled';

/** Takes what people write to us to whom it is for. The kinds that listen register themselves, in the order of asking. */
@Injectable()
export class InboundMessagesService {
  private readonly readers: InboundReader[] = [];

  constructor(private readonly gate: InboundGate) {}

  register(reader: InboundReader): void {
    this.readers.push(reader);
  }

  /** Throws `webhook.busy` while the same message is being read: whether that succeeds is not known yet. */
  async hear(account: LoadedAccount, notice: InboundNotice): Promise<Hearing> {
    const sender = senderOf(account, notice);
    if (!sender) return 'foreign';
    const admission = await this.gate.admit(sender.id, notice);
    if (admission === 'reading') throw new Problem('webhook.busy', { retryAfterSeconds: 1 });
    if (admission !== 'new') return admission;
    try {
      const used = await this.offer({ account, sender, notice });
      await this.gate.keep(sender.id, notice);
      return used ? 'settled' : 'ignored';
    } catch (error) {
      // Where Redis is away this fails as well, and the lease runs out.
      await this.gate.free(sender.id, notice).catch(() => undefined);
      throw error;
    }
  }

  private async offer(heard: Heard): Promise<boolean> {
    for (const reader of this.readers) if (await reader.read(heard)) return true;
    return false;
  }
}
