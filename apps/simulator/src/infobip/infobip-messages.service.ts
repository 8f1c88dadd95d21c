// Owns a call that sends, up to acceptance. Whether the receiver is on the channel
// and whether the template fits comes later, by report.

import { randomInt, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { Conversations } from '../core/conversations.js';
import { codeIn } from '../core/code-in-text.js';
import { DeliveriesService } from '../core/deliveries.service.js';
import { MessageCall } from '../core/message-call.js';
import { MessageLog } from '../core/message-log.js';
import type { Fate, MessageDraft } from '../core/message.js';
import { renderTemplate } from '../graph/rendered-message.js';
import { BodyReader } from './body-reader.js';
import { ENROUTE, failureBodies, httpStatusOf, infobipCode } from './infobip-codes.js';
import { infobipError } from './infobip-error.js';
import { InfobipTemplates } from './infobip-templates.service.js';
import type { SendEndpoint, WantedMessage } from './send-endpoints.js';
import { misfitOf, valuesOf } from './template-values.js';

const NO_SESSION = 7010;

type Content = Pick<MessageDraft, 'text' | 'buttons'> & Partial<MessageDraft>;

@Injectable()
export class InfobipMessages {
  constructor(
    private readonly templates: InfobipTemplates,
    private readonly call: MessageCall,
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
    private readonly clock: Clock,
    private readonly conversations: Conversations,
  ) {}

  async send(endpoint: SendEndpoint, body: unknown, reply: FastifyReply): Promise<void> {
    const reader = new BodyReader(endpoint.form);
    const wanted = endpoint.read(reader, body);
    const [first] = wanted;
    await this.call.run(reply, {
      to: first?.to ?? '',
      sender: first?.from ?? '',
      refuse: (fault) => refuse(fault, endpoint, wanted, reply),
      prepare: (fate) => {
        reader.finish();
        return this.prepare(endpoint, wanted, fate);
      },
      accept: (drafts) => this.accept(endpoint, drafts),
    });
  }

  private prepare(endpoint: SendEndpoint, wanted: WantedMessage[], forced?: Fate): MessageDraft[] {
    const bulkId = newBulkId();
    return wanted.map((message) => {
      const { content, fate } = this.contentOf(message);
      return {
        channel: endpoint.channel,
        skin: 'infobip',
        id: message.messageId ?? randomUUID(),
        accountId: bulkId,
        senderId: message.from,
        from: message.from,
        senderName: message.from,
        to: message.to,
        correlation: message.correlation,
        callbackUrl: message.callbackUrl,
        ...content,
        fate: translated(fate ?? forced ?? this.call.magicFate(message.to) ?? { kind: 'delivered' }),
      };
    });
  }

  private contentOf({ from, to, template: call, text, header, html, buttons = [], free }: WantedMessage): {
    content: Content;
    fate?: Fate;
  } {
    if (!call) {
      const closed = free && !this.conversations.isOpen(to, { channel: 'whatsapp', from });
      return {
        content: { text, header, html, code: codeIn(text), buttons },
        ...(closed && { fate: { kind: 'failed', code: NO_SESSION } }),
      };
    }
    const named = { templateName: call.name, language: call.language };
    const template = this.templates.find(from, call.name, call.language);
    const failed = (code: number): { content: Content; fate: Fate } => ({
      content: { ...named, text: `Template ${call.name}`, buttons: [] },
      fate: { kind: 'failed', code },
    });
    if (!template) return failed(7009);
    if (template.status !== 'APPROVED') return failed(7037);
    if (misfitOf(template, call)) return failed(7008);
    const { language, category } = template;
    const rendering = renderTemplate(template, valuesOf(template, call), this.clock.now());
    return { content: { ...named, language, category, ...rendering } };
  }

  private accept(endpoint: SendEndpoint, drafts: MessageDraft[]): object {
    for (const draft of drafts) this.deliveries.start(this.log.append(draft));
    const messages = drafts.map(({ to, id }) => endpoint.answer(to, id, ENROUTE));
    return endpoint.single ? messages[0]! : { bulkId: drafts[0]?.accountId, messages };
  }
}

function newBulkId(): string {
  return `2034${String(randomInt(1e12)).padStart(12, '0')}${randomInt(100, 1_000)}`;
}

function translated(fate: Fate): Fate {
  return fate.kind === 'failed' ? { ...fate, code: infobipCode(Number(fate.code)) } : fate;
}

/** What is refused by HTTP is; what Infobip takes in only to say that it rejects it is answered with 200. */
function refuse(
  { kind, status, code = 131000, retryAfter }: Fault,
  endpoint: SendEndpoint,
  wanted: WantedMessage[],
  reply: FastifyReply,
): void {
  const refused = kind === 'status' ? (status ?? 503) : (status ?? httpStatusOf(Number(code)));
  if (refused !== undefined) throw infobipError(refused, endpoint.form, { retryAfter });
  const { status: told, error } = failureBodies(infobipCode(Number(code)));
  const messages = wanted.map(({ to, messageId = randomUUID() }) => ({
    ...endpoint.answer(to, messageId, told),
    ...(told.id === 9 && { error }),
  }));
  void reply.code(200).send(endpoint.single ? messages[0] : { bulkId: newBulkId(), messages });
}
