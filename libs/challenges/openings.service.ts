import { Injectable } from '@nestjs/common';
import { makeCode, type PublishedGenerator } from '#generators';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import { describeError, loggerFor } from '#platform/logging';
import { type ErrorCode, Problem } from '#platform/errors';
import { type Identifier, newChallengeId, renderNative } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { parsePhone } from '#platform/phone';
import type { Receivers } from './addresses.js';
import { BackPressure } from './back-pressure.js';
import type { Purpose } from './challenge.js';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import { FairShare } from './fair-share.js';
import {
  HotStore,
  newOperation,
  type OpenRecord,
  type OpenReply,
  type Refusal,
  type ResendReply,
  type SendAges,
} from './hot-store/hot-store.js';
import { type LimitProfile, limitsFor } from './limits.js';
import { type RateLimitFields, rateLimitFields } from './rate-limit-fields.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { RefusalsService } from './refusals.service.js';
import { type Route, RoutePlanner } from './route-planner.js';
import { SendQueue } from './send-queue.js';

/** What to do when the same question is open already: see architecture, "Opening again". */
export type OnLive = 'resend' | 'replace' | 'return';

export interface OpenInput {
  generator: PublishedGenerator;
  /** As the caller wrote it. */
  receiver: string;
  /** An address of the other kind, for later steps of the plan. */
  fallbackReceiver?: string;
  channel?: string;
  language?: string;
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  metadata?: Record<string, unknown>;
  onLive: OnLive;
  /** 106 bits chosen by whoever repeats this call: the same one opens the same challenge. */
  operation?: Buffer;
}

export interface Opened {
  id: Identifier;
  channel: Channel;
  expiresAt: number;
  resendFrom: number;
  attemptsRemaining: number;
  sends: number;
  /** False when an identical request within 5 s sent nothing. */
  sent: boolean;
  /** Header fields that tell what is left; undefined where nothing is limited. */
  rateLimit?: RateLimitFields;
}

/** A refusal is a value: a dialect reads its code and answers in its vendor's words. */
export type OpenResult = { opened: Opened } | { refused: Problem };

/** What the request itself decides, before a route is looked for. */
interface Chosen {
  input: OpenInput;
  caller: Principal;
  receivers: Receivers;
  contextDigest: string;
}

interface Prepared extends Chosen {
  route: Route;
  limits: LimitProfile;
  /** Of its message in the queue. */
  priority: number;
  partition: number;
  limitName: string;
  liveName: string;
}

const RETURN_WITHIN_MS = 5_000;
const SEND_LIMIT_RETRY_SECONDS = 60;

