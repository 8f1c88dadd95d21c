import { Injectable } from '@nestjs/common';
import { Database, sqlState } from '#platform/database';
import { dependencyUnavailable } from '#platform/errors';
import { type Identifier, renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { type CheckReply, HotStore } from './hot-store/hot-store.js';

/**
 * Strict approval: a right answer counts only when its row is in PostgreSQL, one per challenge for ever. Should Redis
 * lose its last second with the host, the row still says that the challenge was approved (G5, FI-11).
 */
@Injectable()
export class ApprovalsService {
  private readonly logger = loggerFor('approvals');

  constructor(
    private readonly database: Database,
    private readonly hotStore: HotStore,
  ) {}

  /** Records the approval that waits under this operation, and finishes it. 503 while PostgreSQL is away. */
  async approve(tenantId: Identifier, id: Identifier, operation: string): Promise<CheckReply> {
    let owner: string;
    try {
      owner = await this.record(tenantId, id, operation);
    } catch (error) {
      // What PostgreSQL refused, or was never asked, did not happen. A lost answer may have been a yes: the lease
      // stays, and whoever settles it looks for the row.
      if (certainlyNotWritten(error) || this.database.state !== 'ready')
        await this.hotStore.finishApproval(id, operation, 'release', 'postgres_away');
      throw dependencyUnavailable('postgres', error);
    }
    return this.hotStore.finishApproval(id, operation, owner === operation ? 'approve' : 'spent');
  }

  /** An approval whose process died, or whose answer from PostgreSQL was lost: the row decides. */
  async settle(id: Identifier): Promise<void> {
    if (this.database.state !== 'ready') return;
    const rows: { operation: string }[] = await this.database.manager.query(
      'SELECT operation FROM approvals WHERE challenge_id = $1',
      [renderUuid(id)],
    );
    const [row] = rows;
    const reply = row
      ? await this.hotStore.finishApproval(id, row.operation, 'approve')
      : await this.hotStore.finishApproval(id, undefined, 'release', 'lease_ran_out');
    // Another operation waits than the one that was recorded: this challenge was approved before.
    if (row && reply.state === 'approving') await this.hotStore.finishApproval(id, undefined, 'spent');
    this.logger.warn({ outcome: reply.verdict }, 'an approval was left waiting; settled by its row');
  }

  /** Settles those that can be; the others are named again. */
  async settleAll(ids: readonly Identifier[]): Promise<void> {
    for (const id of ids) {
      await this.settle(id).catch((error: unknown) =>
        this.logger.warn(
          { error: describeError(error) },
          'a waiting approval was not settled; it is tried again',
        ),
      );
    }
  }

  /** The operation whose row is there: ours, or that of an earlier approval. */
  private async record(tenantId: Identifier, id: Identifier, operation: string): Promise<string> {
    const rows: { operation: string }[] = await this.database.manager.query(
      // The update changes nothing: it answers with a row that another connection wrote a moment ago, too.
      `INSERT INTO approvals (challenge_id, tenant_id, operation) VALUES ($1, $2, $3)
       ON CONFLICT (challenge_id) DO UPDATE SET operation = approvals.operation RETURNING operation`,
      [renderUuid(id), renderUuid(tenantId), operation],
    );
    return rows[0]!.operation;
  }
}

/** PostgreSQL answered with an error of its own, or no connection was made: nothing was committed. */
function certainlyNotWritten(error: unknown): boolean {
  return /^(\d[\dA-Z]{4}|ECONNREFUSED)$/.test(sqlState(error) ?? '');
}
