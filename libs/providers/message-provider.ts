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
  /** Where the provider may post what becomes of this account's messages; absent when nothing is an account's yet. */
  webhookUrl?: string;
  /** Fires when the worker gives up; the adapter passes it on. */
  signal?: AbortSignal;
}

export interface SenderAddress {
  /** As people see it: digits for phone channels. */
  address: string;
  /** The provider's own id of this sender, where it has one (a WhatsApp phone number id). */
  externalId?: string;
}

/**
 * The approved wording a message goes out in. Of an AUTHENTICATION template the only value is the code; a UTILITY
 * template takes `values` for its `{{1}}`, `{{2}}`, in order, and `urlSuffix` for the variable of its URL button.
 */
export interface TemplateUse {
  name: string;
  language: string;
  category?: TemplateCategory;
  values?: readonly string[];
  urlSuffix?: string;
  /** What comes back when a QUICK_REPLY is pressed, by its place among the template's buttons; at most 128 characters. */
  replyPayloads?: readonly ReplyPayload[];
}

interface ReplyPayload {
  index: number;
  payload: string;
}

/** One delivery. The code, or the whole address of a link, is handed over as data: rendering is the provider's or the template's business. */
export interface OutboundMessage {
  channel: Channel;
  /** E.164 with `+`, or an e-mail address. */
  to: string;
  from: SenderAddress;
  code: string;
  /** Set when it is a link: its address, and what of that follows the base that all links have. */
  link?: { url: string; suffix: string };
  /** Echoed by the provider's receipts where it can; names message and try. */
  correlationId: string;
  template?: TemplateUse;
  /** What it says, on channels that carry text. */
  content?: { subject?: string; text: string; html?: string };
  /** How long the message is of use, ms: providers that can are told to stop trying after it. */
  lifeMs?: number;
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
  /** The whole address, as the provider was given it: some sign it too. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  query: Record<string, unknown>;
  rawBody: Buffer;
  /** When it came, epoch ms on the service's clock; the process's own clock counts when it is not said. */
  receivedAt?: number;
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
  /** What the provider charges for it, where receipts tell: a decimal number as written, and ISO 4217. */
  price?: { amount: string; currency: string };
}

/** What changed about one language of a template; what is absent did not. */
export interface TemplateNotice {
  kind: 'template';
  externalId: string;
  status?: TemplateStatus;
  reason?: string;
  quality?: TemplateQuality;
  /** As the provider writes it now, upper case: it may recategorise. */
  category?: string;
}

/** Something a person wrote or pressed. */
export interface InboundNotice {
  kind: 'inbound';
  providerMessageId: string;
  channel: Channel;
  /** E.164 with `+`, or the provider's own id of the person. */
  from: string;
  /** The provider's own id of our sender, or its digits. Absent where an account has only one, and the provider names none. */
  sender?: string;
  /** The provider's id of the pool that the sender is of, where it names one. */
  senderGroup?: string;
  text?: string;
  /** Of the button that was pressed. */
  payload?: string;
  /** The provider's id of the message of ours that was answered. */
  inReplyTo?: string;
  /** The provider says that the number's phone or owner changed, and nobody has looked at it yet. */
  changed?: true;
}

export const ACCOUNT_EVENTS = [
  'account.banned',
  'account.reinstated',
  'account.restricted',
  'account.capability_changed',
  'account.token_expiring',
  'sender.pin_reset_requested',
  'sender.quality_changed',
  'sender.throughput_changed',
] as const;
export type AccountEventType = (typeof ACCOUNT_EVENTS)[number];

/** News of the account itself or of one of its senders, as a provider's webhook tells them. */
export interface AccountNotice {
  kind: 'account';
  event: AccountEventType;
  /** The sender it is about, as its `externalId` or its digits. */
  sender?: string;
  /** The provider's own words for it: identifiers and numbers, no sentences. */
  data?: Record<string, string | number>;
  /** Messages a second the sender may send from now on. */
  messagesPerSecond?: number;
}

export type Notice = StatusNotice | TemplateNotice | InboundNotice | AccountNotice;

/** What a webhook said, in order. `ignored` counts what was understood to be of no interest here. */
export interface Notices {
  notices: Notice[];
  ignored: number;
  malformed: number;
}

