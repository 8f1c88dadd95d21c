import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Identifier, newChallengeId } from '#platform/identifiers';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import { CodeVault } from '../code-vault.js';
import { InboundStore } from '../hot-store/inbound-store.js';
import { InboundAnswers } from './inbound-answers.service.js';
import { InboundConversation } from './inbound-conversation.js';
import { InboundMessagesService } from './inbound-messages.service.js';
import { InboundPeople, type Wrote } from './inbound-people.js';
import type { Heard, InboundReader } from './inbound-reader.js';
import { inboundTexts } from './inbound-texts.js';
import { stopLanguage } from './reply-words.js';

/** Who says STOP twice within this is answered once. */
const REMEMBERED_MS = 30 * 86_400_000;

/**
 * Hears STOP and its like before anybody else, whatever is going on: what the person agreed to is withdrawn, and a
 * question that they were asked is answered with no.
 */
@Injectable()
export class StopReader implements InboundReader, OnModuleInit {
  constructor(
    private readonly messages: InboundMessagesService,
    private readonly people: InboundPeople,
    private readonly store: InboundStore,
    private readonly vault: CodeVault,
    private readonly answers: InboundAnswers,
    private readonly conversation: InboundConversation,
  ) {}

  onModuleInit(): void {
    this.messages.register(this);
  }

  async read(heard: Heard): Promise<boolean> {
    const language = stopLanguage(heard.notice.text ?? '');
    if (language === undefined) return false;
    const wrote = this.people.of(heard);
    const first = await this.store.withdraw(
      wrote.writing,
      entryIdOf(wrote),
      REMEMBERED_MS,
      this.describe(heard, wrote),
    );
    await this.answers.stop(heard, wrote);
    if (first) await this.conversation.say(heard, inboundTexts(language).withdrawn);
    return true;
  }

  private describe({ notice }: Heard, wrote: Wrote): Record<string, string> {
    const { person, writing } = wrote;
    const sealed = this.vault.sealReceiver(writing.tenantId, entryIdOf(wrote), person.address);
    // A consent may be older than the key that names receivers now.
    const refs = this.vault.receiverRefs(writing.tenantId, person.canonical);
    return {
      r: refs[0]!,
      rs: refs.join(','),
      sr: Object.values(sealed).join(''),
      ch: LETTER_OF_CHANNEL[notice.channel],
      pid: notice.providerMessageId,
    };
  }
}

/** The same for the same message, so that one that is read twice is one entry. */
function entryIdOf({ writing }: Wrote): Identifier {
  const bytes = createHash('sha256').update(writing.operation).digest().subarray(0, 16);
  return newChallengeId(writing.person.partition, bytes);
}
