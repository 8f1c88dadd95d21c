import { Injectable } from '@nestjs/common';
import { TenantEvents } from '#journal';
import { renderNative } from '#platform/identifiers';
import type { LoadedAccount, LoadedSender } from './accounts.service.js';
import { CircuitBreakers } from './breakers/circuit-breakers.js';
import { SendTurns } from './turns/send-turns.js';
import type { AccountNotice } from './message-provider.js';

/** Believes what a provider says of an account or its senders: an event, and at once the consequence. */
@Injectable()
export class AccountNewsService {
  constructor(
    private readonly events: TenantEvents,
    private readonly breakers: CircuitBreakers,
    private readonly turns: SendTurns,
  ) {}

  async apply(
    account: LoadedAccount,
    { event, sender, data, messagesPerSecond }: AccountNotice,
  ): Promise<void> {
    const about = sender === undefined ? undefined : findSender(account, sender);
    await this.events.record(account.tenantId, {
      type: event,
      subject: about ? renderNative('sender', about.id) : renderNative('account', account.id),
      data: { account: renderNative('account', account.id), ...data },
    });
    if (about && messagesPerSecond !== undefined)
      await this.turns.setRate(account.id, about.id, messagesPerSecond);
    if (event === 'account.banned') await this.breakers.trip(account.id);
  }
}

function findSender({ senders }: LoadedAccount, named: string): LoadedSender | undefined {
  return senders.find(({ externalId, address }) => externalId === named || address === named);
}
