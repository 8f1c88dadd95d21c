import { Injectable } from '@nestjs/common';
import { AccountsService, CircuitBreakers } from '#providers';
import { Database } from '#platform/database';
import { type Identifier, parseUuid, renderUuid, splitMessageId } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';

/** Tells providers which of their messages were answered, so that they learn which of their routes work. */
@Injectable()
export class ConversionReports {
  private readonly logger = loggerFor('conversion');

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountsService,
    private readonly breakers: CircuitBreakers,
  ) {}

  /** Why it could not be told, in a word that holds nothing of the message; undefined when it was, or nobody wants it. */
  async tell(messageId: Identifier): Promise<string | undefined> {
    const found = await this.find(messageId);
    if (!found) return 'message_unknown';
    const account = await this.accounts.load(found.accountId);
    if (!account?.provider.reportConversion) return undefined;
    if (this.breakers.isOpen(account.id)) return 'breaker_open';
    try {
      const told = await account.provider.reportConversion(
        found.providerMessageId,
        account.config,
        this.accounts.context(account),
      );
      return 'unavailable' in told ? told.unavailable : undefined;
    } catch (error) {
      this.logger.error({ provider: account.provider.id, error: describeError(error) }, 'adapter threw');
      return 'adapter_error';
    }
  }

  private async find(
    messageId: Identifier,
  ): Promise<{ accountId: Identifier; providerMessageId: string } | undefined> {
    const { challengeId, number } = splitMessageId(messageId);
    const [row]: { account_id: string; provider_message_id: string }[] = await this.database.manager.query(
      `SELECT account_id, provider_message_id FROM messages
       WHERE challenge_id = $1 AND number = $2 AND account_id IS NOT NULL AND provider_message_id IS NOT NULL`,
      [renderUuid(challengeId), number],
    );
    return row && { accountId: parseUuid(row.account_id)!, providerMessageId: row.provider_message_id };
  }
}
