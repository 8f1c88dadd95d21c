import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type ChannelStep, GeneratorsService, type PublishedGenerator } from '#generators';
import { SwitchesService } from '#limits';
import {
  AccountsService,
  admitRoute,
  type Channel,
  CircuitBreakers,
  type LoadedAccount,
  type OutboundMessage,
  type SendResult,
  SendTurns,
  type Turn,
  type StatusNotice,
} from '#providers';
import { type PublishedTemplate, TemplatesService } from '#templates';
import {
  type Identifier,
  messageId as messageIdOf,
  parseNative,
  renderNative,
  splitMessageId,
} from '#platform/identifiers';
import { Config } from '#platform/config';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { RetiredKey } from '#platform/crypto';
import { prefixOf } from './admission.js';
import { channelOfLetter } from './channel-letters.js';
import { CodeVault, joinSealed } from './code-vault.js';
import type { Purpose } from './challenge.js';
import { QuestionsService } from './confirm/questions.service.js';
import { contentOf } from './message-content.js';
import { LETTER_OF_KIND } from './kind-letters.js';
import { readPrice } from './message-prices.js';
import { FollowUpsService } from './follow-ups.service.js';
import { newOperation } from './hot-store/hot-store.js';
import {
  type ClaimReply,
  MessageStore,
  type SettleReply,
  type TryOutcome,
} from './hot-store/message-store.js';
import { ProviderMessageIds } from './hot-store/provider-message-ids.js';
import { readReceiver, receiverFor } from './addresses.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { type Carried, Secrets } from './secrets.js';
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
/** A receiver that is not on a channel may join it: after this it is tried again. */
const SUPPRESS_MS = 12 * 3_600_000;

type Claimed = ClaimReply & { outcome: 'claimed' };
interface Try extends Claimed {
  challengeId: Identifier;
  number: number;
  token: string;
  channel: Channel;
}

/** Everything a try needs from configuration, and the message itself. */
interface Prepared {
  account: LoadedAccount;
  message: OutboundMessage;
  step: ChannelStep;
  /** Without a `delivered` for so long after it was accepted, the provider has dropped it; 0: that cannot be told. */
  dropMs: number;
  /** Of a question: the digest of what the message shows. */
  digest?: string;
}

/** A try that ends without a call to the provider. */
interface Refused {
  refused: SendResult;
}

/** Nothing was called, so it is no attempt; asked again later. */
interface Postponed {
  outcome: 'postponed';
  reason: string;
  afterMs: number;
}
type TryResult = SendResult | Postponed;

/** Takes one message from queued to settled, and believes what providers say about it later. */
@Injectable()
export class DeliveriesService {
  private readonly logger = loggerFor('deliveries');

  constructor(
    private readonly messages: MessageStore,
    private readonly providerIds: ProviderMessageIds,
    private readonly followUps: FollowUpsService,
    private readonly vault: CodeVault,
    private readonly secrets: Secrets,
    private readonly queue: SendQueue,
    private readonly generators: GeneratorsService,
    private readonly accounts: AccountsService,
    private readonly breakers: CircuitBreakers,
    private readonly templates: TemplatesService,
    private readonly metrics: Metrics,
    private readonly aliases: ReceiverAliases,
    private readonly switches: SwitchesService,
    private readonly config: Config,
    private readonly turns: SendTurns,
    private readonly questions: QuestionsService,
  ) {}

  /** One try. Safe to call for a message that is gone, done, early or in other hands: then it does nothing. */
  async attempt(messageId: Identifier): Promise<void> {
    const { challengeId, number } = splitMessageId(messageId);
    const token = newOperation();
    const claim = await this.messages.claim(challengeId, number, token, {
      leaseMs: LEASE_MS,
      leastLifeMs: LEAST_LIFE_MS,
      maxAttempts: MAX_ATTEMPTS,
    });
    if (claim.outcome === 'done' && claim.nextStepOwed)
      return this.followUps.follow(challengeId, number, claim.state === 'x' ? 'dropped' : 'failed');
    if (claim.outcome !== 'claimed') return;
    const claimedAt = performance.now();
    const current: Try = {
      ...claim,
      challengeId,
      number,
      token,
      channel: channelOfLetter(claim.channelLetter),
    };
    if (claim.record.has('tn')) return this.pretend(current);
    const prepared = await this.prepare(current);
    const result =
      'refused' in prepared ? prepared.refused : await this.handOver(current, prepared, claimedAt);
    if (result === undefined) return;
    await this.settle(current, result, 'refused' in prepared ? undefined : prepared, claimedAt);
  }