/** Opens challenges and adds messages to them. Redis only: nothing here waits for PostgreSQL or a provider. */
@Injectable()
export class OpeningsService {
  private readonly logger = loggerFor('challenges');

  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly queue: SendQueue,
    private readonly planner: RoutePlanner,
    private readonly aliases: ReceiverAliases,
    private readonly metrics: Metrics,
    private readonly refusals: RefusalsService,
    private readonly fairShare: FairShare,
    private readonly pressure: BackPressure,
  ) {}

  async open(caller: Principal, input: OpenInput): Promise<OpenResult> {
    const preparing = this.prepare(caller, input, this.vault.contextDigest(caller.tenantId, input.context));
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (prepared instanceof Problem) await this.refusals.note(caller, input, prepared.code);
    const result = await this.openPrepared(prepared);
    this.metrics.opens.inc({ outcome: 'refused' in result ? result.refused.code : 'opened' });
    return result;
  }

  /** Another message for a challenge that is still pending. */
  async resend(
    caller: Principal,
    id: Identifier,
    generator: PublishedGenerator,
    receiver: string,
    input: { channel?: string; language?: string; contextDigest: string; purpose: Purpose },
  ): Promise<OpenResult> {
    const { channel, language, purpose, contextDigest } = input;
    const request: OpenInput = { generator, receiver, channel, language, purpose, onLive: 'resend' };
    const prepared = await this.prepare(caller, request, contextDigest);
    if (prepared instanceof Problem) {
      await this.refusals.note(caller, request, prepared.code, id);
      return { refused: prepared };
    }
    return this.addMessage(prepared, id);
  }

  private async openPrepared(prepared: Prepared | Problem): Promise<OpenResult> {
    if (prepared instanceof Problem) return { refused: prepared };
    const { generator, operation } = prepared.input;
    const id = newChallengeId(prepared.partition, operation);
    const code = makeCode(generator.alphabet, generator.codeLength);
    const reply = await this.hotStore.open(this.record(prepared, id, code));
    if (reply.outcome === 'live') return this.meetLive(prepared, reply);
    return this.finish(prepared, id, reply);
  }

  /** Everything that can be decided before Redis is asked to change anything; at once, when memory has the records. */
  private prepare(
    caller: Principal,
    input: OpenInput,
    contextDigest: string,
  ): Prepared | Problem | Promise<Prepared | Problem> {
    const receivers = readReceivers(input);
    if (receivers instanceof Problem) return receivers;
    const { generator, channel, language } = input;
    const route = this.planner.choose({ generator, mode: caller.mode, receivers, channel, language });
    const chosen = { input, caller, receivers, contextDigest };
    return route instanceof Promise
      ? route.then((found) => this.complete(chosen, found))
      : this.complete(chosen, route);
  }

  private complete(chosen: Chosen, route: Route | Problem): Prepared | Problem {
    if (route instanceof Problem) return route;
    const { caller, input, receivers, contextDigest } = chosen;
    const priority = this.fairShare.take(caller.tenantId);
    const overloaded = this.pressure.refusal(route.step.channel as Channel, priority);
    if (overloaded) return overloaded;
    const { partition, ref } = this.aliases.locate(caller.tenantId, receivers.primary.canonical);
    return {
      ...chosen,
      route,
      limits: limitsFor(caller.mode),
      priority,
      partition,
      limitName: ref,
      liveName: liveName(ref, input.purpose ?? 'authentication', contextDigest),
    };
  }

  private record(prepared: Prepared, id: Identifier, code: string, replaces?: Identifier): OpenRecord {
    const { caller, receivers, contextDigest, limits, route } = prepared;
    const { primary: to, fallback } = receivers;
    const { generator, metadata, purpose } = prepared.input;
    const { tenantId, mode } = caller;
    const { kid, mac } = this.vault.mac(tenantId, id, contextDigest, code);
    const fields: Record<string, string | number> = {
      v: 1,
      k: 'c',
      t: tenantId,
      g: `${generator.id}:${generator.version}`,
      h: mac,
      hk: kid,
      c: this.vault.sealCode(tenantId, id, code),
      l: code.length,
      fm: generator.maxAttempts,
      ...this.vault.sealReceiver(tenantId, id, to.address),
      i: prepared.liveName,
      lg: route.language,
    };
    if (contextDigest) fields['x'] = contextDigest;
    if (purpose && purpose !== 'authentication') fields['p'] = purpose;
    if (mode === 'test') fields['y'] = mode;
    if (generator.plan.length > 1) fields['ps'] = generator.plan.length;
    if (generator.strictApproval) fields['st'] = 1;
    if (fallback) Object.assign(fields, this.vault.sealFallback(tenantId, id, fallback.address));
    if (metadata && Object.keys(metadata).length > 0) fields['md'] = JSON.stringify(metadata);
    return {
      id,
      generatorId: generator.id,
      liveName: prepared.liveName,
      limitName: prepared.limitName,
      receiverRef: this.vault.receiverRef(tenantId, to.canonical),
      lifeMs: generator.lifeSeconds * 1_000,
      coolDownMs: coolDowns(generator, limits)[0] ?? 0,
      maxMessages: limits.maxMessages ? generator.resend.maxMessages : 0,
      replaces,
      message: this.message(prepared),
      limits: limits.receiver,
      country: to.country,
      prefixDigest: this.vault.prefixDigest(to.canonical),
      fields,
    };
  }

  private message({ route: { step, stepNumber } }: Prepared): OpenRecord['message'] {
    return {
      channelLetter: LETTER_OF_CHANNEL[step.channel as Channel],
      accountId: step.accountId,
      step: stepNumber,
    };
  }

  private meetLive(prepared: Prepared, live: OpenReply & { outcome: 'live' }): Promise<OpenResult> {
    if (prepared.input.onLive === 'replace') return this.replace(prepared, live.id);
    if (prepared.input.onLive === 'return' && live.now - live.openedAt < RETURN_WITHIN_MS)
      return this.returnLive(prepared, live.id);
    return this.addMessage(prepared, live.id);
  }

  private async addMessage(prepared: Prepared, id: Identifier): Promise<OpenResult> {
    const { caller, limits, contextDigest } = prepared;
    const { generator } = prepared.input;
    const rotates = generator.resend.code === 'rotate';
    const code = rotates ? makeCode(generator.alphabet, generator.codeLength) : '';
    const reply = await this.hotStore.resend({
      id,
      tenantId: caller.tenantId,
      operation: newOperation(),
      maxMessages: limits.maxMessages ? generator.resend.maxMessages : 0,
      coolDownsMs: coolDowns(generator, limits),
      limits: limits.receiver,
      message: this.message(prepared),
      language: prepared.route.language,
      rotated: rotates
        ? {
            ...this.vault.mac(caller.tenantId, id, contextDigest, code),
            sealedCode: this.vault.sealCode(caller.tenantId, id, code),
          }
        : undefined,
    });
    // Where no limit holds, a record that is full of messages is succeeded by a new one.
    if (reply.outcome === 'send_limit' && !limits.maxMessages) return this.replace(prepared, id);
    if (reply.outcome !== 'resent') return { refused: resendProblem(reply, limits) };
    await this.enqueue(prepared, id, reply.number);
    return {
      opened: {
        id,
        channel: prepared.route.step.channel as Channel,
        expiresAt: reply.expiresAt,
        resendFrom: reply.resendFrom,
        attemptsRemaining: reply.allowed - reply.failures,
        sends: reply.number,
        sent: true,
        rateLimit: this.rateLimit(prepared, reply.number, reply.ages),
      },
    };
  }

  /** A new id for a question that is open already. The old code goes on under it, unless the generator rotates. */
  private async replace(prepared: Prepared, liveId: Identifier): Promise<OpenResult> {
    const { caller } = prepared;
    const { generator, operation } = prepared.input;
    const live = await this.hotStore.read(liveId, caller.tenantId);
    const sealed = generator.resend.code === 'same' ? await this.hotStore.sealedCode(liveId) : undefined;
    if (live?.get('s') === 'L') return { refused: endedProblem('locked', '', Number(live.get('e'))) };
    const code = sealed
      ? this.vault.openCode(caller.tenantId, liveId, sealed)
      : makeCode(generator.alphabet, generator.codeLength);
    const id = newChallengeId(prepared.partition, operation);
    const sends = Number(live?.get('n') ?? 0);
    const record = this.record(prepared, id, code, liveId);
    record.coolDownMs = coolDownAt(generator, prepared.limits, sends + 1);
    const reply = await this.hotStore.open(record);
    // Only a third request between our two steps leads here; the caller may simply ask again.
    if (reply.outcome === 'live')
      return { refused: new Problem('limit.cool_down', { retryAfterSeconds: 1 }) };
    return this.finish(prepared, id, reply);
  }

  private async returnLive(prepared: Prepared, id: Identifier): Promise<OpenResult> {
    const record = await this.hotStore.read(id, prepared.caller.tenantId);
    if (!record) return { refused: new Problem('challenge.not_found') };
    return {
      opened: {
        id,
        channel: prepared.route.step.channel as Channel,
        expiresAt: Number(record.get('e')),
        resendFrom: Number(record.get('ra')),
        attemptsRemaining: Number(record.get('fm')) - Number(record.get('f')),
        sends: Number(record.get('n')),
        sent: false,
      },
    };
  }

  private async finish(
    prepared: Prepared,
    id: Identifier,
    reply: Exclude<OpenReply, { outcome: 'live' }>,
  ): Promise<OpenResult> {
    if (reply.outcome !== 'opened') return { refused: limitProblem(reply, prepared.limits) };
    await this.enqueue(prepared, id, reply.sends);
    return {
      opened: {
        id,
        channel: prepared.route.step.channel as Channel,
        expiresAt: reply.expiresAt,
        resendFrom: reply.resendFrom,
        attemptsRemaining: prepared.input.generator.maxAttempts - reply.failures,
        sends: reply.sends,
        sent: true,
        rateLimit: this.rateLimit(prepared, reply.sends, reply.ages),
      },
    };
  }

  private rateLimit({ limits, input }: Prepared, sends: number, ages: SendAges): RateLimitFields | undefined {
    return rateLimitFields(limits, { sends, maxMessages: input.generator.resend.maxMessages }, ages);
  }

  /** The message is safe in its record already: when the queue does not answer, the sweeper adds it. */
  private async enqueue(
    { route: { step }, priority }: Prepared,
    id: Identifier,
    number: number,
  ): Promise<void> {
    try {
      await this.queue.add(step.channel as Channel, id, number, 1, { priority });
    } catch (error) {
      this.logger.warn(
        { challenge: renderNative('challenge', id), error: describeError(error) },
        'job not added; the sweeper takes it',
      );
    }
  }
}

