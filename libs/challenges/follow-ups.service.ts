import { Injectable } from '@nestjs/common';
import { GeneratorsService, type PublishedGenerator } from '#generators';
import type { Channel } from '#providers';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { type Identifier, partitionOf } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import { EarlierProofs } from './earlier-proofs.js';
import { MessageStore, type NextStep, type RoutedMessage } from './hot-store/message-store.js';
import type { Receivers } from './addresses.js';
import { type Route, RoutePlanner } from './route-planner.js';
import { SendQueue } from './send-queue.js';

type Cause = 'failed' | 'silent';

/** Lets the next step of a plan follow a message that failed or stays silent: same code, same challenge. */
@Injectable()
export class FollowUpsService {
  private readonly logger = loggerFor('follow-ups');

  constructor(
    private readonly messages: MessageStore,
    private readonly vault: CodeVault,
    private readonly generators: GeneratorsService,
    private readonly planner: RoutePlanner,
    private readonly queue: SendQueue,
    private readonly proofs: EarlierProofs,
  ) {}

  /** Whether a later step of the plan could take over from this message now. */
  async couldFollow(challengeId: Identifier, number: number): Promise<boolean> {
    return (await this.lookAhead(challengeId, number, 'failed'))?.next !== undefined;
  }

  /** Safe to repeat and to race: the script follows a message once, and only one that is owed a successor. */
  async follow(challengeId: Identifier, number: number, cause: Cause): Promise<void> {
    const found = await this.lookAhead(challengeId, number, cause);
    if (!found) return;
    const { current, generator, next } = found;
    // 0 is no bound: a test key's challenges have none (as when they are opened).
    const most = generator && current.mode === 'live' ? generator.resend.maxMessages : 0;
    const reply = await this.messages.follow(challengeId, number, next, most);
    if (reply.outcome !== 'followed') return;
    const channel = generator!.plan[next!.step]!.channel as Channel;
    await this.queue.add(channel, challengeId, reply.number, 1);
  }

  private async lookAhead(
    challengeId: Identifier,
    number: number,
    cause: Cause,
  ): Promise<
    | { current: RoutedMessage; generator: PublishedGenerator | undefined; next: NextStep | undefined }
    | undefined
  > {
    const current = await this.messages.routed(challengeId, number);
    if (!current) return undefined;
    const generator = await this.generators.loadVersion(current.generator);
    const isLast = generator === undefined || current.step + 1 >= generator.plan.length;
    const next = isLast ? undefined : await this.nextStep(challengeId, current, generator, cause);
    return { current, generator, next };
  }

  private async nextStep(
    challengeId: Identifier,
    current: RoutedMessage,
    generator: PublishedGenerator,
    cause: Cause,
  ): Promise<NextStep | undefined> {
    const receivers = this.receiversOf(challengeId, current);
    if (!receivers) return undefined;
    const { mode, language, purpose } = current;
    const route = await this.planner.choose({
      generator,
      mode,
      receivers,
      purpose,
      language,
      from: current.step + 1,
    });
    if (route instanceof Problem) return undefined;
    if (await this.unproven(challengeId, current, generator, route)) return undefined;
    return {
      channelLetter: LETTER_OF_CHANNEL[route.step.channel as Channel],
      accountId: route.step.accountId,
      step: route.stepNumber,
      language: route.language,
      route: route.reason === 'plan' ? `fallback:${cause}` : `fallback:${cause},${route.reason}`,
    };
  }

  /** STD-12: a fallback to SMS is as little proof as an SMS that was asked for. */
  private async unproven(
    challengeId: Identifier,
    { tenantId, purpose, record }: RoutedMessage,
    generator: PublishedGenerator,
    { step }: Route,
  ): Promise<boolean> {
    const claims = { generator, purpose, channel: step.channel };
    if (!this.proofs.needed(claims)) return false;
    const receiverName = `${tenantId}:${record.get('i')!.split(':', 1)[0]!}`;
    return (
      (await this.proofs.refusal(tenantId, {
        ...claims,
        partition: partitionOf(challengeId),
        receiverName,
      })) !== undefined
    );
  }

  private receiversOf(challengeId: Identifier, { tenantId, record }: RoutedMessage): Receivers | undefined {
    try {
      return this.vault.openReceivers(tenantId, challengeId, record);
    } catch (error) {
      if (!(error instanceof RetiredKey)) throw error;
      this.logger.error(
        { kid: error.kid },
        'a receiver was sealed under a key that is gone; nothing follows',
      );
      return undefined;
    }
  }
}
