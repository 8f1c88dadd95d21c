import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InboundAnswers } from './inbound-answers.service.js';
import { InboundConversation, readPressed } from './inbound-conversation.js';
import { InboundMessagesService } from './inbound-messages.service.js';
import { InboundPeople } from './inbound-people.js';
import type { Heard, InboundReader } from './inbound-reader.js';
import { InboundReceptions } from './inbound-receptions.service.js';
import { inboundTexts, languageOfPrefilled } from './inbound-texts.js';
import { looksLikeToken } from './inbound-token.js';
import { TokenVault } from './token-vault.js';

/** The ear of the kind `inbound`: codes that we showed, and answers to what we asked about them. */
@Injectable()
export class InboundProofReader implements InboundReader, OnModuleInit {
  constructor(
    private readonly messages: InboundMessagesService,
    private readonly people: InboundPeople,
    private readonly tokens: TokenVault,
    private readonly receptions: InboundReceptions,
    private readonly answers: InboundAnswers,
    private readonly conversation: InboundConversation,
  ) {}

  onModuleInit(): void {
    this.messages.register(this);
  }

  async read(heard: Heard): Promise<boolean> {
    const { payload, text } = heard.notice;
    if (payload !== undefined) {
      const pressed = readPressed(payload);
      if (pressed) await this.answers.pressed(heard, this.people.of(heard), pressed);
      return pressed !== undefined;
    }
    return text !== undefined && this.readText(heard, text);
  }

  private async readText(heard: Heard, text: string): Promise<boolean> {
    const wrote = this.people.of(heard);
    const tokens = this.tokens.find(text);
    if (tokens.length > 0) {
      await this.receptions.take(heard, wrote, tokens);
      return true;
    }
    if (await this.answers.typed(heard, wrote, text)) return true;
    const language = languageOfPrefilled(text);
    if (language === undefined && !looksLikeToken(text)) return false;
    await this.conversation.say(heard, inboundTexts(language ?? 'en').misspelt);
    return true;
  }
}
