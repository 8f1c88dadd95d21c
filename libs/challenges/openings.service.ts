import { Injectable } from '@nestjs/common';
import { type ChannelStep, makeCode, type PublishedGenerator } from '#generators';
import { AccountsService, admitRoute, type Channel, type LoadedAccount, type RouteRefusal } from '#providers';
import { type PublishedTemplate, TemplatesService } from '#templates';
import type { EndUser } from '#limits';
import type { Principal } from '#tenants';
import { describeError, loggerFor } from '#platform/logging';
import { type ErrorCode, Problem } from '#platform/errors';
import { type Identifier, newChallengeId, renderNative } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { Partitions } from '#platform/partitions';
import { type CanonicalReceiver, parsePhone } from '#platform/phone';
import { Admissions, type Subject } from './admission.js';
import type { Purpose } from './challenge.js';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import {
  HotStore,
  newOperation,
  type OpenRecord,
  type OpenReply,
  type Refusal,
  type ResendReply,
} from './hot-store/hot-store.js';
import { type LimitProfile, limitsFor } from './limits.js';
import { SendQueue } from './send-queue.js';

/** What to do when the same question is open already: see architecture, "Opening again". */
export type OnLive = 'resend' | 'replace' | 'return';

export interface OpenInput {
  generator: PublishedGenerator;
  /** As the caller wrote it. */
  receiver: string;
  channel?: string;
  language?: string;
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  metadata?: Record<string, unknown>;
  /** What the caller says about the person behind the request. */
  endUser?: EndUser;
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
}

/** A refusal is a value: a dialect reads its code and answers in its vendor's words. */
export type OpenResult = { opened: Opened } | { refused: Problem };

interface Prepared {
  input: OpenInput;
  caller: Principal;
  to: CanonicalReceiver;
  step: ChannelStep;
  stepNumber: number;
  language: string;
  limits: LimitProfile;
  contextDigest: string;
  partition: number;
  limitName: string;
  liveName: string;
}

/** What the request itself decides, before accounts and templates are looked at. */
type Chosen = Pick<Prepared, 'input' | 'caller' | 'to' | 'step' | 'stepNumber' | 'contextDigest'>;

const RETURN_WITHIN_MS = 5_000;

