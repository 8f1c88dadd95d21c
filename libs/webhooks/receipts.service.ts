import { Injectable } from '@nestjs/common';
import { DeliveriesService } from '#challenges';
import { AccountsService, type LoadedAccount, type Notices } from '#providers';
import { TemplatesService } from '#templates';
import type { Identifier } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';

/** Believes a verified webhook: delivery states go to the challenges, template states to the templates. */
@Injectable()
export class ReceiptsService {
  private readonly logger = loggerFor('webhooks');

  constructor(
    private readonly accounts: AccountsService,
    private readonly deliveries: DeliveriesService,
    private readonly templates: TemplatesService,
    private readonly metrics: Metrics,
  ) {}

  async account(provider: string, id: Identifier): Promise<LoadedAccount | undefined> {
    const account = await this.accounts.load(id);
    return account?.provider.id === provider && account.provider.receipts ? account : undefined;
  }

  /**
   * Applies what was said, in order. A notice about something we do not know is counted and dropped: an error
   * would make the provider send it again for days. Redis or PostgreSQL away is an error, so that it does.
   */
  async apply(account: LoadedAccount, { notices, ignored, malformed }: Notices): Promise<void> {
    for (const notice of notices) {
      if (notice.kind === 'status') {
        await this.deliveries.receive(account.id, account.provider.id, notice);
      } else {
        const known = await this.templates.applyNotice(
          account.id,
          notice.externalId,
          notice.status,
          notice.reason,
        );
        this.metrics.receipts.inc({
          provider: account.provider.id,
          status: `template_${notice.status}`,
          outcome: known ? 'settled' : 'gone',
        });
      }
    }
    if (ignored > 0)
      this.metrics.receipts.inc(
        { provider: account.provider.id, status: 'other', outcome: 'ignored' },
        ignored,
      );
    if (malformed > 0) {
      this.metrics.receipts.inc(
        { provider: account.provider.id, status: 'other', outcome: 'malformed' },
        malformed,
      );
      this.logger.warn(
        { account: account.id, malformed },
        'a signed webhook held parts that could not be read',
      );
    }
  }
}
