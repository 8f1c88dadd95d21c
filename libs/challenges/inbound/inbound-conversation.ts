import { Injectable } from '@nestjs/common';
import type { Identifier } from '#platform/identifiers';
import { parseNative, renderNative } from '#platform/identifiers';
import { ChatReplies } from '../chat/chat-replies.service.js';
import type { InboundRecord } from './inbound-records.js';
import { answerTo, type Heard } from './inbound-reader.js';
import { inboundTexts } from './inbound-texts.js';
import { TokenVault } from './token-vault.js';

/** What was pressed: about which challenge, and the number or `yes` or `no`. */
export interface Pressed {
  challengeId: Identifier;
  answer: string;
}

const PAYLOAD = /^inbound:(chl_[0-9a-z]{26}):(\d\d|yes|no)$/;

export function readPressed(payload: string): Pressed | undefined {
  const [, name, answer] = PAYLOAD.exec(payload) ?? [];
  const challengeId = parseNative('challenge', name);
  return challengeId === undefined ? undefined : { challengeId, answer: answer! };
}

/** Speaks in the chat in which somebody wrote: once for each message of theirs. */
@Injectable()
export class InboundConversation {
  constructor(
    private readonly chat: ChatReplies,
    private readonly tokens: TokenVault,
  ) {}

  async say(heard: Heard, text: string): Promise<void> {
    await this.chat.say(answerTo(heard, 'inbound', text));
  }

  /** The question of this challenge, with something before it when it is asked again. */
  async ask(
    heard: Heard,
    { challenge, options, language, asking }: InboundRecord,
    before = '',
  ): Promise<void> {
    const texts = inboundTexts(language);
    const { offered } = this.tokens.numbers(challenge.id);
    const question =
      options.purpose === 'login'
        ? texts.question(asking.device, asking.city, offered)
        : texts.consentQuestion(options.consentText!);
    const choices =
      options.purpose === 'login'
        ? offered.map((number) => [number, number] as const)
        : ([
            ['yes', texts.buttons.yes],
            ['no', texts.buttons.no],
          ] as const);
    const name = renderNative('challenge', challenge.id);
    const buttons = choices.map(([answer, title]) => ({ payload: `inbound:${name}:${answer}`, title }));
    const text = before === '' ? question : `${before} ${question}`;
    await this.chat.say(answerTo(heard, 'inbound', text, buttons));
  }
}