  /** A provider's word about one of its account's messages. `ignored` when it says nothing new. */
  async receive(
    accountId: Identifier,
    provider: string,
    notice: StatusNotice,
  ): Promise<SettleReply['outcome']> {
    const named = parseCorrelation(notice.correlationId) ?? (await this.findMessage(accountId, notice));
    if (!named) return 'gone';
    const { challengeId, number } = splitMessageId(named);
    const reply = await this.messages.settle({
      challengeId,
      number,
      outcome: notice.status,
      reason: notice.reason,
      providerMessageId: notice.providerMessageId,
      accountId,
      suppressMs: notice.failure === 'receiver' ? SUPPRESS_MS : 0,
      price: readPrice(notice.price),
    });
    this.metrics.receipts.inc({ provider, status: notice.status, outcome: reply.outcome });
    if (reply.outcome === 'settled' && reply.nextStepOwed)
      await this.followUps.follow(challengeId, number, 'failed');
    return reply.outcome;
  }

  /** By the provider's own id, which was kept if its receipts echo nothing. */
  private async findMessage(
    accountId: Identifier,
    { providerMessageId, status, reason, price }: StatusNotice,
  ): Promise<Identifier | undefined> {
    const account = await this.accounts.load(accountId);
    if (account?.provider.echoesCorrelation !== false) return undefined;
    return this.providerIds.find(accountId, providerMessageId, { status, reason, price });
  }

  /**
   * Keeps the provider's own id of a message whose receipts name nothing else. Some may have come before the answer did
   * (FI-34): what is answered here believes them, and is called once the answer itself is written down.
   */
  private async noteProviderId(
    current: Try,
    { provider }: LoadedAccount,
    providerMessageId: string,
  ): Promise<() => Promise<void>> {
    const { accountId, challengeId, number } = current;
    // A reply names the message that it answers by the provider's id alone.
    const needed = !provider.echoesCorrelation || isQuestion(current);
    if (!needed || !provider.receipts) return async () => undefined;
    const early = await this.providerIds.note(accountId, providerMessageId, messageIdOf(challengeId, number));
    return async () => {
      for (const receipt of early)
        await this.receive(accountId, provider.id, { kind: 'status', providerMessageId, ...receipt });
    };
  }

  private async prepare(current: Try): Promise<Prepared | Refused> {
    const [generator, account] = await Promise.all([
      this.generators.loadVersion(current.record.get('g')!),
      this.accounts.load(current.accountId),
    ]);
    const step = generator?.plan[current.step];
    if (!step) return refuse('generator_missing', 'bug');
    const to = this.addressOf(current);
    if (to === undefined) return refuse('key_retired', 'bug');
    if (this.isSwitchedOff(current, to)) return refuse('switched_off', 'account');
    const simulator = account !== undefined && this.accounts.isSimulator(account);
    const mode = current.record.get('y') === 'test' ? 'test' : 'live';
    // The countries were checked when the challenge was opened; the mode again, because an account can be re-pointed.
    const route = admitRoute(account && { ...account, countries: ANY }, step, {}, { mode, simulator });
    if ('refused' in route) return refuse(route.refused, 'account');
    const template = step.templateId === undefined ? undefined : await this.templates.load(step.templateId);
    if (!template && step.templateId !== undefined) return refuse('template_missing', 'template');
    const words = this.wordsOf(current, generator!, step, template);
    if (!words) return refuse('template_text_unknown', 'template');
    const { digest, ...said } = words;
    return {
      account: account!,
      step,
      dropMs: dropAfter(template, current.record.get('lg'), this.config.worker.dropBufferMs),
      digest,
      message: {
        channel: current.channel,
        to,
        from: route.sender,
        ...said,
        correlationId: renderCorrelation(current),
        lifeMs: current.expiresAt - current.now,
        deadlineMs: Math.min(PROVIDER_DEADLINE_MS, current.expiresAt - current.now),
      },
    };
  }

