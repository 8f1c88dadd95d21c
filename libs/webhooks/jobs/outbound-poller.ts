import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { JournalWriter } from '#journal';
import { Rounds } from '#platform/clock';
import { Database } from '#platform/database';
import { describeError, loggerFor } from '#platform/logging';
import { DeliveryStore } from '../outbound/delivery-store.js';
import { EventSequencer } from '../outbound/event-sequencer.js';
import { WebhooksQueue } from '../outbound/webhooks-queue.js';

const BUSY_MS = 50;
const IDLE_MS = 250;
const TROUBLE_MS = 1_000;
/** What waits in Redis is in the way of new codes; what waits in PostgreSQL is in nobody's. */
const BEHIND_MS = 1_000;

/** Looks for what is to be told, and for deliveries that are due. While PostgreSQL is away both wait with the journal. */
@Injectable()
export class OutboundPoller implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('webhooks');
  private readonly rounds = new Rounds(() => this.lookOnce());

  constructor(
    private readonly database: Database,
    private readonly sequencer: EventSequencer,
    private readonly deliveries: DeliveryStore,
    private readonly queue: WebhooksQueue,
    private readonly journal: JournalWriter,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(BUSY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** One round. Returns how much there was to do. */
  async look(): Promise<number> {
    if (this.database.state !== 'ready') return 0;
    const told = await this.sequencer.run();
    const due = await this.deliveries.claimIdle();
    await this.queue.add(due);
    return told + due.length;
  }

  private async lookOnce(): Promise<number> {
    try {
      const done = await this.look();
      if (this.journal.isBehind) return BEHIND_MS;
      return done > 0 ? BUSY_MS : IDLE_MS;
    } catch (error) {
      this.logger.warn({ error: describeError(error) }, 'events not told; they wait in PostgreSQL');
      return TROUBLE_MS;
    }
  }
}
