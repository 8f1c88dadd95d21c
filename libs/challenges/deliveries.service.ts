import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GeneratorsService } from '#generators';
import { SwitchesService } from '#limits';
import {
  AccountsService,
  admitRoute,
  type Channel,
  type LoadedAccount,
  type OutboundMessage,
  type SendResult,
  type StatusNotice,
} from '#providers';
import { TemplatesService } from '#templates';
import {
  type Identifier,
  messageId as messageIdOf,
  parseNative,
  renderNative,
  splitMessageId,
} from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { RetiredKey } from '#platform/crypto';
import { parsePhone } from '#platform/phone';
import { prefixOf } from './admission.js';
import { channelOfLetter } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import {
  type ClaimReply,
  HotStore,
  newOperation,
  type SettleReply,
  type TryOutcome,
} from './hot-store/hot-store.js';
import { SendQueue } from './send-queue.js';

/** A killed worker's message is free again after this; a working one renews in time. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;
const PROVIDER_DEADLINE_MS = 10_000;
/** Nothing is handed to a provider when less life is left than one needs to read and type it (G4). */
const LEAST_LIFE_MS = 60_000;
const MAX_ATTEMPTS = 4;
const BACK_OFF_MS = [1_000, 2_000, 4_000];
/** An unknown outcome waits this long, counted from the claim, for a receipt to resolve it. */
const RECEIPT_WAIT_MS = 5_000;

type Claimed = ClaimReply & { outcome: 'claimed' };
interface Try extends Claimed {
  challengeId: Identifier;
  number: number;
  token: string;
  channel: Channel;
}