  /** What the message says; undefined when that cannot be known. */
  private wordsOf(
    current: Try,
    generator: PublishedGenerator,
    step: ChannelStep,
    template: PublishedTemplate | undefined,
  ): (Pick<OutboundMessage, 'code' | 'link' | 'template' | 'content'> & { digest?: string }) | undefined {
    if (isQuestion(current)) {
      const lifeMs = current.expiresAt - current.now;
      const words = this.questions.words({ ...current, lifeMs }, generator, step, template);
      return words && { code: '', ...words };
    }
    const carried = this.secrets.open(current.tenantId, current.challengeId, current.record);
    return {
      ...carried,
      template: template && templateUse(template, current.record.get('lg') ?? '', carried),
      content: contentOf(step, generator, { ...carried, ...this.contentFor(current) }),
    };
  }

  private contentFor(current: Try): Omit<Parameters<typeof contentOf>[2], keyof Carried> {
    const { tenantId, challengeId, record } = current;
    const sealed = joinSealed(record, 'cx');
    const transaction = sealed ? this.vault.openTransaction(tenantId, challengeId, sealed) : undefined;
    const purpose = (record.get('p') as Purpose | undefined) ?? 'authentication';
    return { language: record.get('lg') ?? '', purpose, transaction };
  }

  /** A test number gets its message nowhere: it is as if it had arrived. */
  private async pretend({ challengeId, number, token }: Try): Promise<void> {
    await this.messages.settle({ challengeId, number, token, outcome: 'accepted', reason: TEST_NUMBER });
    await this.messages.settle({ challengeId, number, outcome: 'delivered', reason: TEST_NUMBER });
  }

  /**
   * One call of the provider, unless something speaks against it: an open breaker, or an earlier try that turns out to
   * have been taken, or that must not be repeated. Undefined when the lease was lost before the call: nothing was sent.
   */
  private async handOver(
    current: Try,
    prepared: Prepared,
    claimedAt: number,
  ): Promise<TryResult | undefined> {
    if (current.unresolved) {
      const known = await this.resolve(current, prepared);
      if (known) return known;
    }
    if (current.suppressed && (await this.canPass(current))) return SUPPRESSED;
    const turn = await this.takeTurn(current, prepared);
    if (!turn.taken) return { outcome: 'postponed', reason: 'own_rate', afterMs: turn.waitMs };
    if (turn.waitMs > 0) await wait(turn.waitMs);
    const waitMs = await this.breakers.admit(current.accountId);
    if (waitMs > 0) return this.passOrPostpone(current, waitMs);
    const result = await this.send(current, prepared, claimedAt);
    if (result) this.breakers.note(current.accountId, result);
    return result;
  }

  /** The breaker is open: a later step of the plan takes over when it can, else the message waits for this account. */
  private async passOrPostpone(current: Try, waitMs: number): Promise<TryResult> {
    if (await this.canPass(current)) return refuse(BREAKER_OPEN, 'account').refused;
    return { outcome: 'postponed', reason: BREAKER_OPEN, afterMs: waitMs };
  }

  /** Only WhatsApp limits what one sender sends to one receiver. */
  private takeTurn(
    { tenantId, channel, accountId }: Try,
    { account, step, message }: Prepared,
  ): Promise<Turn> {
    const limited = !this.accounts.isSimulator(account);
    const pair =
      limited && channel === 'whatsapp'
        ? this.vault.receiverRef(tenantId, readReceiver(message.to).canonical)
        : undefined;
    return this.turns.take(accountId, { senderId: step.senderId, pair, limited });
  }

  /** Whether a later step of the plan could take over; never from a message that may have arrived. */
  private async canPass({ challengeId, number, duplicatePossible }: Try): Promise<boolean> {
    return !duplicatePossible && (await this.followUps.couldFollow(challengeId, number));
  }

