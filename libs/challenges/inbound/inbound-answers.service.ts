import { Injectable } from '@nestjs/common';
import { Metrics } from '#platform/metrics';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import { type Answered, InboundStore } from '../hot-store/inbound-store.js';
import { assuranceOf } from './assurance.js';
import { InboundConversation, type Pressed } from './inbound-conversation.js';
import type { Wrote } from './inbound-people.js';
import type { Heard } from './inbound-reader.js';
import { type InboundRecord, InboundRecords } from './inbound-records.js';
import { inboundTexts } from './inbound-texts.js';
import { readReply } from './reply-words.js';
import { TokenVault } from './token-vault.js';

type Said = 'right' | 'wrong' | 'no';

const NUMBER = /^[\s"'.,;:!#()*-]*(\d\d)[\s"'.,;:!()*-]*$/;
/** What nobody understands is asked again twice, then left alone. */
const MOST_UNCLEAR = 2;
const UNCLEAR_MS = 3_600_000;

/** What a receiver says to the question that they were asked in the chat. */
@Injectable()
export class InboundAnswers {
  constructor(
    private readonly store: InboundStore,
    private readonly records: InboundRecords,
    private readonly tokens: TokenVault,
    private readonly conversation: InboundConversation,
    private readonly metrics: Metrics,
  ) {}

  /** A button names its challenge, so that one of an older question answers that one alone. */
  async pressed(heard: Heard, wrote: Wrote, { challengeId, answer }: Pressed): Promise<void> {
    const record = await this.records.read(wrote.writing.tenantId, challengeId);
    if (!record) return this.conversation.say(heard, inboundTexts('en').late);
    if (record.challenge.received?.channel !== heard.notice.channel) return;
    const said = answer === 'yes' ? 'right' : answer === 'no' ? 'no' : this.judge(record, answer);
    await this.answer(heard, wrote, record, said);
  }

  /** False when the person was asked nothing that these words could be about. */
  async typed(heard: Heard, wrote: Wrote, text: string): Promise<boolean> {
    const id = await this.store.askedAbout(wrote.writing);
    const record = id === undefined ? undefined : await this.records.read(wrote.writing.tenantId, id);
    if (!record) return false;
    const said = this.understand(record, text);
    if (said !== undefined) {
      await this.answer(heard, wrote, record, said);
      return true;
    }
    if (record.challenge.state !== 'pending') return false;
    if ((await this.store.unclear(record.challenge.id, UNCLEAR_MS)) <= MOST_UNCLEAR)
      await this.conversation.ask(heard, record, inboundTexts(record.language).unclear);
    return true;
  }

  /** Who is asked and says STOP has said no; that they are told as what STOP means. */
  async stop({ notice }: Heard, { writing }: Wrote): Promise<void> {
    const id = await this.store.askedAbout(writing);
    if (id === undefined) return;
    await this.store.answer(id, writing, 'no', {
      ch: LETTER_OF_CHANNEL[notice.channel],
      pid: notice.providerMessageId,
      as: assuranceOf(notice.channel),
    });
  }

  async answer(heard: Heard, wrote: Wrote, record: InboundRecord, said: Said): Promise<void> {
    const { channel, providerMessageId } = heard.notice;
    const consents = said === 'right' && record.options.purpose === 'consent';
    const answered = await this.store.answer(record.challenge.id, wrote.writing, said, {
      ch: LETTER_OF_CHANNEL[channel],
      pid: providerMessageId,
      as: assuranceOf(channel),
      cs: consents ? '1' : undefined,
    });
    this.metrics.checks.inc({ verdict: answered.verdict });
    if (answered.verdict === 'approved' && consents) await this.store.forgetStop(wrote.writing);
    await this.tell(heard, record, answered, said);
  }

  private async tell(heard: Heard, record: InboundRecord, answered: Answered, said: Said): Promise<void> {
    const texts = inboundTexts(record.language);
    const login = record.options.purpose === 'login';
    switch (answered.verdict) {
      case 'wrong':
        return this.conversation.ask(heard, record, texts.wrongNumber);
      case 'locked':
        return this.conversation.say(heard, texts.noMoreNumbers);
      case 'approved':
      case 'denied':
      case 'repeated': {
        const [yes, no] = login ? [texts.signedIn, texts.notSignedIn] : [texts.agreed, texts.refused];
        return this.conversation.say(heard, said === 'no' ? no : yes);
      }
      case 'ended':
        return this.conversation.say(heard, answered.state === 'approved' ? texts.used : texts.late);
      case 'unknown':
        return;
    }
  }

  private understand(record: InboundRecord, text: string): Said | undefined {
    const reply = readReply(text, record.language);
    if (reply === 'no') return 'no';
    if (record.options.purpose === 'consent') return reply === 'yes' ? 'right' : undefined;
    const [, number] = NUMBER.exec(text) ?? [];
    return number === undefined ? undefined : this.judge(record, number);
  }

  private judge({ challenge }: InboundRecord, number: string): Said {
    return number === this.tokens.numbers(challenge.id).right ? 'right' : 'wrong';
  }
}
