// What an adapter brings to the conformance suite: its own documented samples. Everything else is the suite's.
import type {
  ChatMessage,
  MessageProvider,
  OutboundMessage,
  StatusNotice,
  WebhookRequest,
} from '../message-provider.js';
import type { Play } from './scripted-server.fixtures.js';

/** What can become of a send; `situations.fixtures.ts` tells each. */
export type Situation =
  | 'accepts'
  | 'badCredentials'
  | 'badReceiver'
  | 'throttled'
  | 'throttledForTwoSeconds'
  | 'unavailable'
  | 'badGateway'
  | 'silence'
  | 'reset'
  | 'hangUp'
  | 'cutShort'
  | 'halfJson'
  | 'page'
  | 'empty'
  | 'redirect'
  | 'tenMegabytes'
  | 'flood'
  | 'dripHeaders'
  | 'dripBody';

export interface ProviderCase {
  provider: MessageProvider;
  /** A valid config whose requests go to `baseUrl`. */
  config(baseUrl: string): object;
  /** The values in it that nobody may see again. */
  secrets: readonly string[];
  /** The provider's documented example of a message, as we would hand it over. Its code and receiver are secret as well. */
  message: OutboundMessage;
  /** The request that the provider documents for it. Headers: those that matter, in lower case. Format: JSON unless said. */
  request: {
    method: string;
    url: string;
    headers: Record<string, string>;
    format?: 'json' | 'form';
    body: unknown;
  };
  /** Calls that come before the one that sends, by their path, and what answers them. They hand over no message. */
  prelude?: Record<string, Play>;
  /** How often the code stands in that body. */
  codeOccurrences: number;
  /** The documented answer to it, with this id in the place of the provider's message id. */
  accepted(id: unknown): Play;
  /** The documented refusals. */
  badCredentials: Play;
  badReceiver: Play;
  /** In the provider's own words, with its own headers and these. */
  throttled(headers: Record<string, string>): Play;
  /** A 5xx in the provider's own words, and what the provider says of the message then. */
  unavailable: { play: Play; outcome: 'retry' | 'unknown' };
  /** Where the provider's own contract differs from what all others have in common. */
  odd?: {
    /** Codes it takes, where it does not take letters. */
    codes?: string[];
    /** Any 2xx means that the message was taken, whatever the answer says; without an id it goes by its correlation id. */
    anyAnswerAccepts?: true;
    /** The text with the code as it is written, where the provider is told it otherwise: a voice reads digits apart. */
    written?(text: string): string;
  };
  receipts?: ReceiptCase;
  /** Where the adapter talks back: one for each way in which it writes words. */
  chat?: readonly ChatCase[];
  /** The provider's half of the simulator, where there is one. */
  simulator?: () => Promise<SimulatorStage>;
  /** What that half does not play; `BROKEN_HTTP` unless said. Anything else it must play. */
  unplayed?: readonly Situation[];
  /** Of the base URL; `http` unless said. */
  scheme?: string;
}

export interface ChatCase {
  name: string;
  message: ChatMessage;
  request: ProviderCase['request'];
  /** Where an endpoint answers otherwise than the one that sends codes. */
  accepted?: ProviderCase['accepted'];
  /** The refusal of words when nobody opened a conversation, or it is over; absent where none is needed. */
  windowClosed?: Play;
}

/** What a provider brings that does not speak HTTP: its own spec plays the script, the suite does the rest. */
export type SimulatedCase = Pick<
  ProviderCase,
  'provider' | 'config' | 'secrets' | 'message' | 'odd' | 'simulator' | 'unplayed' | 'scheme'
> & { unavailable: Pick<ProviderCase['unavailable'], 'outcome'> };

/**
 * Accidents of HTTP that have nothing of any provider in them. An adapter meets each of them at the scripted server; the
 * simulator has no part in it.
 */
export const BROKEN_HTTP: readonly Situation[] = [
  'cutShort',
  'empty',
  'redirect',
  'tenMegabytes',
  'dripHeaders',
  'dripBody',
];

export interface ReceiptCase {
  /** A config under which receipts are proved by any of these secrets. */
  config(secrets: readonly string[]): object;
  /** The current secret, and the one it is being rotated to. */
  secrets: readonly [string, string];
  /** The request in which the provider would post this body. */
  post(body: Buffer, secret: string): WebhookRequest;
  /** The header that carries the proof, in lower case. */
  proofHeader: string;
  /** Whether the proof covers the body, or only shows that the sender knows a secret. */
  provesBody: boolean;
  /** Proofs that are not quite right, made from a right one. */
  oddProofs(right: string): string[];
  /** One status as the provider writes it. */
  item(id: unknown, status: unknown, correlationId?: unknown): unknown;
  /** A failure with the provider's own code, in the provider's own words. */
  failedItem(id: string, words: string): { item: unknown; reason: string };
  /** The body that carries these. A provider that posts one at a time is given one at a time. */
  envelope(items: readonly unknown[]): unknown;
  batches: boolean;
  /** The documented example and what it says. */
  sample: { body: unknown; notices: readonly StatusNotice[] };
  /** How one reaches `parse`, where a part of what the suite holds as the body stands in the address. */
  arrives?(body: unknown): { body: unknown; query: Record<string, unknown> };
  /** Bodies that are the provider's, and say nothing to us. */
  uninteresting: readonly unknown[];
}

/** The same situations, played by the simulator instead of the script. */
export interface SimulatorStage {
  url: string;
  config: object;
  message: OutboundMessage;
  /** Sets the situation up; answers the config to send with, where it is not `config`. What it cannot play is left out. */
  play: Partial<Record<Situation, () => Promise<object | undefined>>>;
  /** Situations in which the message is taken, although the adapter may not come to know it. */
  takes: readonly Situation[];
  /** The codes it has taken since this was asked last. */
  taken(): Promise<string[]>;
  close(): Promise<void>;
}