export interface Receipts<Config> {
  /** How the provider writes its bodies; JSON unless said. */
  format?: 'json' | 'form';
  /** True when the request carries a valid proof under one of the account's secrets. */
  verify(request: WebhookRequest, config: Config): boolean;
  /** `body` is undefined when it could not be read in its format. `config`: of the account that it was posted to. */
  parse(body: unknown, query?: Record<string, unknown>, config?: Config): Notices;
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

export type TemplateQuality = 'high' | 'medium' | 'low' | 'unknown';

export const TEMPLATE_CATEGORIES = ['AUTHENTICATION', 'UTILITY'] as const;
export type TemplateCategory = (typeof TEMPLATE_CATEGORIES)[number];

/** An Android app that may take the code by itself. `signatureHash`: 11 characters. */
export interface SupportedApp {
  packageName: string;
  signatureHash: string;
}

export const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP'] as const;
export type OtpType = (typeof OTP_TYPES)[number];

/** The wording of an authentication template is the channel's own; these are its switches. */
export interface AuthenticationContent {
  addSecurityRecommendation: boolean;
  codeExpirationMinutes?: number;
  /** COPY_CODE unless said. */
  otpType?: OtpType;
  copyCodeButtonText?: string;
  /** ONE_TAP and ZERO_TAP only. */
  autofillButtonText?: string;
  supportedApps?: SupportedApp[];
  zeroTapTermsAccepted?: boolean;
}

export type UtilityButton =
  | { type: 'QUICK_REPLY'; text: string }
  | { type: 'PHONE_NUMBER'; text: string; phoneNumber: string }
  /** `url` may end in `{{1}}`; then `example` is a whole URL. */
  | { type: 'URL'; text: string; url: string; example?: string };

/** Words of our own, with `{{1}}`, `{{2}}` for values and a sample of each. */
export interface UtilityContent {
  header?: string;
  body: string;
  samples: string[];
  footer?: string;
  buttons: UtilityButton[];
}

/** How long the provider tries to deliver, seconds; -1 is the provider's longest. */
interface Lifetime {
  ttlSeconds?: number;
}

export type TemplateBody = Lifetime &
  (({ category: 'AUTHENTICATION' } & AuthenticationContent) | ({ category: 'UTILITY' } & UtilityContent));

/** A template in one language. */
export type TemplateDraft = { name: string; language: string } & TemplateBody;

export type TemplateResult =
  | { outcome: 'created'; externalId: string; status: TemplateStatus }
  | { outcome: 'refused'; reason: string; field?: string; nameTaken?: boolean }
  | { outcome: 'unavailable'; reason: string };

export interface TemplateInfo {
  externalId: string;
  name: string;
  language: string;
  /** As the provider writes it, upper case. */
  category: string;
  status: TemplateStatus;
  reason?: string;
  quality?: TemplateQuality;
  /** What it says, as far as it can be read back; undefined for what we could not have made. */
  body?: TemplateBody;
}

/** The texts of an authentication template as the provider renders them; `{{1}}` is the code. */
export interface TemplatePreview {
  language: string;
  body: string;
  footer?: string;
  buttons: string[];
}

interface Unavailable {
  unavailable: string;
}

export interface Templates<Config> {
  create(draft: TemplateDraft, config: Config, context: ProviderContext): Promise<TemplateResult>;
  /** All languages in one call, where the provider has it; results in the order of the drafts. */
  upsert?(
    drafts: readonly TemplateDraft[],
    config: Config,
    context: ProviderContext,
  ): Promise<TemplateResult[]>;
  /** Replaces what a language says; its status starts again. */
  edit?(
    externalId: string,
    draft: TemplateDraft,
    config: Config,
    context: ProviderContext,
  ): Promise<TemplateResult>;
  list(
    name: string | undefined,
    config: Config,
    context: ProviderContext,
  ): Promise<TemplateInfo[] | Unavailable>;
  /** All languages of the name. */
  delete(name: string, config: Config, context: ProviderContext): Promise<{ deleted: true } | Unavailable>;
  preview?(
    content: AuthenticationContent,
    languages: readonly string[],
    config: Config,
    context: ProviderContext,
  ): Promise<TemplatePreview[] | Unavailable>;
}

/** A number of the account as the provider knows it. */
export interface NumberInfo {
  externalId: string;
  /** Digits. */
  address: string;
  name?: string;
  registered?: boolean;
  /** Ownership proven by a code. */
  verified?: boolean;
  quality?: TemplateQuality;
  messagesPerSecond?: number;
}

/** `wait`: refused now, may be asked again after so many seconds. */
export type NumberResult =
  | { outcome: 'done' }
  | { outcome: 'refused'; reason: string; waitSeconds?: number }
  | { outcome: 'unavailable'; reason: string };

/** Administration of a WhatsApp number: who may use it, and its two-step PIN. PINs are six digits. */
export interface Numbers<Config> {
  list(config: Config, context: ProviderContext): Promise<NumberInfo[] | Unavailable>;
  setPin(externalId: string, pin: string, config: Config, context: ProviderContext): Promise<NumberResult>;
  requestCode(
    externalId: string,
    by: { method: 'SMS' | 'VOICE'; language: string },
    config: Config,
    context: ProviderContext,
  ): Promise<NumberResult>;
  verifyCode(
    externalId: string,
    code: string,
    config: Config,
    context: ProviderContext,
  ): Promise<NumberResult>;
  register(externalId: string, pin: string, config: Config, context: ProviderContext): Promise<NumberResult>;
  deregister(externalId: string, config: Config, context: ProviderContext): Promise<NumberResult>;
  /** Whether the provider posts to our webhook. */
  isSubscribed(config: Config, context: ProviderContext): Promise<boolean | Unavailable>;
}

/** What a provider that made the code itself says of an answer. */
export type CheckResult =
  | { outcome: 'right' }
  | { outcome: 'wrong' }
  | { outcome: 'ended' }
  | { outcome: 'unavailable'; reason: string };

/** A button under a chat message. What is pressed comes back as `payload`, at most 256 characters; `title` at most 20. */
export interface ChatButton {
  payload: string;
  title: string;
}

/** Words in a conversation that the person opened, so that no template is needed. It never carries a code. */
export interface ChatMessage {
  channel: Channel;
  /** As `InboundNotice.from` named the person. */
  to: string;
  from: SenderAddress;
  /** At most 1,000 characters. */
  text: string;
  /** Three at most; only on channels of `buttonChannels`. */
  buttons?: readonly ChatButton[];
  /** The provider's id of the person's message that is answered. */
  inReplyTo?: string;
  deadlineMs: number;
}

/** Talking back where people wrote to us. */
export interface Chat<Config> {
  channels: readonly Channel[];
  buttonChannels: readonly Channel[];
  send(message: ChatMessage, config: Config, context: ProviderContext): Promise<SendResult>;
}

/** One thing looked at by `POST /v1/accounts/{id}/test`. */
export interface Finding {
  check: 'credentials' | 'permissions' | 'expiry' | 'sender' | 'reachable';
  ok: boolean;
  detail: string;
  /** Of `expiry`: when the credentials end, epoch ms; absent when they do not. */
  expiresAt?: number;
}

/** The port. An adapter is a plain object made with `defineProvider`, in its own folder, plus one line in `adapters/index.ts`. */
export interface MessageProvider<Config extends object = object> {
  id: string;
  channels: readonly Channel[];
  /** Of these, those that send in templates approved beforehand, which the templates room keeps. */
  templateChannels?: readonly Channel[];
  /** Where the provider takes digits alone, and so many at most. */
  digitsOnly?: { most: number };
  /** The member of the config without which this channel can not be used, when it is absent. */
  lacks?(channel: Channel, config: Config): string | undefined;
  /** Validates credentials and settings, on write and on read. */
  configDto: ClassConstructor<Config>;
  /** Names of config members that are never shown again. */
  secrets: readonly string[];
  /** True when its receipts echo our correlation id; else the provider's own id of each message is kept for them. */
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
  chat?: Chat<Config>;
  templates?: Templates<Config>;
  numbers?: Numbers<Config>;
  /** Asks a provider that owns the code whether this is it. */
  check?(
    providerMessageId: string,
    answer: string,
    config: Config,
    context: ProviderContext,
  ): Promise<CheckResult>;
  /** Tells the provider that a message of its was answered: it learns which routes convert. Best effort. */
  reportConversion?(
    providerMessageId: string,
    config: Config,
    context: ProviderContext,
  ): Promise<{ told: true } | Unavailable>;
  diagnose?(config: Config, senders: readonly SenderAddress[], context: ProviderContext): Promise<Finding[]>;
}

/** Gives an adapter its type without a class, a token or a base. */
export function defineProvider<Config extends object>(provider: MessageProvider<Config>): MessageProvider {
  return provider as unknown as MessageProvider;
}

/** What WhatsApp lets a person write at most. No other channel carries more. */
const MOST_CHARACTERS = 4_096;

/** What a person wrote, or a button of theirs says or carries, cut where it could be no longer; undefined when it is nothing. */
export function asWords(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MOST_CHARACTERS) : undefined;
}

const PROVIDER_ID = /^[\x21-\x7e]{1,255}$/;

/** An id as a provider may write one. Anything else could not be kept: PostgreSQL takes no NUL, and a record no kilobytes. */
export function asProviderId(value: unknown): string | undefined {
  return typeof value === 'string' && PROVIDER_ID.test(value) ? value : undefined;
}
