import { Injectable } from '@nestjs/common';
import { renderNative } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { ApprovalsService } from './approvals.service.js';
import { type CheckQuestion, type CheckReply, HotStore } from './hot-store/hot-store.js';

/** So many wrong answers of one receiver in a row are told to the operator, once (ATK-01). */
const ALERT_AT_FAILURES = 10;

/** Has one answer compared, whatever it is an answer to. One round trip, but for a right one under `strictApproval`. */
@Injectable()
export class AnswersService {
  private readonly logger = loggerFor('challenges');

  constructor(
    private readonly hotStore: HotStore,
    private readonly approvals: ApprovalsService,
    private readonly metrics: Metrics,
  ) {}

  async compare(question: CheckQuestion): Promise<CheckReply> {
    const { id, tenantId, operation } = question;
    let checked = await this.hotStore.check(question);
    if (checked.verdict === 'approving') checked = await this.approvals.approve(tenantId, id, operation);
    this.metrics.checks.inc({ verdict: checked.verdict });
    if (checked.failuresInARow === ALERT_AT_FAILURES) {
      this.metrics.receiverAlerts.inc();
      this.logger.warn(
        { challenge: renderNative('challenge', id), failures: checked.failuresInARow },
        'a receiver gives wrong answers in a row; somebody may be guessing',
      );
    }
    return checked;
  }
}
