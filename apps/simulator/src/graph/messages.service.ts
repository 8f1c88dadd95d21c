// Owns POST /{PN}/messages up to acceptance, in Graph's order of checks: the
// sender's registration, the request, the template, its parameters, the rates.
// Whether a number is on WhatsApp is never known here; that comes by webhook.

import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { Conversations } from '../core/conversations.js';
import { DeliveriesService } from '../core/deliveries.service.js';
import { MessageCall } from '../core/message-call.js';
import { MessageLog } from '../core/message-log.js';
import type { Fate, MessageDraft } from '../core/message.js';
import { handsetOfUserId, whatsappIdOf } from '../core/phone-number.js';

import type { Account, Sender } from './graph-accounts.js';
import { messagingError } from './graph-error.js';
import { wamid } from './graph-ids.js';
import type { GraphParams } from './graph-params.js';
import { RateRules } from './rate-rules.js';
import { type Rendering, renderTemplate } from './rendered-message.js';
import { readSendRequest, type SendRequest, type TemplateCall } from './send-request.js';
import { readTemplateValues } from './template-parameters.js';
import { TemplateStore } from './template-store.js';
import type { Template } from './template.js';

interface SendAnswer {
  messaging_product: 'whatsapp';
  contacts: { input: string; wa_id?: string; user_id?: string }[];
  messages: { id: string; message_status?: 'accepted' }[];
}

type Content = Rendering & Pick<MessageDraft, 'templateName' | 'language' | 'category'>;

interface PreparedMessage {
  draft: MessageDraft;
  input: string;
}

interface SendCall {
  account: Account;
  sender: Sender;
  params: GraphParams;
  version: number;
}

@Injectable()
export class MessagesService {
  constructor(
    private readonly templates: TemplateStore,
    private readonly rates: RateRules,
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
    private readonly call: MessageCall,
    private readonly behavior: BehaviorSwitch,
    private readonly clock: Clock,
    private readonly conversations: Conversations,
  ) {}

  /** Everything that can be refused at once; nothing is kept yet. */
  prepare(call: SendCall, forced?: Fate): PreparedMessage {
    const { account, sender } = call;
    if (!sender.registered) throw messagingError(133010, 'The phone number is not registered.');
    const request = readSendRequest(call.params);
    const content = request.template
      ? this.templateContent(account, request, request.template)
      : freeContent(request);
    if (request.to === sender.displayNumber) throw messagingError(131021, 'The recipient is the sender.');
    this.rates.check(sender.id, request.to);
    const draft: MessageDraft = {
      channel: 'whatsapp',
      skin: 'graph',
      id: wamid(whatsappIdOf(request.to)),
      accountId: account.wabaId,
      senderId: sender.id,
      from: sender.displayNumber,
      senderName: sender.verifiedName,
      to: request.to,
      ...content,
      correlation: request.correlation,
      apiVersion: call.version,
      fate: forced ?? this.fateOf(request, sender),
    };
    return { draft, input: request.input };
  }

  accept({ draft, input }: PreparedMessage): SendAnswer {
    const message = this.log.append(draft);
    this.deliveries.start(message);
    const known = this.behavior.current.waIds.find(({ to }) => to === draft.to);
    return {
      messaging_product: 'whatsapp',
      contacts: [
        handsetOfUserId(input) === ''
          ? { input, wa_id: known?.waId ?? whatsappIdOf(draft.to) }
          : { input, user_id: input },
      ],
      messages: [{ id: draft.id, ...(draft.templateName !== undefined && { message_status: 'accepted' }) }],
    };
  }

  private templateContent(account: Account, request: SendRequest, wanted: TemplateCall): Content {
    const template = this.approvedTemplate(account, wanted);
    const values = readTemplateValues(template, wanted);
    if (request.userId !== undefined)
      throw messagingError(131062, 'A phone number is required for this template.');
    const { name: templateName, language, category } = template;
    return { templateName, language, category, ...renderTemplate(template, values, this.clock.now()) };
  }

  private approvedTemplate(account: Account, { name, language }: TemplateCall): Template {
    const template = this.templates.find(account.wabaId, name, language);
    switch (template?.status) {
      case 'APPROVED':
        return template;
      case 'PAUSED':
        throw messagingError(132015, `template name (${name}) is paused in ${language}`);
      case 'DISABLED':
        throw messagingError(132016, `template name (${name}) is disabled in ${language}`);
      default:
        throw messagingError(132001, `template name (${name}) does not exist in ${language}`);
    }
  }

  /** Words of our own need an open conversation: 131047 later without one. */
  private fateOf({ to, template }: SendRequest, sender: Sender): Fate {
    const chat = { channel: 'whatsapp', from: sender.displayNumber } as const;
    if (!template && !this.conversations.isOpen(to, chat)) return { kind: 'failed', code: 131047 };
    return this.call.magicFate(to) ?? { kind: 'delivered' };
  }
}

function freeContent({ to, text, replyButtons = [], type }: SendRequest): Content {
  if (to === '') throw messagingError(131009, 'The parameter recipient is not the id of a person.');
  if (text === undefined) throw messagingError(131051, `Messages of type ${type} are not supported here.`);
  const buttons = replyButtons.map(({ id, title }) => ({ kind: 'reply', label: title, value: id }) as const);
  return { text, buttons };
}
