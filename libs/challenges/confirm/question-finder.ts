import { Injectable } from '@nestjs/common';
import { GeneratorsService, type PublishedGenerator } from '#generators';
import { type Identifier, splitMessageId } from '#platform/identifiers';
import { RetiredKey } from '#platform/crypto';
import { parsePhone } from '#platform/phone';
import { ChallengeHistory } from '../challenge-history.js';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';
import { readReceiver } from '../addresses.js';
import { CodeVault, joinSealed } from '../code-vault.js';
import { HotStore } from '../hot-store/hot-store.js';
import { ProviderMessageIds } from '../hot-store/provider-message-ids.js';
import { type AnsweredBy, QuestionStore } from '../hot-store/question-store.js';
import type { Heard } from '../inbound/inbound-reader.js';
import { LETTER_OF_KIND } from '../kind-letters.js';
import { ReceiverAliases } from '../receiver-aliases.js';
import { AnswerPayloads } from './answer-payloads.js';
import { readReply, type Reply } from './reply-words.js';

/** A question as the person who answers knows it. */
export interface Question {
  id: Identifier;
  /** The message of it that was answered. */
  number: number;
  state: ChallengeState;
  endedAt: number;
  language: string | undefined;
  reference: string;
  generator: PublishedGenerator;
}

/** What a person's words are about. `said` is missing where they are neither yes nor no. */
export type Found =
  | { question: Question; by: AnsweredBy; said: Reply['answer'] | undefined }
  /** The words fit several open questions. */
  | { several: Question[] }
  /** Asked so long ago that only history knows it. */
  | { past: { language: string | undefined } };

/** Finds the question that somebody answers: by its button, by the message that they quote, else by their number. */
@Injectable()
export class QuestionFinder {
  constructor(
    private readonly hotStore: HotStore,
    private readonly store: QuestionStore,
    private readonly providerIds: ProviderMessageIds,
    private readonly history: ChallengeHistory,
    private readonly payloads: AnswerPayloads,
    private readonly vault: CodeVault,
    private readonly aliases: ReceiverAliases,
    private readonly generators: GeneratorsService,
  ) {}

  /** Undefined when it is about no question that this person was asked through this sender. */
  async find(heard: Heard): Promise<Found | undefined> {
    const { account, sender, notice } = heard;
    const pressed = this.payloads.read(notice.payload, { tenantId: account.tenantId, senderId: sender.id });
    if (pressed) {
      const question = await this.load(heard, pressed.challengeId, pressed.number);
      if (question) return { question, by: 'button', said: pressed.answer };
      return this.findPast(heard, pressed.challengeId);
    }
    // What else was pressed stands under another message, and is nobody's own words.
    if (notice.payload !== undefined || notice.text === undefined) return undefined;
    const quoted =
      notice.inReplyTo === undefined
        ? undefined
        : await this.providerIds.messageOf(account.id, notice.inReplyTo);
    return quoted === undefined ? this.findByNumber(heard) : this.findQuoted(heard, quoted);
  }

  /** All questions that this number was asked of late through this sender, whatever became of them. */
  async asked(heard: Heard): Promise<Question[]> {
    const { tenantId } = heard.account;
    const place = this.placeOf(heard);
    if (!place) return [];
    const ids = await this.store.asked(tenantId, place);
    const questions = await Promise.all(ids.map((id) => this.load(heard, id)));
    return questions.filter((question) => question !== undefined);
  }

  private async findQuoted(heard: Heard, quoted: Identifier): Promise<Found | undefined> {
    const { challengeId, number } = splitMessageId(quoted);
    const question = await this.load(heard, challengeId, number);
    if (!question) return undefined;
    const reply = readReply(heard.notice.text!, question.language);
    const another = reply?.reference !== undefined && reply.reference !== question.reference;
    return { question, by: 'quote', said: another ? undefined : reply?.answer };
  }

