import { Injectable } from '@nestjs/common';
import { TenantEvents } from '#journal';
import { Database } from '#platform/database';
import { type Identifier, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { AccountEntity } from '../account.entity.js';

/** Tells a tenant that the breaker of an account has moved: beside the sends, and not at all while PostgreSQL is away. */
@Injectable()
export class BreakerNews {
  private readonly logger = loggerFor('breakers');

  constructor(
    private readonly database: Database,
    private readonly events: TenantEvents,
  ) {}

  tell(
    accountId: Identifier,
    type: 'account.breaker_opened' | 'account.breaker_closed',
    cause: 'account_refused' | 'outcomes',
  ): void {
    this.record(accountId, type, cause).catch((error: unknown) =>
      this.logger.warn({ account: accountId, type, error: describeError(error) }, 'breaker not told'),
    );
  }

  private async record(
    accountId: Identifier,
    type: 'account.breaker_opened' | 'account.breaker_closed',
    cause: string,
  ): Promise<void> {
    const account = await this.database.repository(AccountEntity).findOneBy({ id: accountId });
    if (!account) return;
    const subject = renderNative('account', accountId);
    await this.events.record(account.tenantId, { type, subject, data: { account: subject, cause } });
  }
}