/** Opens challenges and adds messages to them. Redis only: nothing here waits for PostgreSQL or a provider. */
@Injectable()
export class OpeningsService {
  private readonly logger = loggerFor('challenges');

  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly queue: SendQueue,
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
    private readonly partitions: Partitions,
    private readonly metrics: Metrics,
    private readonly admissions: Admissions,
  ) {}

  async open(caller: Principal, input: OpenInput): Promise<OpenResult> {
    const prepared = this.prepare(caller, input, this.vault.contextDigest(caller.tenantId, input.context));
    const result = await this.openPrepared(prepared instanceof Promise ? await prepared : prepared);
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
    const prepared = await this.prepare(
      caller,
      {
        generator,
        receiver,
        channel: input.channel,
        language: input.language,
        purpose: input.purpose,
        onLive: 'resend',
      },
      input.contextDigest,
    );
    if (prepared instanceof Problem) return { refused: prepared };
    return this.admissions.guard(subjectOf(prepared), newOperation(), () => this.addMessage(prepared, id));
  }

  private async openPrepared(prepared: Prepared | Problem): Promise<OpenResult> {
    if (prepared instanceof Problem) return { refused: prepared };
    const id = newChallengeId(prepared.partition, prepared.input.operation);
    return this.admissions.guard(subjectOf(prepared), id, () => this.openAdmitted(prepared, id));
  }

  private async openAdmitted(prepared: Prepared, id: Identifier): Promise<OpenResult> {
    const { generator } = prepared.input;
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
    const { plan } = input.generator;
    const stepNumber =
      input.channel === undefined ? 0 : plan.findIndex((step) => step.channel === input.channel);
    const step = plan[stepNumber];
    if (!step) return channelProblem(input.channel!);
    const to = parsePhone(input.receiver);
    if (typeof to === 'string') return receiverProblem(to);
    const chosen = { input, caller, to, step, stepNumber, contextDigest };
    const account = this.accounts.load(step.accountId);
    const template = this.templates.load(step.templateId);
    if (account instanceof Promise || template instanceof Promise) {
      return Promise.all([account, template]).then(([one, other]) => this.judge(chosen, one, other));
    }
    return this.judge(chosen, account, template);
  }

  private judge(
    { input, caller, to, step, stepNumber, contextDigest }: Chosen,
    account: LoadedAccount | undefined,
    template: PublishedTemplate | undefined,
  ): Prepared | Problem {
    const simulator = account !== undefined && this.accounts.isSimulator(account);
    const route = admitRoute(account, step, to, { mode: caller.mode, simulator });
    if ('refused' in route) return routeProblem(route.refused);
    const language = chooseLanguage(template, input.language ?? step.language, step.language);
    if (language instanceof Problem) return language;
    const { partition, ref } = this.partitions.locate(to.canonical);
    return {
      input,
      caller,
      to,
      step,
      stepNumber,
      contextDigest,
      language,
      limits: limitsFor(caller.mode),
      partition,
      limitName: `${caller.tenantId}:${ref}`,
      liveName: liveName(ref, input.purpose ?? 'authentication', contextDigest),
    };
  }

  private record(prepared: Prepared, id: Identifier, code: string, replaces?: Identifier): OpenRecord {
    const { caller, to, contextDigest, limits, language } = prepared;
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
      lg: language,
    };
    if (contextDigest) fields['x'] = contextDigest;
    if (purpose && purpose !== 'authentication') fields['p'] = purpose;
    if (mode === 'test') fields['y'] = mode;
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
      windows: limits.receiver,
      fields,
    };
  }

  private message({ step, stepNumber }: Prepared): OpenRecord['message'] {
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
    const { caller, limits, limitName, contextDigest } = prepared;
    const { generator } = prepared.input;
    const rotates = generator.resend.code === 'rotate';
    const code = rotates ? makeCode(generator.alphabet, generator.codeLength) : '';
    const reply = await this.hotStore.resend({
      id,
      tenantId: caller.tenantId,
      operation: newOperation(),
      limitName,
      maxMessages: limits.maxMessages ? generator.resend.maxMessages : 0,
      coolDownsMs: coolDowns(generator, limits),
      windows: limits.receiver,
      message: this.message(prepared),
      language: prepared.language,
      rotated: rotates
        ? {
            ...this.vault.mac(caller.tenantId, id, contextDigest, code),
            sealedCode: this.vault.sealCode(caller.tenantId, id, code),
          }
        : undefined,
    });
    // Where no limit holds, a record that is full of messages is succeeded by a new one.
    if (reply.outcome === 'send_limit' && !limits.maxMessages) return this.replace(prepared, id);
    if (reply.outcome !== 'resent') return { refused: resendProblem(reply) };
    await this.enqueue(prepared, id, reply.number);
    return {
      opened: {
        id,
        channel: prepared.step.channel as Channel,
        expiresAt: reply.expiresAt,
        resendFrom: reply.resendFrom,
        attemptsRemaining: reply.allowed - reply.failures,
        sends: reply.number,
        sent: true,
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
        channel: prepared.step.channel as Channel,
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
    if (reply.outcome !== 'opened') return { refused: limitProblem(reply) };
    await this.enqueue(prepared, id, reply.sends);
    return {
      opened: {
        id,
        channel: prepared.step.channel as Channel,
        expiresAt: reply.expiresAt,
        resendFrom: reply.resendFrom,
        attemptsRemaining: prepared.input.generator.maxAttempts - reply.failures,
        sends: reply.sends,
        sent: true,
      },
    };
  }

  /** The message is safe in its record already: when the queue does not answer, the sweeper adds it. */
  private async enqueue({ step }: Prepared, id: Identifier, number: number): Promise<void> {
    try {
      await this.queue.add(step.channel as Channel, id, number, 1);
    } catch (error) {
      this.logger.warn(
        { challenge: renderNative('challenge', id), error: describeError(error) },
        'job not added; the sweeper takes it',
      );
    }
  }
}

/** What shared limits and switches judge a send by. */
function subjectOf({ caller, to, step, input: { purpose, endUser } }: Prepared): Subject {
  return { caller, to, channel: step.channel, accountId: step.accountId, purpose, endUser };
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

/** The language to send in: the one asked for, its base language, or the plan's. It must be approved. */
function chooseLanguage(
  template: PublishedTemplate | undefined,
  wanted: string,
  fallback: string,
): string | Problem {
  if (!template)
    return new Problem('template.not_approved', {
      detail: 'The template was deleted. Point the generator at another one.',
      members: { templateStatus: 'deleted' },
    });
  const find = (code: string): PublishedTemplate['languages'][number] | undefined =>
    template.languages.find((entry) => entry.language === code);
  const found = find(wanted) ?? find(wanted.split('_', 1)[0]!) ?? find(fallback);
  if (found?.status === 'approved') return found.language;
  const status = found?.status ?? 'missing';
  const advice =
    status === 'pending'
      ? 'Wait for the approval, or ask for it with POST /v1/templates/{id}/sync.'
      : 'Submit a new template and point the generator at it.';
  return new Problem('template.not_approved', {
    detail: `The template is ${status}. ${advice}`,
    members: { templateStatus: status },
  });
}

function channelProblem(channel: string): Problem {
  const known = ['whatsapp', 'sms', 'email', 'voice'].includes(channel);
  if (known)
    return new Problem('channel.not_configured', { detail: 'The generator has no step for this channel.' });
  return Problem.field('channel', 'not_allowed', 'channel must be one of the generator’s channels');
}

function receiverProblem(
  problem: 'invalid_phone' | 'extension_not_allowed' | 'number_class_not_allowed',
): Problem {
  if (problem === 'number_class_not_allowed') return new Problem('receiver.number_class_not_allowed');
  return new Problem('receiver.invalid_phone', { errors: [{ pointer: '#/receiver', code: problem }] });
}

const ROUTE_PROBLEMS: Record<RouteRefusal, ErrorCode> = {
  account_missing: 'channel.not_configured',
  sender_missing: 'channel.not_configured',
  country_not_allowed: 'receiver.destination_not_allowed',
  test_key_live_account: 'auth.test_key_live_account',
};

function routeProblem(refused: RouteRefusal): Problem {
  return new Problem(ROUTE_PROBLEMS[refused]);
}

function limitProblem(reply: Refusal): Problem {
  if (reply.outcome === 'send_limit') return new Problem('challenge.send_limit', { retryAfterSeconds: 60 });
  const code = reply.outcome === 'cool_down' ? 'limit.cool_down' : 'limit.receiver';
  return new Problem(code, { retryAfterSeconds: reply.waitMs / 1_000 });
}

function resendProblem(reply: Exclude<ResendReply, { outcome: 'resent' }>): Problem {
  if (reply.outcome === 'unknown') return new Problem('challenge.not_found');
  if (reply.outcome === 'ended') return endedProblem(reply.state, reply.why);
  return limitProblem(reply);
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
