import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { SwitchesService } from '#limits';
import {
  AccountsService,
  type ChatMessage,
  CircuitBreakers,
  type LoadedAccount,
  type SendResult,
  SendTurns,
} from '#providers';
import { Clock } from '#platform/clock';
import { RetiredKey } from '#platform/crypto';
import { renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { RedisConnection } from '#platform/redis';
import { readReceiver } from '../addresses.js';
import { prefixOf } from '../admission.js';
import { CodeVault } from '../code-vault.js';
import { ChatQueue, type SendChatJob } from './chat-queue.js';
import { ChatVault } from './chat-vault.js';

const PROVIDER_DEADLINE_MS = 10_000;
const MOST_ATTEMPTS = 4;
const BACK_OFF_MS = [1_000, 2_000, 4_000];
/** As long as a webhook may be repeated. */
const SAID_SECONDS = 7 * 86_400;

/** Not handed to the provider, and never will be. */
interface Dropped {
  outcome: 'dropped';
  reason: string;
}
type Result = SendResult | Dropped;

/** Says one reply, at most once: a try that nobody knows the outcome of is not repeated. */
@Injectable()
export class ChatDeliveries {
  private readonly logger = loggerFor('chat');

  constructor(
    private readonly accounts: AccountsService,
    private readonly breakers: CircuitBreakers,
    private readonly turns: SendTurns,
    private readonly switches: SwitchesService,
    private readonly codeVault: CodeVault,
    private readonly vault: ChatVault,
    private readonly queue: ChatQueue,
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  async attempt(job: SendChatJob): Promise<void> {
    const startedAt = performance.now();
    const account = await this.accounts.load(job.accountId);
    const result = account ? await this.say(job, account) : dropped('account_missing');
    const afterMs = this.delayOf(job, result);
    this.report(job, account, result, Math.round(performance.now() - startedAt));
    if (afterMs !== undefined) await this.queue.add({ ...job, attempt: job.attempt + 1 }, afterMs);
  }

  private async say(job: SendChatJob, account: LoadedAccount): Promise<Result> {
    const message = this.messageOf(job, account);
    if ('outcome' in message) return message;
    const held = await this.hold(job, account, message.to);
    if (held) return held;
    if (!(await this.claim(job.name))) return dropped('said_before');
    const result = await this.send(account, message);
    // Only what was certainly not taken may be said again.
    if (result.outcome === 'retry') await this.release(job.name);
    this.breakers.note(account.id, result);
    return result;
  }

  private messageOf(job: SendChatJob, account: LoadedAccount): ChatMessage | Dropped {
    const lifeMs = job.until - this.clock.now();
    if (lifeMs <= 0) return dropped('late');
    const sender = account.senders.find(({ id }) => id === job.senderId);
    if (!sender) return dropped('sender_missing');
    if (!account.provider.chat?.channels.includes(job.channel)) return dropped('channel_not_offered');
    try {
      const words = this.vault.open(account.id, job.name, job.sealed);
      const { address, externalId } = sender;
      return {
        channel: job.channel,
        from: { address, externalId },
        ...words,
        deadlineMs: Math.min(PROVIDER_DEADLINE_MS, lifeMs),
      };
    } catch (error) {
      if (error instanceof RetiredKey) return dropped('key_retired');
      throw error;
    }
  }

  /** What speaks against saying it now: a switch, the sender's rate, an open breaker. */
  private async hold(job: SendChatJob, account: LoadedAccount, to: string): Promise<Result | undefined> {
    const { tenantId, id: accountId } = account;
    const { canonical, country } = readReceiver(to);
    const send = { tenantId, channel: job.channel, country, prefix: prefixOf(canonical), accountId };
    if (this.switches.blocked(send)) return dropped('switched_off');
    const limited = !this.accounts.isSimulator(account);
    const pair =
      limited && job.channel === 'whatsapp' ? this.codeVault.receiverRef(tenantId, canonical) : undefined;
    const turn = await this.turns.take(accountId, { senderId: job.senderId, pair, limited });
    if (!turn.taken) return { outcome: 'retry', reason: 'own_rate', afterMs: turn.waitMs };
    if (turn.waitMs > 0) await wait(turn.waitMs);
    const waitMs = await this.breakers.admit(accountId);
    return waitMs > 0 ? { outcome: 'retry', reason: 'breaker_open', afterMs: waitMs } : undefined;
  }

  private async send(account: LoadedAccount, message: ChatMessage): Promise<SendResult> {
    try {
      return await account.provider.chat!.send(message, account.config, this.accounts.context(account));
    } catch (error) {
      // An adapter returns what happened; what it throws is a bug of ours, after which nobody knows.
      this.logger.error({ provider: account.provider.id, error: describeError(error) }, 'adapter threw');
      return { outcome: 'unknown', reason: 'adapter_error' };
    }
  }

  private async claim(name: string): Promise<boolean> {
    return (await this.redis.client.set(saidKey(name), '1', 'EX', SAID_SECONDS, 'NX')) === 'OK';
  }

  private async release(name: string): Promise<void> {
    await this.redis.client.del(saidKey(name));
  }

  /** Undefined when it is not tried again: it was said, it must not be, or nobody would wait for it. */
  private delayOf({ attempt, until }: SendChatJob, result: Result): number | undefined {
    if (result.outcome !== 'retry' || attempt >= MOST_ATTEMPTS) return undefined;
    const afterMs = result.afterMs ?? BACK_OFF_MS[attempt - 1]!;
    return this.clock.now() + afterMs < until ? afterMs : undefined;
  }

  private report(
    { channel, attempt }: SendChatJob,
    account: LoadedAccount | undefined,
    { outcome, ...result }: Result,
    ms: number,
  ): void {
    const provider = account?.provider.id ?? 'none';
    this.metrics.chatReplies.inc({ provider, channel, outcome });
    const reason = 'reason' in result ? result.reason : undefined;
    this.logger.info(
      {
        account: account && renderNative('account', account.id),
        provider,
        channel,
        attempt,
        outcome,
        reason,
        ms,
      },
      'chat.attempted',
    );
  }
}

function dropped(reason: string): Dropped {
  return { outcome: 'dropped', reason };
}

function saidKey(name: string): string {
  return `{chat:${name}}`;
}