  /** What became of a try that nobody knows the outcome of, as far as it can be told; undefined: send it again. */
  private async resolve(current: Try, { account, step }: Prepared): Promise<SendResult | undefined> {
    const correlation = renderCorrelation({
      ...current,
      attempt: current.attempt - 1,
      duplicatePossible: false,
    });
    const asked = await account.provider.lookUp?.(
      correlation,
      account.config,
      this.accounts.context(account),
    );
    if (asked && 'found' in asked && asked.found)
      return { outcome: 'accepted', providerMessageId: asked.providerMessageId };
    const certainlyLost = asked !== undefined && 'found' in asked;
    return certainlyLost || (step.onUnknown ?? 'resend') === 'resend' ? undefined : UNRESOLVED;
  }

  private async send(
    current: Try,
    { account, message, digest }: Prepared,
    claimedAt: number,
  ): Promise<SendResult | undefined> {
    if (performance.now() - claimedAt > LEASE_MS) {
      this.logger.warn(
        { message: this.nameOf(current) },
        'lost the lease before sending; another worker has the message',
      );
      return undefined;
    }
    if (digest !== undefined && !(await this.questions.noteShown(current, digest))) return undefined;
    const renewal = setInterval(() => {
      this.messages
        .claim(current.challengeId, current.number, current.token, {
          leaseMs: LEASE_MS,
          leastLifeMs: 0,
          maxAttempts: MAX_ATTEMPTS,
        })
        .catch(() => undefined);
    }, RENEW_MS);
    try {
      return await account.provider.send(message, account.config, this.accounts.context(account));
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
    result: TryResult,
    prepared: Prepared | undefined,
    claimedAt: number,
  ): Promise<void> {
    const elapsedMs = performance.now() - claimedAt;
    const decided = this.decide(current, result, elapsedMs);
    const provider = prepared?.account.provider.id ?? 'none';
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
    const believeEarly =
      prepared && decided.providerMessageId !== undefined
        ? await this.noteProviderId(current, prepared.account, decided.providerMessageId)
        : undefined;
    const reply = await this.messages.settle({
      challengeId,
      number,
      token,
      ...decided,
      watchMs: (prepared?.step.fallbackAfterSeconds ?? 0) * 1_000,
      dropMs: prepared?.dropMs,
      suppressMs: saysUnreachable(result) ? SUPPRESS_MS : 0,
      followUnresolved: result !== UNRESOLVED || prepared?.step.onUnknown === 'failover',
    });
    if (prepared && result.outcome === 'accepted' && result.reachedAddress !== undefined)
      await this.noteAlias(current, prepared.message.to, result.reachedAddress);
    await believeEarly?.();
    if (reply.outcome !== 'settled') return;
    if (reply.nextStepOwed)
      await this.followUps.follow(challengeId, number, result === SUPPRESSED ? 'suppressed' : 'failed');
    else if (decided.outcome === 'retry')
      await this.queue.add(current.channel, challengeId, number, current.attempt + 1, {
        delayMs: decided.afterMs,
      });
    else if (decided.outcome === 'postponed')
      await this.queue.add(current.channel, challengeId, number, current.attempt, {
        delayMs: decided.afterMs,
        postponed: token,
      });
  }

  /** Retries only inside the code's life and the attempts allowed; an unknown is left to the receipts first. */
  private decide(
    current: Try,
    result: TryResult,
    elapsedMs: number,
  ): { outcome: TryOutcome; reason?: string; providerMessageId?: string; afterMs?: number } {
    switch (result.outcome) {
      case 'accepted':
        return { outcome: 'accepted', providerMessageId: result.providerMessageId };
      case 'rejected':
        return { outcome: 'rejected', reason: result.reason };
      case 'unknown':
        if (result === UNRESOLVED) return { outcome: 'unresolved', reason: result.reason };
        return {
          outcome: 'unknown',
          reason: result.reason,
          afterMs: Math.max(0, Math.round(RECEIPT_WAIT_MS - elapsedMs)),
        };
      case 'postponed':
      case 'retry': {
        const backOff = BACK_OFF_MS[Math.min(current.attempt, BACK_OFF_MS.length) - 1]!;
        const afterMs = Math.round((result.afterMs ?? backOff) * (1 + randomInt(500) / 1_000));
        const lifeLeft = current.expiresAt - current.now - elapsedMs;
        const spent = result.outcome === 'retry' && current.attempt >= MAX_ATTEMPTS;
        if (spent || afterMs > lifeLeft - Math.min(LEAST_LIFE_MS, lifeLeft / 5))
          return { outcome: current.duplicatePossible ? 'unresolved' : 'rejected', reason: result.reason };
        return { outcome: result.outcome, reason: result.reason, afterMs };
      }
    }
  }

  /** Asked again here: a switch also stops what was queued before it (FR-16). */
  private isSwitchedOff({ tenantId, channel, accountId }: Try, address: string): boolean {
    const { canonical, country } = readReceiver(address);
    const send = { tenantId, channel, country, prefix: prefixOf(canonical), accountId };
    return this.switches.blocked(send) !== undefined;
  }

  /** After the message is settled: what is sent must not look unsent because a counter could not be moved. */
  private async noteAlias({ tenantId }: Try, address: string, reached: string): Promise<void> {
    await this.aliases
      .note(tenantId, address, reached)
      .catch((error: unknown) =>
        this.logger.warn({ error: describeError(error) }, 'alias not noted; the next message tells it again'),
      );
  }

  /** The address of this message's channel: the receiver's own, or the one given for later steps. */
  private addressOf({ tenantId, challengeId, record, channel }: Try): string | undefined {
    try {
      return receiverFor(channel, this.vault.openReceivers(tenantId, challengeId, record))?.address;
    } catch (error) {
      if (error instanceof RetiredKey) return undefined;
      throw error;
    }
  }

  private nameOf({ challengeId, number }: Try): string {
    return `${renderNative('challenge', challengeId)}/${number}`;
  }
}

function isQuestion({ record }: Try): boolean {
  return record.get('k') === LETTER_OF_KIND.confirm;
}

const TEST_NUMBER = 'test-number';
const BREAKER_OPEN = 'breaker_open';
const ANY = new Set(['*']);
/** Nobody knows, and the step says that it must not be sent again. */
const UNRESOLVED: SendResult = { outcome: 'unknown', reason: 'outcome_unknown' };

/** Not handed over: a provider said not long ago that this channel does not reach the receiver. */
const SUPPRESSED: SendResult = { outcome: 'rejected', reason: 'suppressed', failure: 'receiver' };

/** A provider's own word, which our passing over is not: that must not prolong itself. */
function saysUnreachable(result: TryResult): boolean {
  return result !== SUPPRESSED && result.outcome === 'rejected' && result.failure === 'receiver';
}

function refuse(reason: string, failure: 'bug' | 'account' | 'template'): Refused {
  return { refused: { outcome: 'rejected', reason, failure } };
}

/**
 * A provider drops what it could not deliver within the template's TTL, and says nothing. A template without one, or
 * with the longest (-1), tells nothing: those of before October 2024 live for thirty days.
 */
function dropAfter(
  template: PublishedTemplate | undefined,
  language: string | undefined,
  bufferMs: number,
): number {
  const ttl = template?.languages.find((entry) => entry.language === language)?.ttlSeconds ?? 0;
  return ttl > 0 ? ttl * 1_000 + bufferMs : 0;
}

/** A link goes out in the button of a template with words of its own; a code in the places that are made for it. */
function templateUse(
  { name }: PublishedTemplate,
  language: string,
  { link }: Carried,
): OutboundMessage['template'] {
  return link ? { name, language, category: 'UTILITY', urlSuffix: link.suffix } : { name, language };
}

/** `msg_….<attempt>`, with `.d` when an earlier try may have arrived: what receipts echo. */
function renderCorrelation({
  challengeId,
  number,
  attempt,
  duplicatePossible,
}: Pick<Try, 'challengeId' | 'number' | 'attempt' | 'duplicatePossible'>): string {
  return `${renderNative('message', messageIdOf(challengeId, number))}.${attempt}${duplicatePossible ? '.d' : ''}`;
}

function parseCorrelation(text: string | undefined): Identifier | undefined {
  return parseNative('message', text?.split('.', 1)[0]);
}