/** Takes one message from queued to settled, and believes what providers say about it later. */
@Injectable()
export class DeliveriesService {
  private readonly logger = loggerFor('deliveries');

  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly queue: SendQueue,
    private readonly generators: GeneratorsService,
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
    private readonly metrics: Metrics,
    private readonly switches: SwitchesService,
  ) {}

  /** One try. Safe to call for a message that is gone, done, early or in other hands: then it does nothing. */
  async attempt(messageId: Identifier): Promise<void> {
    const { challengeId, number } = splitMessageId(messageId);
    const token = newOperation();
    const claim = await this.hotStore.claim(challengeId, number, token, {
      leaseMs: LEASE_MS,
      leastLifeMs: LEAST_LIFE_MS,
      maxAttempts: MAX_ATTEMPTS,
    });
    if (claim.outcome !== 'claimed') return;
    const claimedAt = performance.now();
    const current: Try = {
      ...claim,
      challengeId,
      number,
      token,
      channel: channelOfLetter(claim.channelLetter),
    };
    const prepared = await this.prepare(current);
    const result = 'refused' in prepared ? prepared.refused : await this.send(current, prepared, claimedAt);
    if (result === undefined) return;
    await this.settle(current, result, 'refused' in prepared ? undefined : prepared.account, claimedAt);
  }

  /** A provider's word about one of its account's messages. `ignored` when it says nothing new. */
  async receive(
    accountId: Identifier,
    provider: string,
    notice: StatusNotice,
  ): Promise<SettleReply['outcome']> {
    const named = parseCorrelation(notice.correlationId);
    if (!named) return 'gone';
    const { challengeId, number } = splitMessageId(named);
    const reply = await this.hotStore.settle({
      challengeId,
      number,
      outcome: notice.status,
      reason: notice.reason,
      providerMessageId: notice.providerMessageId,
      accountId,
    });
    this.metrics.receipts.inc({ provider, status: notice.status, outcome: reply.outcome });
    return reply.outcome;
  }

  private async prepare(
    current: Try,
  ): Promise<{ account: LoadedAccount; message: OutboundMessage } | { refused: SendResult }> {
    const [generator, account] = await Promise.all([
      this.generators.loadVersion(current.generator),
      this.accounts.load(current.accountId),
    ]);
    const step = generator?.plan[current.step];
    if (!step) return refuse('generator_missing', 'bug');
    const receiver = this.openReceiver(current);
    if (receiver === undefined) return refuse('key_retired', 'bug');
    if (this.isSwitchedOff(current, receiver)) return refuse('switched_off', 'account');
    const simulator = account !== undefined && this.accounts.isSimulator(account);
    // The countries were checked when the challenge was opened; the mode again, because an account can be re-pointed.
    const route = admitRoute(
      account && { ...account, countries: ANY },
      step,
      {},
      { mode: current.mode === 'test' ? 'test' : 'live', simulator },
    );
    if ('refused' in route) return refuse(route.refused, 'account');
    const template = await this.templates.load(step.templateId);
    if (!template) return refuse('template_missing', 'template');
    return {
      account: { ...route.account, countries: account!.countries },
      message: {
        channel: current.channel,
        to: receiver,
        from: route.sender,
        code: this.vault.openCode(current.tenantId, current.challengeId, current.sealedCode),
        correlationId: renderCorrelation(current),
        template: { name: template.name, language: current.language },
        deadlineMs: Math.min(PROVIDER_DEADLINE_MS, current.expiresAt - current.now),
      },
    };
  }

  /** Calls the provider while renewing the lease. Undefined when the lease was lost before the call: then nothing was sent. */
  private async send(
    current: Try,
    { account, message }: { account: LoadedAccount; message: OutboundMessage },
    claimedAt: number,
  ): Promise<SendResult | undefined> {
    if (performance.now() - claimedAt > LEASE_MS) {
      this.logger.warn(
        { message: this.nameOf(current) },
        'lost the lease before sending; another worker has the message',
      );
      return undefined;
    }
    const renewal = setInterval(() => {
      this.hotStore
        .claim(current.challengeId, current.number, current.token, {
          leaseMs: LEASE_MS,
          leastLifeMs: 0,
          maxAttempts: MAX_ATTEMPTS,
        })
        .catch(() => undefined);
    }, RENEW_MS);
    try {
      return await account.provider.send(message, account.config, this.accounts.context());
    } catch (error) {
      // An adapter returns what happened; what it throws is a bug of ours, after which nobody knows.
      this.logger.error({ provider: account.provider.id, error: describeError(error) }, 'adapter threw');
      return { outcome: 'unknown', reason: 'adapter_error' };
    } finally {
      clearInterval(renewal);
    }
  }

  private async settle(
    current: Try,
    result: SendResult,
    account: LoadedAccount | undefined,
    claimedAt: number,
  ): Promise<void> {
    const elapsedMs = performance.now() - claimedAt;
    const decided = this.decide(current, result, elapsedMs);
    const provider = account?.provider.id ?? 'none';
    this.metrics.sends.inc({ provider, channel: current.channel, outcome: decided.outcome });
    this.logger.info(
      {
        message: this.nameOf(current),
        account: renderNative('account', current.accountId),
        provider,
        channel: current.channel,
        attempt: current.attempt,
        duplicatePossible: current.duplicatePossible,
        outcome: decided.outcome,
        reason: decided.reason,
        ms: Math.round(elapsedMs),
      },
      'delivery.attempted',
    );
    const { challengeId, number, token } = current;
    const reply = await this.hotStore.settle({ challengeId, number, token, ...decided });
    if (reply.outcome === 'settled' && decided.outcome === 'retry') {
      await this.queue.add(current.channel, challengeId, number, current.attempt + 1, decided.afterMs);
    }
  }

  /** Retries only inside the code's life and the attempts allowed; an unknown is left to the receipts first. */
  private decide(
    current: Try,
    result: SendResult,
    elapsedMs: number,
  ): { outcome: TryOutcome; reason?: string; providerMessageId?: string; afterMs?: number } {
    switch (result.outcome) {
      case 'accepted':
        return { outcome: 'accepted', providerMessageId: result.providerMessageId };
      case 'rejected':
        return { outcome: 'rejected', reason: result.reason };
      case 'unknown':
        return {
          outcome: 'unknown',
          reason: result.reason,
          afterMs: Math.max(0, Math.round(RECEIPT_WAIT_MS - elapsedMs)),
        };
      case 'retry': {
        const backOff = BACK_OFF_MS[Math.min(current.attempt, BACK_OFF_MS.length) - 1]!;
        const afterMs = Math.round((result.afterMs ?? backOff) * (1 + randomInt(500) / 1_000));
        const lifeLeft = current.expiresAt - current.now - elapsedMs;
        if (current.attempt >= MAX_ATTEMPTS || afterMs > lifeLeft - Math.min(LEAST_LIFE_MS, lifeLeft / 5))
          return { outcome: 'rejected', reason: result.reason };
        return { outcome: 'retry', reason: result.reason, afterMs };
      }
    }
  }

  /** Asked again here: a switch also stops what was queued before it (FR-16). */
  private isSwitchedOff({ tenantId, channel, accountId }: Try, receiver: string): boolean {
    const to = parsePhone(receiver);
    const { canonical, country } = typeof to === 'string' ? { canonical: receiver, country: undefined } : to;
    const send = { tenantId, channel, country, prefix: prefixOf(canonical), accountId };
    return this.switches.blocked(send) !== undefined;
  }

  private openReceiver(current: Try): string | undefined {
    try {
      return this.vault.openReceiver(current.tenantId, current.challengeId, current.sealedReceiver);
    } catch (error) {
      if (error instanceof RetiredKey) return undefined;
      throw error;
    }
  }

  private nameOf({ challengeId, number }: Try): string {
    return `${renderNative('challenge', challengeId)}/${number}`;
  }
}

const ANY = new Set(['*']);

function refuse(reason: string, failure: 'bug' | 'account' | 'template'): { refused: SendResult } {
  return { refused: { outcome: 'rejected', reason, failure } };
}

/** `msg_….<attempt>`, with `.d` when an earlier try may have arrived: what receipts echo. */
function renderCorrelation({ challengeId, number, attempt, duplicatePossible }: Try): string {
  return `${renderNative('message', messageIdOf(challengeId, number))}.${attempt}${duplicatePossible ? '.d' : ''}`;
}

function parseCorrelation(text: string | undefined): Identifier | undefined {
  return parseNative('message', text?.split('.', 1)[0]);
}
