// Owns Infobip's posts to its client: delivery and seen reports to the URL that the
// message named, inbound messages and news of templates to the account's own, each
// with the header that the account was told to send.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { DeliveriesService, type Reply } from '../core/deliveries.service.js';
import { CHANNELS, type ChatEnd, type Message, type StatusEntry } from '../core/message.js';
import { Scheduler } from '../core/scheduler.js';
import { list, object, oneOf, text } from '../core/shape.js';
import { StateFile } from '../core/state-file.js';
import { WebhookCourier } from '../core/webhook-courier.js';
import { SimulatorConfig } from '../simulator.config.js';
import { inboundResult } from './inbound-result.js';
import { errorBody, failureBodies, statusBody, titleOf } from './infobip-codes.js';

interface HookSettings {
  webhookHeader?: { name: string; value: string };
  inboundUrl?: string;
  templateUrl?: string;
  /** The senders that people can write to. */
  senders?: ListeningSender[];
}

interface ListeningSender {
  channel: Message['channel'];
  /** Digits or a name. */
  address: string;
  /** Where it is told what people write. */
  url: string;
}

const url = text(/^https?:\/\/\S+$/, 'an http or https URL');
const readSettings = object<HookSettings>({
  webhookHeader: object<{ name: string; value: string }, 'name' | 'value'>(
    {
      name: text(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a header'),
      value: text(/^[\x21-\x7e][\x20-\x7e]{0,199}$/, 'the value of a header'),
    },
    'name',
    'value',
  ),
  inboundUrl: url,
  templateUrl: url,
  senders: list(
    object<ListeningSender, 'channel' | 'address' | 'url'>(
      { channel: oneOf(...CHANNELS), address: text(/^[\w .-]{1,64}$/, 'a sender'), url },
      'channel',
      'address',
      'url',
    ),
  ),
});

const SHUFFLE_WINDOW_MS = 500;
/** The channels whose receivers tell that they have read. */
const TELLS_SEEN: readonly Message['channel'][] = ['whatsapp', 'viber'];

@Injectable()
export class InfobipHooks {
  private settings: HookSettings;

  constructor(
    private readonly courier: WebhookCourier,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
    private readonly state: StateFile,
    config: SimulatorConfig,
    deliveries: DeliveriesService,
  ) {
    this.settings = {
      webhookHeader: { name: 'authorization', value: config.infobipWebhookSecret },
      ...state.read<HookSettings>('infobip-hooks'),
    };
    state.register('infobip-hooks', () => this.settings);
    deliveries.register('infobip', {
      report: (message, entry) => this.report(message, entry),
      titleOf: (code) => titleOf(Number(code)),
      inbound: (reply) => this.hear(reply),
      listeners: () => this.senders.map(endOf),
    });
  }

  /** Merges over what is set; senders one by one. */
  put(input: unknown): HookSettings {
    const { senders = [], ...given } = readSettings(input, '');
    const kept = this.senders.filter((known) => !senders.some((sender) => isSame(known, sender)));
    this.settings = { ...this.settings, ...given, senders: [...kept, ...senders] };
    this.state.touch();
    return this.settings;
  }

  /** A message that a person wrote; false when nobody asked for them. */
  inbound(result: object, to = this.settings.inboundUrl): boolean {
    return this.post(to, { results: [result], messageCount: 1, pendingMessageCount: 0 });
  }

  private hear(reply: Reply): void {
    const { channel, from: address } = reply.own;
    const sender = this.senders.find((known) => isSame(known, { channel, address }));
    this.inbound(inboundResult(reply, this.date(reply.own.receivedAt)), sender?.url);
  }

  private get senders(): ListeningSender[] {
    return this.settings.senders ?? [];
  }

  templateNews(news: object): void {
    this.post(this.settings.templateUrl, news);
  }

  /** `sent` is no news for Infobip: its reports are final. */
  private report(message: Message, entry: StatusEntry): void {
    if (entry.status === 'delivered') {
      this.results(message, { ...deliveryReport(message, this.date(entry.at)), ...DELIVERED });
    } else if (entry.status === 'failed') {
      const bodies = failureBodies(Number(entry.error?.code));
      this.results(message, { ...deliveryReport(message, this.date(entry.at)), ...bodies });
    } else if (entry.status === 'read' && TELLS_SEEN.includes(message.channel)) {
      const { id: messageId, from, to, receivedAt } = message;
      const [sentAt, seenAt] = [this.date(receivedAt), this.date(entry.at)];
      this.results(message, { messageId, from, to, sentAt, seenAt });
    }
  }

  /** `2025-01-01T10:10:00.000+0000`: no colon in the offset. */
  date(iso = this.clock.iso()): string {
    return iso.replace('Z', '+0000');
  }

  private results(message: Message, result: object): void {
    this.post(message.callbackUrl, { results: [result] });
  }

  private post(to: string | undefined, value: object): boolean {
    const { mute, delayMs, shuffle } = this.behavior.current.webhooks;
    if (mute || to === undefined) return false;
    const body = Buffer.from(JSON.stringify(value));
    const { webhookHeader } = this.settings;
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      ...(webhookHeader && { [webhookHeader.name]: webhookHeader.value }),
    };
    const waitMs = delayMs + (shuffle ? randomInt(SHUFFLE_WINDOW_MS) : 0);
    const send = (): void => this.courier.send({ url: to, body, headers });
    if (waitMs === 0) send();
    else this.scheduler.after(waitMs, send);
    return true;
  }
}

function endOf({ channel, address }: ListeningSender): ChatEnd {
  return {
    channel,
    skin: 'infobip',
    accountId: 'inbound',
    senderId: address,
    from: address,
    senderName: address,
  };
}

function isSame(one: Pick<ListeningSender, 'channel' | 'address'>, other: typeof one): boolean {
  return one.channel === other.channel && one.address === other.address;
}

const DELIVERED = { status: statusBody(5), error: errorBody(0) };
const PRICE = { pricePerMessage: 0.01, currency: 'EUR' };

function deliveryReport(message: Message, doneAt: string): object {
  return {
    bulkId: message.accountId,
    price: PRICE,
    messageId: message.id,
    sentAt: message.receivedAt.replace('Z', '+0000'),
    doneAt,
    messageCount: 1,
    to: message.to,
    ...(message.correlation !== undefined && { callbackData: message.correlation }),
    ...(message.channel !== 'whatsapp' && { sender: message.from, mccMnc: '310260' }),
  };
}
