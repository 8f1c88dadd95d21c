import { Injectable } from '@nestjs/common';
import { AccountsService, admitRoute } from '#providers';
import type { Identifier } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import { CodeVault } from '../code-vault.js';
import { HotStore } from '../hot-store/hot-store.js';
import { InboundStore, type Reception } from '../hot-store/inbound-store.js';
import { ReceiverAliases } from '../receiver-aliases.js';
import { assuranceOf } from './assurance.js';
import { InboundAnswers } from './inbound-answers.service.js';
import { InboundConversation } from './inbound-conversation.js';
import type { Wrote } from './inbound-people.js';
import type { Heard } from './inbound-reader.js';
import { type InboundRecord, InboundRecords } from './inbound-records.js';
import { type InboundTexts, inboundTexts, languageOfPrefilled } from './inbound-texts.js';
import { TokenVault } from './token-vault.js';

/** Whoever sends so many codes that do not exist is guessing, and is not looked up for a while. */
const MOST_MISSES = 5;
const LOCKED_MS = 3_600_000;

/** Takes a code that somebody sent to its challenge. From then on the challenge has a receiver. */
@Injectable()
export class InboundReceptions {
  private readonly logger = loggerFor('inbound');

  constructor(
    private readonly store: InboundStore,
    private readonly hotStore: HotStore,
    private readonly records: InboundRecords,
    private readonly tokens: TokenVault,
    private readonly vault: CodeVault,
    private readonly accounts: AccountsService,
    private readonly aliases: ReceiverAliases,
    private readonly answers: InboundAnswers,
    private readonly conversation: InboundConversation,
  ) {}

  async take(heard: Heard, wrote: Wrote, tokens: readonly string[]): Promise<void> {
    const { tenantId } = wrote.writing;
    if ((await this.store.misses(wrote.writing, false, LOCKED_MS)) >= MOST_MISSES) return;
    const id = await this.find(tenantId, tokens);
    if (id === undefined) return this.miss(heard, wrote);
    const record = await this.records.read(tenantId, id);
    const step = record?.generator.plan.find(({ senderId }) => senderId === heard.sender.id);
    // Of this tenant, but shown for another of its senders.
    if (!record || !step) return this.conversation.say(heard, textsFor(heard).unknown);
    const refused = this.refusedRoute(heard, wrote, record) ?? (await this.refusedPerson(wrote, record));
    if (refused) return this.hotStore.journalRefusal(id, tenantId, refused, {});
    await this.meet(heard, wrote, record, await this.receive(heard, wrote, id));
  }

  private async find(tenantId: Identifier, tokens: readonly string[]): Promise<Identifier | undefined> {
    for (const token of tokens) {
      const id = await this.store.find(this.tokens.place(tenantId, token));
      if (id !== undefined) return id;
    }
    return undefined;
  }

  private async miss(heard: Heard, wrote: Wrote): Promise<void> {
    const misses = await this.store.misses(wrote.writing, true, LOCKED_MS);
    if (misses === MOST_MISSES)
      this.logger.warn(
        { account: heard.account.id, misses },
        'somebody sends codes that do not exist and may be guessing; not looked up for an hour',
      );
    await this.conversation.say(heard, textsFor(heard).unknown);
  }

  /** An answer to a country that the account may not send to would cost what a message there does. */
  private refusedRoute(
    { account, sender }: Heard,
    { person }: Wrote,
    { challenge }: InboundRecord,
  ): string | undefined {
    if (!person.phone) return undefined;
    const simulator = this.accounts.isSimulator(account);
    const route = admitRoute(account, { accountId: account.id, senderId: sender.id }, person, {
      mode: challenge.mode,
      simulator,
    });
    return 'refused' in route ? route.refused : undefined;
  }

  /** Closed receivers stay closed, whichever way they come. Test keys have no such record. */
  private async refusedPerson(
    { person, writing }: Wrote,
    { challenge }: InboundRecord,
  ): Promise<string | undefined> {
    if (challenge.mode === 'test') return undefined;
    const { tenantId } = writing;
    const place = this.aliases.locate(tenantId, person.canonical);
    return (await this.store.isDisabled(tenantId, place, challenge.purpose)) ? 'disabled' : undefined;
  }

  private receive({ notice }: Heard, { person, writing }: Wrote, id: Identifier): Promise<Reception> {
    const { tenantId } = writing;
    return this.store.receive(id, {
      ...writing,
      phone: person.phone,
      channelLetter: LETTER_OF_CHANNEL[notice.channel],
      receiverRef: this.vault.receiverRef(tenantId, person.canonical),
      providerMessageId: notice.providerMessageId,
      assurance: assuranceOf(notice.channel),
      sealedReceiver: this.vault.sealReceiver(tenantId, id, person.address),
    });
  }

  private async meet(heard: Heard, wrote: Wrote, record: InboundRecord, reception: Reception): Promise<void> {
    const texts = inboundTexts(record.language);
    switch (reception.verdict) {
      case 'received':
      case 'again':
        return this.ask(heard, wrote, record);
      case 'taken':
        return this.conversation.say(heard, texts.used);
      case 'mismatched':
      case 'locked':
        return this.conversation.say(heard, wrote.person.phone ? texts.notYours : texts.noNumber);
      case 'ended':
        return this.conversation.say(heard, reception.state === 'approved' ? texts.used : texts.late);
      case 'unknown':
        return this.conversation.say(heard, texts.unknown);
    }
  }

  private async ask(heard: Heard, wrote: Wrote, record: InboundRecord): Promise<void> {
    if (record.options.confirmInChat === false) return this.answers.answer(heard, wrote, record, 'right');
    await this.store.expectAnswer(wrote.writing, record.challenge.id, record.challenge.expiresAt);
    await this.conversation.ask(heard, record);
  }
}

/** For somebody whose challenge nobody knows: in the language that they used. */
function textsFor({ notice }: Heard): InboundTexts {
  return inboundTexts(languageOfPrefilled(notice.text ?? '') ?? 'en');
}
