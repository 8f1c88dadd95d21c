import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '#platform/queue';
import { ChallengesModule } from '../challenges.module.js';
import { ReceiverEraser } from '../erasure/receiver-eraser.js';

const EVERY_MS = 5_000;

/** Erasures are rows, and this looks for those that are not done: nothing is lost with a queue or a worker. */
@Injectable()
class EraseReceiversChore implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly eraser: ReceiverEraser,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({
      name: 'erase-receivers',
      everyMs: EVERY_MS,
      run: () => this.eraser.run(),
    });
  }
}

@Module({ imports: [ChallengesModule], providers: [EraseReceiversChore] })
export class ErasureJobsModule {}
