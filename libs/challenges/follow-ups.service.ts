import { Injectable } from '@nestjs/common';
import { GeneratorsService, type PublishedGenerator } from '#generators';
import { LimitsService } from '#limits';
import type { Channel } from '#providers';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { type Identifier, messageId, partitionOf } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { Admissions, type SentElsewhere, type Subject } from './admission.js';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import { startOfRun } from './conversion/equal-accounts.js';
import { EarlierProofs } from './earlier-proofs.js';
import {
  type FollowLimits,
  type FollowReply,
  MessageStore,
  type NextStep,
  type RefusedStep,
  type RoutedMessage,
} from './hot-store/message-store.js';
import type { Receivers } from './addresses.js';
import { profileOf, UNLIMITED } from './limits.js';
import { reasonOf } from './refusals.service.js';
import { PLAN, type Route, RoutePlanner } from './route-planner.js';
import { SendQueue } from './send-queue.js';

type Cause = 'failed' | 'silent' | 'dropped' | 'suppressed';

/** A message that a step of its plan may follow. */
interface Followed {
  challengeId: Identifier;
  number: number;
  cause: Cause;
  current: RoutedMessage;
  generator: PublishedGenerator | undefined;
}

/** What one look at a followed message came to. */
type Followup =
  { opened: { sent: boolean; id: Identifier; sends: number; reply: FollowReply } } | SentElsewhere;

/**
 * Lets the next step of a plan follow a message that failed, was dropped or stays silent: same code, same challenge. It is a message
 * like any other to limits, budgets and switches; a step that they refuse is passed over, and told in the timeline.
 */
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
    private readonly limits: LimitsService,
    private readonly admissions: Admissions,
  ) {}

  /** Whether a later step of the plan could take over from this message now. */
  async couldFollow(challengeId: Identifier, number: number): Promise<boolean> {
    const followed = await this.load(challengeId, number, 'failed');
    if (!followed || !(await this.nextRoute(followed))) return false;
    return this.messages.allowsFollow(challengeId, await this.limitsOf(followed));
  }

  /** Safe to repeat and to race: the script follows a message once, and only one that is owed a successor. */
  async follow(challengeId: Identifier, number: number, cause: Cause): Promise<void> {
    const followed = await this.load(challengeId, number, cause);
    if (!followed) return;
    const limits = await this.limitsOf(followed);
    const refused: RefusedStep[] = [];
    const passed = new Set<number>();
    let route = await this.nextRoute(followed, passed);
    while (route) {
      if (await this.admitted(followed, route, limits, refused)) return;
      route = await this.nextRoute(followed, passed.add(route.stepNumber));
    }
    await this.addNext(followed, undefined, limits, refused);
  }

  /** False when switches or shared limits refuse this step: a later one may go another way. */
  private async admitted(
    followed: Followed,
    route: Route,
    limits: FollowLimits,
    refused: RefusedStep[],
  ): Promise<boolean> {
    const subject = subjectOf(followed.current, route);
    const channel = route.step.channel as Channel;
    const result = await this.admissions.guard<Followup>(
      subject,
      // The same for whoever follows this message by this step: it counts once.
      `${messageId(followed.challengeId, followed.number)}-${route.stepNumber}`,
      () => this.addNext(followed, route, limits, refused),
      async ({ code }) =>
        void refused.push({ channelLetter: LETTER_OF_CHANNEL[channel], why: reasonOf(code) }),
    );
    if ('refused' in result) return false;
    if ('sentElsewhere' in result || result.opened.reply.outcome !== 'followed') return true;
    const { number, shadowed } = result.opened.reply;
    if (shadowed) this.admissions.tellShadowed(subject);
    await this.queue.add(channel, followed.challengeId, number, 1);
    return true;
  }

  private async addNext(
    { challengeId, number, cause }: Followed,
    route: Route | undefined,
    limits: FollowLimits,
    refused: readonly RefusedStep[],
  ): Promise<Followup> {
    const next = route && toNextStep(route, cause);
    const reply = await this.messages.follow(challengeId, number, next, limits, refused);
    if (reply.outcome === 'not_owed' && reply.settled) return { sentElsewhere: true };
    const sends = reply.outcome === 'followed' ? reply.number : 0;
    return { opened: { sent: sends > 0, id: challengeId, sends, reply } };
  }

  private async load(challengeId: Identifier, number: number, cause: Cause): Promise<Followed | undefined> {
    const current = await this.messages.routed(challengeId, number);
    if (!current) return undefined;
    const generator = await this.generators.loadVersion(current.generator);
    return { challengeId, number, cause, current, generator };
  }

  /** What a test key or a test number asked for is unlimited, as when it was opened. */
  private async limitsOf({ current, generator }: Followed): Promise<FollowLimits> {
    const { tenantId, mode, testNumber } = current;
    const profile = testNumber
      ? UNLIMITED
      : profileOf(mode, await this.limits.receiverLimits(tenantId, mode));
    return {
      maxMessages: generator && profile.maxMessages ? generator.resend.maxMessages : 0,
      receiver: profile.receiver,
    };
  }

  /** The step that would follow, leaving out those that were refused and `passed`. */
  private async nextRoute(
    { challengeId, current, generator }: Followed,
    passed: ReadonlySet<number> = new Set(),
  ): Promise<Route | undefined> {
    if (generator === undefined) return undefined;
    const receivers = this.receiversOf(challengeId, current);
    if (!receivers) return undefined;
    const { mode, language, purpose } = current;
    const route = await this.planner.choose({
      generator,
      mode,
      receivers,
      purpose,
      language,
      ...stepsLeft(generator, current, passed),
    });
    if (route instanceof Problem) return undefined;
    return (await this.unproven(challengeId, current, generator, route)) ? undefined : route;
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

/**
 * Where the plan goes on: after the step that was taken. Of equal accounts the second may have been the first, so there
 * it goes on with those that were not tried, wherever they stand among their equals.
 */
function stepsLeft(
  { plan, routing }: PublishedGenerator,
  { step, tried }: RoutedMessage,
  passed: ReadonlySet<number>,
): { from: number; except: ReadonlySet<number> } {
  if (routing !== 'conversion') return { from: step + 1, except: passed };
  return { from: startOfRun(plan, step), except: new Set([...tried, ...passed]) };
}

/** What shared limits and switches judge it by. A test number is sent nothing, so nothing limits it. */
function subjectOf({ tenantId, mode, testNumber, purpose }: RoutedMessage, { step, to }: Route): Subject {
  const { channel, accountId } = step;
  return { tenantId, mode: testNumber ? 'test' : mode, to, channel, accountId, purpose, followUp: true };
}

function toNextStep({ step, stepNumber, language, reason }: Route, cause: Cause): NextStep {
  return {
    channelLetter: LETTER_OF_CHANNEL[step.channel as Channel],
    accountId: step.accountId,
    step: stepNumber,
    language,
    route: reason === PLAN ? `fallback:${cause}` : `fallback:${cause},${reason}`,
  };
}
