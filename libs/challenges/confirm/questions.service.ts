import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ChannelStep, DEFAULT_CONFIRM_RULES, type PublishedGenerator } from '#generators';
import type { OutboundMessage } from '#providers';
import type { PublishedTemplate } from '#templates';
import { type Identifier, renderNative } from '#platform/identifiers';
import type { Purpose } from '../challenge.js';
import { CodeVault, joinSealed } from '../code-vault.js';
import { QuestionStore } from '../hot-store/question-store.js';
import { AnswerPayloads } from './answer-payloads.js';
import { confirmTexts, fillText } from './confirm-texts.js';

/** A message of a question that is about to be sent. */
export interface Asking {
  tenantId: Identifier;
  challengeId: Identifier;
  number: number;
  /** Of the try that holds it. */
  token: string;
  record: ReadonlyMap<string, string>;
  lifeMs: number;
}

/** What a message says, and the digest of what the person sees of it. */
export interface QuestionWords extends Pick<OutboundMessage, 'template' | 'content'> {
  digest: string;
}

/** Puts a question into the words of its channel, and keeps what was shown (what you see is what you sign). */
@Injectable()
export class QuestionsService {
  constructor(
    private readonly vault: CodeVault,
    private readonly payloads: AnswerPayloads,
    private readonly store: QuestionStore,
  ) {}

  /** Undefined when the template is not known well enough to say what it shows. */
  words(
    asking: Asking,
    generator: PublishedGenerator,
    step: ChannelStep,
    template: PublishedTemplate | undefined,
  ): QuestionWords | undefined {
    const values = this.valuesOf(asking);
    if (!template) {
      const text = textOf(asking.record, generator, step, values);
      return { content: { text }, digest: digestOf(asking.challengeId, text, values) };
    }
    const language = asking.record.get('lg') ?? '';
    const wording = template.languages.find((entry) => entry.language === language);
    if (wording?.body === undefined) return undefined;
    const { parameters } = generator.confirm ?? DEFAULT_CONFIRM_RULES;
    const filling = [...parameters.map((name) => values[name] ?? ''), ...numbered(values)];
    const text = wording.body.replace(
      /\{\{(\d+)\}\}/g,
      (_whole, number: string) => filling[Number(number) - 1] ?? '',
    );
    return {
      template: {
        name: template.name,
        language,
        category: 'UTILITY',
        values: filling,
        replyPayloads: this.buttons(asking, step, wording.quickReplies ?? []),
      },
      digest: digestOf(asking.challengeId, text, values),
    };
  }

  /** False when another worker has the message meanwhile. */
  noteShown(
    { challengeId, number, token }: Pick<Asking, 'challengeId' | 'number' | 'token'>,
    digest: string,
  ): Promise<boolean> {
    return this.store.noteShown(challengeId, number, token, digest);
  }

  /** The first quick reply is the yes, the second the no. */
  private buttons(
    { tenantId, challengeId, number }: Asking,
    { senderId }: ChannelStep,
    places: readonly number[],
  ): { index: number; payload: string }[] {
    const asked = { tenantId, senderId, challengeId, number };
    return (['yes', 'no'] as const).flatMap((answer, at) => {
      const index = places[at];
      return index === undefined ? [] : [{ index, payload: this.payloads.write(asked, answer) }];
    });
  }

  private valuesOf({ tenantId, challengeId, record, lifeMs }: Asking): Values {
    const [transaction, values] = [joinSealed(record, 'cx'), joinSealed(record, 'vx')];
    const list = values ? this.vault.openValues(tenantId, challengeId, values) : [];
    return {
      ...(transaction && this.vault.openTransaction(tenantId, challengeId, transaction)),
      ...Object.fromEntries(list.map((value, at) => [String(at + 1), value])),
      minutes: String(Math.max(1, Math.floor(lifeMs / 60_000))),
      reference: record.get('cr'),
    };
  }
}

/** By the names that stand in the words: `amount`, `minutes`, `1`. */
type Values = Partial<Record<string, string>>;

function numbered(values: Values): string[] {
  return '123456789'.split('').flatMap((name) => values[name] ?? []);
}

function textOf(
  record: ReadonlyMap<string, string>,
  { confirm = DEFAULT_CONFIRM_RULES }: PublishedGenerator,
  step: ChannelStep,
  values: Values,
): string {
  const language = record.get('lg') ?? step.language;
  const texts = confirmTexts(language);
  const purpose = (record.get('p') as Purpose | undefined) ?? 'authentication';
  const own = ownWords(confirm.wording, [language, step.language]);
  const question = fillText(own ?? texts.question[purpose], values);
  return confirm.expectsAnswer ? `${question}\n${fillText(texts.howToAnswer, values)}` : question;
}

/** In the language, its base language, that of the plan, or whichever there is: built-in words would ask something else. */
function ownWords(
  wording: Readonly<Record<string, string>> | undefined,
  wanted: readonly string[],
): string | undefined {
  if (!wording) return undefined;
  const found = wanted
    .flatMap((language) => [language, language.split('_', 1)[0]!])
    .find((language) => Object.hasOwn(wording, language));
  return found === undefined ? Object.values(wording)[0] : wording[found];
}

/**
 * SHA-256 over lines: the challenge's id, amount, currency, payee (empty when it is about no transaction), then the text
 * as it was read. The id keeps equal payments from looking alike.
 */
function digestOf(challengeId: Identifier, text: string, values: Values): string {
  const { amount = '', currency = '', payee = '' } = values;
  const lines = [renderNative('challenge', challengeId), amount, currency, payee, text];
  return createHash('sha256').update(lines.join('\n')).digest('base64url');
}
