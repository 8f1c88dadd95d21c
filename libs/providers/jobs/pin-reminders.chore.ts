import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import { TenantEvents } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { renderNative } from '#platform/identifiers';
import { Housekeeping } from '#platform/queue';
import { SenderNumberEntity } from '../sender-number.entity.js';
import { PIN_LIFE_MS } from '../senders.service.js';

const DAY_MS = 86_400_000;
const BATCH = 500;

/** `sender.pin_due`: a PIN is 90 days old, and again every 90 days for as long as it stays. */
@Injectable()
export class PinReminders implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly database: Database,
    private readonly events: TenantEvents,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({ name: 'pin-reminders', everyMs: DAY_MS, run: () => this.run() });
  }

  /** Those that are left over are due in the next round too. */
  async run(): Promise<void> {
    const now = this.clock.date();
    const due = await this.database.repository(SenderNumberEntity).find({
      where: { pinDueAt: LessThanOrEqual(now) },
      order: { pinDueAt: 'ASC' },
      take: BATCH,
    });
    for (const row of due) await this.remind(row, now);
  }

  private async remind(
    { senderId, tenantId, pinSetAt, pinDueAt }: SenderNumberEntity,
    now: Date,
  ): Promise<void> {
    await this.database.transaction(async (manager) => {
      const next = new Date(now.getTime() + PIN_LIFE_MS);
      // Not when it was changed, or told, meanwhile.
      const { affected } = await manager.update(
        SenderNumberEntity,
        { senderId, pinDueAt: pinDueAt! },
        { pinDueAt: next },
      );
      if (affected !== 1) return;
      const subject = renderNative('sender', senderId);
      const data = { pinSetAt: pinSetAt!.toISOString() };
      await this.events.record(tenantId, { type: 'sender.pin_due', subject, data }, manager);
    });
  }
}
