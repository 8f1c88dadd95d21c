import type { ClassConstructor } from 'class-transformer';
import type { HttpClient } from '#platform/http-client';

/** Channels in the order people usually plan them. A queue exists for each one that an adapter carries. */
export const CHANNELS = [
  'whatsapp',
  'sms',
  'email',
  'voice',
  'telegram',
  'viber',
  'line',
  'kakao',
  'zalo',
] as const;
export type Channel = (typeof CHANNELS)[number];

/** What an adapter is handed beside message and config. Adapters keep no state of their own. */
export interface ProviderContext {
  http: HttpClient;
  /** Epoch ms on the service's clock. */
  now(): number;
  /** Fires when the worker gives up; the adapter passes it on. */
  signal?: AbortSignal;
}

export interface SenderAddress {
  /** As people see it: digits for phone channels. */
  address: string;
  /** The provider's own id of this sender, where it has one (a WhatsApp phone number id). */
  externalId?: string;
}

/** One delivery. The code is handed over as data: rendering is the provider's or the template's business. */
export interface OutboundMessage {
  channel: Channel;
  /** E.164 with `+`, or an e-mail address. */
  to: string;
  from: SenderAddress;
  code: string;
  /** Echoed by the provider's receipts where it can; names message and try. */
  correlationId: string;
  template?: { name: string; language: string };
  /** What it says, on channels that carry text. */
  content?: { subject?: string; text: string; html?: string };
  /** Total time the provider may take, ms. */
  deadlineMs: number;
}

/**
 * Why a message was certainly not taken. `receiver`: not on this channel, try another one. `account`: stop using
 * it and tell the operator. `template`: pause it. `bug`: our request was wrong; a retry would be wrong again.
 */
export type FailureClass = 'receiver' | 'account' | 'template' | 'bug';

export type SendResult =
  /** `reachedAddress`: the number the provider knows the receiver under, E.164 with `+`, when it is another one. */
  | { outcome: 'accepted'; providerMessageId: string; reachedAddress?: string }
  | { outcome: 'rejected'; reason: string; failure: FailureClass }
  /** `throttled`: a rate limit, which is no sign of trouble. */
  | { outcome: 'retry'; reason: string; afterMs?: number; throttled?: boolean }
  /** It may have been taken: the answer was lost, late or unreadable. */
  | { outcome: 'unknown'; reason: string };

/** What a provider that can be asked says of a message whose answer was lost. */
export type LookUpResult =
  { found: true; providerMessageId: string } | { found: false } | { unavailable: true };

export interface WebhookRequest {
  headers: Record<string, string | string[] | undefined>;
  query: Record<string, unknown>;
  rawBody: Buffer;
}

export interface StatusNotice {
  kind: 'status';
  providerMessageId: string;
  correlationId?: string;
  /** The provider's own id of the sender that it is about, where receipts name one. */
  sender?: string;
  status: 'sent' | 'delivered' | 'read' | 'failed';
  reason?: string;
  failure?: FailureClass;
}

export interface TemplateNotice {
  kind: 'template';
  externalId: string;
  status: TemplateStatus;
  reason?: string;
}

/** What a webhook said, in order. `ignored` counts what was understood to be of no interest here. */
export interface Notices {
  notices: (StatusNotice | TemplateNotice)[];
  ignored: number;
  malformed: number;
}

export interface Receipts<Config> {
  /** True when the raw bytes carry a valid signature under one of the account's secrets. */
  verify(request: WebhookRequest, config: Config): boolean;
  parse(body: unknown): Notices;
  /** Answers the provider's set-up request; undefined when the token is wrong. */
  handshake?(query: Record<string, unknown>, config: Config): string | undefined;
}

export const TEMPLATE_STATUSES = [
  'pending',
  'approved',
  'rejected',
  'paused',
  'disabled',
  'deleted',
] as const;
export type TemplateStatus = (typeof TEMPLATE_STATUSES)[number];

/** An authentication template in one language. The wording is the channel's own; these are its switches. */
export interface AuthenticationTemplateDraft {
  name: string;
  language: string;
  addSecurityRecommendation: boolean;
  codeExpirationMinutes?: number;
  copyCodeButtonText?: string;
  /** How long the provider tries to deliver, seconds. */
  ttlSeconds?: number;
}

export type TemplateResult =
  | { outcome: 'created'; externalId: string; status: TemplateStatus }
  | { outcome: 'refused'; reason: string; field?: string; nameTaken?: boolean }
  | { outcome: 'unavailable'; reason: string };

export interface TemplateInfo {
  externalId: string;
  name: string;
  language: string;
  status: TemplateStatus;
  reason?: string;
}

export interface Templates<Config> {
  create(
    draft: AuthenticationTemplateDraft,
    config: Config,
    context: ProviderContext,
  ): Promise<TemplateResult>;
  list(
    name: string | undefined,
    config: Config,
    context: ProviderContext,
  ): Promise<TemplateInfo[] | { unavailable: string }>;
  delete(
    name: string,
    config: Config,
    context: ProviderContext,
  ): Promise<{ deleted: true } | { unavailable: string }>;
}

/** One thing looked at by `POST /v1/accounts/{id}/test`. */
export interface Finding {
  check: 'credentials' | 'permissions' | 'expiry' | 'sender' | 'reachable';
  ok: boolean;
  detail: string;
}

/** The port. An adapter is a plain object made with `defineProvider`, in its own folder, plus one line in `adapters/index.ts`. */
export interface MessageProvider<Config extends object = object> {
  id: string;
  channels: readonly Channel[];
  /** Validates credentials and settings, on write and on read. */
  configDto: ClassConstructor<Config>;
  /** Names of config members that are never shown again. */
  secrets: readonly string[];
  /** True when its receipts echo our correlation id, so that no id mapping has to be kept. */
  echoesCorrelation: boolean;
  /** Where requests go. An account whose base URL has the simulator's origin is a simulator account. */
  baseUrl(config: Config): string;
  /** Fills what the operator need not invent (verify tokens). */
  complete?(config: Config): Config;
  /** What the operator pastes at the provider beside the webhook URL. */
  webhookSettings?(config: Config): Record<string, string>;
  send(message: OutboundMessage, config: Config, context: ProviderContext): Promise<SendResult>;
  /** Whether a message with this correlation id was taken. Asked before an unknown outcome is sent again. */
  lookUp?(correlationId: string, config: Config, context: ProviderContext): Promise<LookUpResult>;
  receipts?: Receipts<Config>;
  templates?: Templates<Config>;
  diagnose?(config: Config, senders: readonly SenderAddress[], context: ProviderContext): Promise<Finding[]>;
}

/** Gives an adapter its type without a class, a token or a base. */
export function defineProvider<Config extends object>(provider: MessageProvider<Config>): MessageProvider {
  return provider as unknown as MessageProvider;
}

const PROVIDER_ID = /^[\x21-\x7e]{1,255}$/;

/** An id as a provider may write one. Anything else could not be kept: PostgreSQL takes no NUL, and a record no kilobytes. */
export function asProviderId(value: unknown): string | undefined {
  return typeof value === 'string' && PROVIDER_ID.test(value) ? value : undefined;
}
