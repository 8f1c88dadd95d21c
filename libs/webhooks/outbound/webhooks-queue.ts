import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Queues } from '#platform/queue';

export const WEBHOOKS_QUEUE = 'webhooks';

/** Hands claimed deliveries to the workers. A job that is lost costs the rest of its lease: then it is due again. */
@Injectable()
export class WebhooksQueue {
  constructor(
    private readonly queues: Queues,
    private readonly clock: Clock,
  ) {}

  /** Each claim is a job of its own: one that has failed must not be in the way of the next. */
  async add(ids: readonly Identifier[]): Promise<void> {
    if (ids.length === 0) return;
    const claimedAt = this.clock.now();
    await this.queues.get(WEBHOOKS_QUEUE).addBulk(
      ids.map((deliveryId) => ({
        name: WEBHOOKS_QUEUE,
        data: { v: 1, deliveryId },
        opts: { jobId: `${deliveryId}-${claimedAt}` },
      })),
    );
  }
}
