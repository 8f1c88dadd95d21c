import { Injectable } from '@nestjs/common';
import { DeliveriesService, InboundMessagesService } from '#challenges';
import {
  AccountNewsService,
  AccountsService,
  type InboundNotice,
  type LoadedAccount,
  type Notice,
  type Notices,
  senderOf,
  type StatusNotice,
  type TemplateNotice,
} from '#providers';
import { TemplateNews } from '#templates';
import type { Identifier } from '#platform/identifiers';
import { Problem } from '#platform/errors';
import { loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { Turnstile } from './turnstile.js';

/** Notices under way in one process: what a flood may hold of Redis beside the sends and checks. */
const MOST_AT_ONCE = 512;
/** Of one webhook. */
const SOME = 64;
const WEBHOOKS_WAITING = 500;

/** Believes a verified webhook: delivery states go to the challenges, template states to the templates. */
@Injectable()
export class ReceiptsService {
  private readonly logger = loggerFor('webhooks');
  private readonly turnstile = new Turnstile(MOST_AT_ONCE, WEBHOOKS_WAITING);

  constructor(
    private readonly accounts: AccountsService,
    private readonly deliveries: DeliveriesService,
    private readonly inbound: InboundMessagesService,
    private readonly templates: TemplateNews,
    private readonly news: AccountNewsService,
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
  async apply(account: LoadedAccount, found: Notices): Promise<void> {
    const places = Math.min(found.notices.length, SOME);
    const passed = await this.turnstile.pass(places, async () => {
      for (let from = 0; from < found.notices.length; from += SOME)
        await this.applySome(account, found.notices.slice(from, from + SOME));
      this.countUnused(account, found);
    });
    if (!passed) throw new Problem('webhook.busy', { retryAfterSeconds: 1 });
  }

  /**
   * Side by side, but what is said about one message, or by one person, in the order in which it is said; templates one
   * at a time.
   */
  private async applySome(account: LoadedAccount, notices: readonly Notice[]): Promise<void> {
    const last = new Map<string, Promise<void>>();
    await Promise.all(
      notices.map((notice) => {
        const subject = subjectOf(notice);
        const turn = (last.get(subject) ?? Promise.resolve()).then(() => this.applyOne(account, notice));
        last.set(subject, turn);
        return turn;
      }),
    );
  }

  private async applyOne(account: LoadedAccount, notice: Notice): Promise<void> {
    switch (notice.kind) {
      case 'status':
        return this.applyStatus(account, notice);
      case 'template':
        return this.applyTemplate(account, notice);
      case 'account':
        await this.news.apply(account, notice);
        return this.count(account, notice.event, 'settled');
      case 'inbound':
        return this.applyInbound(account, notice);
    }
  }

  private async applyInbound(account: LoadedAccount, notice: InboundNotice): Promise<void> {
    this.count(account, 'inbound', await this.inbound.hear(account, notice));
  }

  private async applyStatus(account: LoadedAccount, notice: StatusNotice): Promise<void> {
    if (isForeign(account, notice)) this.count(account, notice.status, 'foreign');
    else await this.deliveries.receive(account.id, account.provider.id, notice);
  }

  private async applyTemplate(account: LoadedAccount, notice: TemplateNotice): Promise<void> {
    const known = await this.templates.applyNotice(account.id, notice);
    this.count(account, `template_${notice.status ?? 'changed'}`, known ? 'settled' : 'gone');
  }

  private count({ provider }: LoadedAccount, status: string, outcome: string): void {
    this.metrics.receipts.inc({ provider: provider.id, status, outcome });
  }

  private countUnused(account: LoadedAccount, { notices, ignored, malformed }: Notices): void {
    const provider = account.provider.id;
    if (ignored > 0) this.metrics.receipts.inc({ provider, status: 'other', outcome: 'ignored' }, ignored);
    if (malformed > 0) {
      this.metrics.receipts.inc({ provider, status: 'other', outcome: 'malformed' }, malformed);
      this.logger.warn(
        { account: account.id, malformed },
        'a signed webhook held parts that could not be read',
      );
    }
    const foreign = notices.filter((notice) => isForeign(account, notice)).length;
    if (foreign > 0)
      this.logger.warn(
        { account: account.id, foreign },
        'a signed webhook told of senders that are not of this account: is its address set at another one?',
      );
  }
}

function subjectOf(notice: Notice): string {
  if (notice.kind === 'status') return `status ${notice.providerMessageId}`;
  return notice.kind === 'inbound' ? `inbound ${notice.from}` : notice.kind;
}

/** One app secret may sign for several accounts; each is believed about its own senders only. */
function isForeign(account: LoadedAccount, notice: Notice): boolean {
  if (notice.kind === 'inbound') return senderOf(account, notice) === undefined;
  return (
    notice.kind === 'status' &&
    notice.sender !== undefined &&
    !account.senders.some(({ externalId }) => externalId === notice.sender)
  );
}