/** Purpose and context are part of the name only when they are not the usual ones: most keys stay short. */
function liveName(ref: string, purpose: Purpose, contextDigest: string): string {
  return purpose === 'authentication' && contextDigest === '' ? ref : `${ref}:${purpose}:${contextDigest}`;
}

function coolDowns(generator: PublishedGenerator, limits: LimitProfile): number[] {
  return limits.coolDown ? generator.resend.coolDownSeconds.map((seconds) => seconds * 1_000) : [];
}

function coolDownAt(generator: PublishedGenerator, limits: LimitProfile, sends: number): number {
  const list = coolDowns(generator, limits);
  return list[Math.min(sends, list.length) - 1] ?? 0;
}

/** The receiver, and the address of the other kind that later steps may need. */
function readReceivers({ receiver, fallbackReceiver }: OpenInput): Receivers | Problem {
  const primary = parsePhone(receiver);
  if (typeof primary === 'string') return receiverProblem('receiver', primary);
  if (fallbackReceiver === undefined) return { primary };
  const fallback = parsePhone(fallbackReceiver);
  if (typeof fallback === 'string') return receiverProblem('fallbackReceiver', fallback);
  return { primary, fallback };
}

function receiverProblem(
  field: string,
  problem: 'invalid_phone' | 'extension_not_allowed' | 'number_class_not_allowed',
): Problem {
  if (problem === 'number_class_not_allowed') return new Problem('receiver.number_class_not_allowed');
  return new Problem('receiver.invalid_phone', { errors: [{ pointer: `#/${field}`, code: problem }] });
}