  private async findByNumber(heard: Heard): Promise<Found | undefined> {
    const asked = await this.asked(heard);
    const replies = asked.map((question) => ({
      question,
      reply: readReply(heard.notice.text!, question.language),
    }));
    const named = replies.find(({ question, reply }) => reply?.reference === question.reference);
    if (named) return { question: named.question, by: 'text', said: named.reply!.answer };
    const open = replies.filter(({ question }) => question.state === 'pending');
    const [only] = open;
    if (
      open.length > 1 ||
      (only?.reply?.answer === 'yes' && replies.some(({ question }) => wasMissed(question)))
    )
      return { several: open.map(({ question }) => question) };
    if (only) {
      const said = only.reply?.reference === undefined ? only.reply?.answer : undefined;
      return { question: only.question, by: 'text', said };
    }
    const late = replies
      .filter(({ reply }) => reply)
      .sort((one, other) => other.question.endedAt - one.question.endedAt)[0];
    return late && { question: late.question, by: 'text', said: late.reply!.answer };
  }

  /** A button that was pressed long after: what it was about has left Redis. */
  private async findPast(heard: Heard, id: Identifier): Promise<Found | undefined> {
    const { tenantId } = heard.account;
    if (await this.hotStore.read(id, tenantId)) return undefined;
    const past = await this.history.find(tenantId, id);
    return past && this.isReceiver(heard, id, past.sealedReceiver)
      ? { past: { language: past.language } }
      : undefined;
  }

  /** By default the newest message that went out through the sender. */
  private async load(heard: Heard, id: Identifier, number?: number): Promise<Question | undefined> {
    const { tenantId } = heard.account;
    const record = await this.hotStore.read(id, tenantId);
    const reference = record?.get('cr');
    if (!record || record.get('k') !== LETTER_OF_KIND.confirm || reference === undefined) return undefined;
    const generator = await this.generators.loadVersion(record.get('g')!);
    if (!generator || !this.isReceiver(heard, id, joinSealed(record, 'sr'))) return undefined;
    const sent = sentThrough(heard, record, generator);
    const answered = number === undefined ? sent.at(-1) : sent.find((each) => each === number);
    if (answered === undefined) return undefined;
    return {
      id,
      number: answered,
      state: STATE_OF_LETTER[record.get('s')!]!,
      endedAt: Number(record.get('a') ?? 0),
      language: record.get('lg'),
      reference,
      generator,
    };
  }

  /** Whether it is the number that was asked, under whichever spelling its provider knows it. */
  private isReceiver(heard: Heard, id: Identifier, sealed: string): boolean {
    const { tenantId } = heard.account;
    try {
      const { canonical } = readReceiver(this.vault.openReceiver(tenantId, id, sealed));
      return this.placeOf(heard)?.ref === this.aliases.locate(tenantId, canonical).ref;
    } catch (error) {
      if (error instanceof RetiredKey) return false;
      throw error;
    }
  }

  /** Undefined for who hides their number: nobody was asked under an id. */
  private placeOf({ account, notice }: Heard): { partition: number; ref: string } | undefined {
    const phone = parsePhone(notice.from);
    return typeof phone === 'string' ? undefined : this.aliases.locate(account.tenantId, phone.canonical);
  }
}

/** A yes that came late may have been meant for it: it must not approve another one. */
function wasMissed({ state }: Question): boolean {
  return state === 'expired';
}

/** The numbers of the messages that went out through the sender that was written to. */
function sentThrough(
  { account, sender }: Heard,
  record: ReadonlyMap<string, string>,
  generator: PublishedGenerator,
): number[] {
  const numbers: number[] = [];
  for (let number = 1; number <= Number(record.get('n')); number++) {
    const [state, , , , , accountId, , step] = (record.get(`m${number}`) ?? '').split(':');
    const sent = state !== '' && state !== 'q';
    if (sent && accountId === account.id && generator.plan[Number(step)]?.senderId === sender.id)
      numbers.push(number);
  }
  return numbers;
}
