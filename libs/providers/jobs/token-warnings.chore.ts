import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TenantEvents } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Housekeeping } from '#platform/queue';
import { AccountEntity } from '../account.entity.js';
import { AccountsService } from '../accounts.service.js';

const DAY_MS = 86_400_000;
const WARNED_BEFORE_MS = 7 * DAY_MS;

/** `account.token_expiring`: once for each end of an account's credentials, when it is a week away or less. */
@Injectable()
export class TokenWarnings implements OnModuleInit {
  private readonly logger = loggerFor('token-warnings');

  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly database: Database,
    private readonly accounts: AccountsService,
    private readonly events: TenantEvents,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({ name: 'token-warnings', everyMs: DAY_MS, run: () => this.run() });
  }

  async run(): Promise<void> {
    const accounts = await this.database
      .repository(AccountEntity)
      .find({ select: { id: true, tenantId: true } });
    for (const { id, tenantId } of accounts) {
      // One whose provider is away, or whose config this build cannot read, must not keep the others from being warned.
      await this.look(tenantId, id).catch((error: unknown) =>
        this.logger.warn({ account: id, error: describeError(error) }, 'end of the token not looked at'),
      );
    }
  }

  private async look(tenantId: Identifier, id: Identifier): Promise<void> {
    const findings = await this.accounts.diagnose(tenantId, id);
    const expiresAt = findings.find(({ check }) => check === 'expiry')?.expiresAt;
    if (expiresAt === undefined || expiresAt - this.clock.now() > WARNED_BEFORE_MS) return;
    await this.warn(tenantId, id, new Date(expiresAt));
  }

  private async warn(tenantId: Identifier, id: Identifier, end: Date): Promise<void> {
    await this.database.transaction(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(AccountEntity)
        .set({ tokenEndTold: end })
        .where({ id })
        .andWhere('token_end_told IS DISTINCT FROM :end', { end })
        .execute();
      if (affected !== 1) return;
      const subject = renderNative('account', id);
      const data = { account: subject, expiresAt: end.toISOString() };
      await this.events.record(tenantId, { type: 'account.token_expiring', subject, data }, manager);
    });
  }
}