const LIMIT_CODES: Record<Refusal['outcome'], ErrorCode> = {
  cool_down: 'limit.cool_down',
  send_limit: 'challenge.send_limit',
  receiver: 'limit.receiver',
  slowed: 'limit.receiver',
  unsolicited: 'limit.unsolicited',
  disabled: 'receiver.disabled',
};

function limitProblem({ outcome, waitMs, ages }: Refusal, limits: LimitProfile): Problem {
  const headers: Record<string, string> | undefined = rateLimitFields(limits, undefined, ages);
  if (outcome === 'disabled') return new Problem('receiver.disabled', { headers });
  const retryAfterSeconds = outcome === 'send_limit' ? SEND_LIMIT_RETRY_SECONDS : waitMs / 1_000;
  return new Problem(LIMIT_CODES[outcome], { retryAfterSeconds, headers });
}

function resendProblem(reply: Exclude<ResendReply, { outcome: 'resent' }>, limits: LimitProfile): Problem {
  if (reply.outcome === 'unknown') return new Problem('challenge.not_found');
  if (reply.outcome === 'ended') return endedProblem(reply.state, reply.why);
  return limitProblem(reply, limits);
}

/** What a call on an ended challenge is told: the true state and why, so that "used" and "expired" differ. */
export function endedProblem(state: string, why: string, until?: number): Problem {
  if (why === 'context_mismatch') return new Problem('challenge.context_mismatch', { members: { state } });
  return new Problem('challenge.not_pending', {
    members: {
      state,
      reason: why || undefined,
      ...(until && { until: new Date(until).toISOString() }),
    },
  });
}
