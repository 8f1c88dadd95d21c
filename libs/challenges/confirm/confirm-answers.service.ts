import { createHash } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DEFAULT_CONFIRM_RULES } from '#generators';
import type { ChatButton } from '#providers';
import { loggerFor } from '#platform/logging';
import { renderNative } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { RedisWatch } from '#platform/redis';
import { ApprovalsService } from '../approvals.service.js';
import { ChatReplies } from '../chat/chat-replies.service.js';
import { type AnswerReply, QuestionStore, type SaidToQuestion } from '../hot-store/question-store.js';
import { InboundMessagesService } from '../inbound/inbound-messages.service.js';
import { answerTo, type Heard, type InboundReader } from '../inbound/inbound-reader.js';
import { AnswerPayloads } from './answer-payloads.js';
import { type ConfirmTexts, confirmTexts, fillText } from './confirm-texts.js';
import { type Found, type Question, QuestionFinder } from './question-finder.js';

/**
 * Hears the answers to questions of kind `confirm`. Only the person who was asked decides one, through the sender that
 * asked; silence and whatever is not certainly a yes or a no leave it as it is.
 */
@Injectable()
export class ConfirmAnswersService implements InboundReader, OnApplicationBootstrap {
  private readonly logger = loggerFor('confirm');

  constructor(
    private readonly inbound: InboundMessagesService,
    private readonly finder: QuestionFinder,
    private readonly store: QuestionStore,
    private readonly approvals: ApprovalsService,
    private readonly replies: ChatReplies,
    private readonly payloads: AnswerPayloads,
    private readonly metrics: Metrics,
    private readonly redisWatch: RedisWatch,
  ) {}

  /** After those that look for words of their own: what is said while a question is open is held for an answer to it. */
  onApplicationBootstrap(): void {
    this.inbound.register(this);
  }

  async read(heard: Heard): Promise<boolean> {
    const distrusted = heard.notice.changed === true && (await this.distrust(heard));
    const found = await this.finder.find(heard);
    if (!found) return distrusted;
    this.redisWatch.refuseAfterRollback();
    if ('past' in found) await this.say(heard, confirmTexts(found.past.language).tooLate);
    else if ('several' in found) await this.askWhich(heard, found.several);
    else await this.take(heard, found);
    return true;
  }

  private async take(
    heard: Heard,
    { question, by, said }: Extract<Found, { question: Question }>,
  ): Promise<void> {
    const why = said === undefined ? 'not_understood' : undefined;
    const reply = await this.answer(heard, question, { said: said ?? 'unclear', by, why });
    const texts = confirmTexts(question.language);
    switch (reply.verdict) {
      case 'approved':
        return this.say(heard, texts.yesTaken);
      case 'denied':
        return this.say(heard, texts.noTaken);
      case 'repeated':
        return this.say(heard, reply.state === 'denied' ? texts.noTaken : texts.yesTaken);
      case 'ended':
        return this.say(heard, wasAnswered(reply) ? texts.answeredBefore : texts.tooLate);
      case 'untrusted':
        return this.say(heard, texts.notTrusted);
      case 'unclear':
        return reply.again ? this.askAgain(heard, question, texts) : undefined;
      // Approving was settled; unknown was never asked.
      default:
        return undefined;
    }
  }

  private async answer(
    heard: Heard,
    question: Question,
    words: Pick<SaidToQuestion, 'said' | 'by' | 'why'>,
  ): Promise<AnswerReply> {
    const { account, notice } = heard;
    const operation = operationOf(heard);
    const { askAgain } = question.generator.confirm ?? DEFAULT_CONFIRM_RULES;
    const reply = await this.store.answer({
      challengeId: question.id,
      tenantId: account.tenantId,
      operation,
      number: question.number,
      askAgain,
      ...words,
    });
    const settled = reply.verdict === 'approving' ? await this.record(heard, question, operation) : reply;
    this.metrics.checks.inc({ verdict: settled.verdict });
    this.logger.info(
      {
        challenge: renderNative('challenge', question.id),
        channel: notice.channel,
        by: words.by,
        verdict: settled.verdict,
        why: words.why,
      },
      'question.answered',
    );
    return settled;
  }

  /** Strict approval: throws while PostgreSQL is away, so that the provider tells us again. */
  private async record({ account }: Heard, { id }: Question, operation: string): Promise<AnswerReply> {
    const { verdict, state } = await this.approvals.approve(account.tenantId, id, operation);
    const approved = verdict === 'approved' || verdict === 'repeated';
    return { verdict: approved ? verdict : 'ended', state, again: false };
  }

  private async askWhich(heard: Heard, open: readonly Question[]): Promise<void> {
    const noted = await Promise.all(
      open.map((question) => this.answer(heard, question, { said: 'unclear', by: 'text', why: 'which_one' })),
    );
    const [first] = open;
    if (!first || !noted.some(({ again }) => again)) return;
    const texts = confirmTexts(first.language);
    const { reference } = first;
    await this.say(
      heard,
      hasButtons(heard) ? texts.whichOneButtons : fillText(texts.whichOne, { reference }),
    );
  }

  /** Where there are buttons they are shown again, and bring the same as those of the question. */
  private askAgain(
    heard: Heard,
    { id: challengeId, number, reference }: Question,
    texts: ConfirmTexts,
  ): Promise<void> {
    if (!hasButtons(heard)) return this.say(heard, fillText(texts.notUnderstood, { reference }));
    const { account, sender } = heard;
    const asked = { tenantId: account.tenantId, senderId: sender.id, challengeId, number };
    return this.say(
      heard,
      texts.notUnderstoodButtons,
      (['yes', 'no'] as const).map((answer) => ({
        payload: this.payloads.write(asked, answer),
        title: texts.buttons[answer],
      })),
    );
  }

  /** Another phone or another person may have the number now: no yes is believed that comes after. */
  private async distrust(heard: Heard): Promise<boolean> {
    const open = (await this.finder.asked(heard)).filter(({ state }) => state === 'pending');
    for (const question of open)
      await this.answer(heard, question, { said: 'distrust', by: 'text', why: 'identity_changed' });
    return open.length > 0;
  }

  private async say(heard: Heard, text: string, buttons?: readonly ChatButton[]): Promise<void> {
    await this.replies.say(answerTo(heard, 'confirm', text, buttons));
  }
}

function hasButtons({ account, notice }: Heard): boolean {
  return account.provider.chat?.buttonChannels.includes(notice.channel) ?? false;
}

function wasAnswered({ state }: AnswerReply): boolean {
  return state === 'approved' || state === 'approving' || state === 'denied';
}

/** One message says one thing, however often it is told. */
function operationOf({ account, notice }: Heard): string {
  return createHash('sha256')
    .update(`${account.id}:${notice.providerMessageId}`)
    .digest('base64url')
    .slice(0, 22);
}
