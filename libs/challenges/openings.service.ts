import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { channelClass, lifeSecondsFor, type PublishedGenerator } from '#generators';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, newChallengeId, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { Admissions, type Subject } from './admission.js';
import type { Purpose } from './challenge.js';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import { hasEqualSteps } from './conversion/equal-accounts.js';
import { EarlierProofs } from './earlier-proofs.js';
import {
  HotStore,
  newOperation,
  type OpenRecord,
  type OpenReply,
  type SendAges,
} from './hot-store/hot-store.js';
import { LETTER_OF_KIND } from './kind-letters.js';
import type { LimitProfile } from './limits.js';
import { LinkOpenings } from './link/link-openings.js';
import { type Opened, type OpenInput, type OpenResult, type Prepared } from './opening.js';
import { OpeningPreparer } from './opening-preparer.js';
import { endedProblem, limitProblem, resendProblem } from './opening-problems.js';
import { refuseRequest } from './opening-rules.js';
import { type RateLimitFields, rateLimitFields } from './rate-limit-fields.js';
import { RefusalsService } from './refusals.service.js';
import { PLAN } from './route-planner.js';
import { type Secret, Secrets } from './secrets.js';
import { SendQueue } from './send-queue.js';
import { transactionOf } from './transaction-context.js';

const RETURN_WITHIN_MS = 5_000;

/** Opens challenges and adds messages to them. Redis only: nothing here waits for PostgreSQL or a provider. */
@Injectable()
export class OpeningsService {
  private readonly logger = loggerFor('challenges');

  constructor(
    private readonly preparer: OpeningPreparer,
    private readonly admissions: Admissions,
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly secrets: Secrets,
    private readonly links: LinkOpenings,
    private readonly queue: SendQueue,
    private readonly proofs: EarlierProofs,
    private readonly refusals: RefusalsService,
    private readonly metrics: Metrics,
  ) {}

  async open(caller: Principal, input: OpenInput): Promise<OpenResult> {
    const preparing =
      refuseRequest(input) ??
      this.preparer.prepare(caller, input, this.digestOf(caller, input), { explores: true });
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
    input: {
      fallbackReceiver?: string;
      channel?: string;
      language?: string;
      contextDigest: string;
      purpose: Purpose;
    },
  ): Promise<OpenResult> {
    const { contextDigest, ...rest } = input;
    const request: OpenInput = { generator, receiver, ...rest, onLive: 'resend' };
    const prepared = await this.preparer.prepare(caller, request, contextDigest, { explores: false });
    if (prepared instanceof Problem) {
      await this.refusals.note(caller, request, prepared.code, id);
      return { refused: prepared };
    }
    const unproven = await this.unproven(prepared);
    if (unproven) return { refused: unproven };
    return this.admitted(prepared, newOperation(), () => this.addMessage(prepared, id), id);
  }

  private async openPrepared(prepared: Prepared | Problem): Promise<OpenResult> {
    if (prepared instanceof Problem) return { refused: prepared };
    const unproven = this.unproven(prepared);
    const refused = unproven && (await unproven);
    if (refused) return { refused };
    const id = newChallengeId(prepared.partition, prepared.input.operation);
    return this.admitted(prepared, id, () => this.openAdmitted(prepared, id));
  }

  /** `send`, when shared limits and switches let it; a refusal of theirs is journalled here, one of a script there. */
  private admitted(
    prepared: Prepared,
    operation: string,
    send: () => Promise<OpenResult>,
    live?: Identifier,
  ): Promise<OpenResult> {
    const { caller, input } = prepared;
    return this.admissions.guard(subjectOf(prepared), operation, send, (refused) =>
      this.refusals.note(caller, input, refused.code, live),
    );
  }

  private async openAdmitted(prepared: Prepared, id: Identifier): Promise<OpenResult> {
    const reply = await this.hotStore.open(this.record(prepared, id, this.secrets.make(prepared, id)));
    if (reply.outcome === 'live') return this.meetLive(prepared, reply);
    return this.finish(prepared, id, reply);
  }

  /** Undefined at once for the many that claim nothing. */
  private unproven(prepared: Prepared): Promise<Problem | undefined> | undefined {
    const { caller, purpose, partition, receiverName, route } = prepared;
    const { generator, replaces, provenBy } = prepared.input;
    const claims = { generator, purpose, channel: route.step.channel, replaces, provenBy };
    return this.proofs.needed(claims)
      ? this.proofs.refusal(caller.tenantId, {
          ...claims,
          partition,
          receiverName: `${caller.tenantId}:${receiverName}`,
        })
      : undefined;
  }

  private record(
    prepared: Prepared,
    id: Identifier,
    secret: Secret | undefined,
    replaces?: Identifier,
  ): OpenRecord {
    const { caller, receivers, contextDigest, limits, purpose, route } = prepared;
    const { primary: to, fallback } = receivers;
    const { generator, metadata, context, values } = prepared.input;
    const { tenantId, mode } = caller;
    const kind = generator.kind ?? 'code';
    const asks = kind === 'confirm';
    const saysMore =
      purpose === 'transaction' &&
      (asks || kind === 'link' || generator.plan.some(({ templateId }) => templateId === undefined));
    const transaction = saysMore ? transactionOf(context) : undefined;
    const fields: OpenRecord['fields'] = {
      v: 1,
      k: LETTER_OF_KIND[kind],
      t: tenantId,
      g: `${generator.id}:${generator.version}`,
      h: secret?.mac,
      hk: secret?.kid,
      c: secret?.sealed,
      l: secret?.length,
      fm: allowedOf(generator),
      cr: asks && generator.confirm?.expectsAnswer !== false ? randomInt(10, 100) : undefined,
      i: prepared.liveName,
      lg: route.language,
      x: contextDigest || undefined,
      p: purpose === 'authentication' ? undefined : purpose,
      ck: secret?.given,
      tn: prepared.testNumber ? 1 : undefined,
      pf: LETTER_OF_PROFILE[generator.profile ?? 'default'],
      y: mode === 'test' ? mode : undefined,
      ps: generator.plan.length > 1 ? generator.plan.length : undefined,
      cv: generator.routing === 'conversion' && hasEqualSteps(generator.plan) ? 1 : undefined,
      st: generator.strictApproval ? 1 : undefined,
      md: metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : undefined,
    };
    Object.assign(fields, this.vault.sealReceiver(tenantId, id, to.address));
    if (fallback) Object.assign(fields, this.vault.sealFallback(tenantId, id, fallback.address));
    if (values) Object.assign(fields, this.vault.sealValues(tenantId, id, values));
    if (transaction) Object.assign(fields, this.vault.sealTransaction(tenantId, id, transaction));
    if (kind === 'link') Object.assign(fields, this.links.fieldsOf(prepared, id));
    return {
      id,
      generatorId: generator.id,
      liveName: prepared.liveName,
      limitName: prepared.receiverName,
      receiverRef: this.vault.receiverRef(tenantId, to.canonical),
      lifeMs: lifeSecondsFor(generator, purpose, route.step.channel) * 1_000,
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

  /** What makes it another question than one that is open: the context, and the values that its words are filled with. */
  private digestOf({ tenantId }: Principal, { context, values }: OpenInput): string {
    const named = values && Object.fromEntries(values.map((value, at) => [`\0${at + 1}`, value]));
    return this.vault.contextDigest(tenantId, named ? { ...context, ...named } : context);
  }

  private message({ route: { step, stepNumber, reason } }: Prepared): OpenRecord['message'] {
    return {
      channelLetter: LETTER_OF_CHANNEL[step.channel as Channel],
      accountId: step.accountId,
      step: stepNumber,
      route: reason === PLAN ? '' : reason,
    };
  }

  private meetLive(prepared: Prepared, live: OpenReply & { outcome: 'live' }): Promise<OpenResult> {
    const { onLive, code } = prepared.input;
    if (onLive === 'return' && live.now - live.openedAt < RETURN_WITHIN_MS)
      return this.returnLive(prepared, live.id);
    // Who hands over a code wants that one sent: another message would carry the one before.
    if (onLive === 'replace' || code !== undefined) return this.replace(prepared, live.id);
    return this.addMessage(prepared, live.id);
  }

  private async addMessage(prepared: Prepared, id: Identifier): Promise<OpenResult> {
    const { caller, limits } = prepared;
    const { generator } = prepared.input;
    const rotates = generator.resend.code === 'rotate' && prepared.given === undefined;
    const reply = await this.hotStore.resend({
      id,
      tenantId: caller.tenantId,
      operation: newOperation(),
      maxMessages: limits.maxMessages ? generator.resend.maxMessages : 0,
      coolDownsMs: coolDowns(generator, limits),
      limits: limits.receiver,
      message: this.message(prepared),
      language: prepared.route.language,
      rotated: rotates ? this.secrets.draw(prepared, id) : undefined,
    });
    // Where no limit holds, a record that is full of messages is succeeded by a new one.
    if (reply.outcome === 'send_limit' && !limits.maxMessages) return this.replace(prepared, id);
    if (reply.outcome !== 'resent') return { refused: resendProblem(reply, limits) };
    if (reply.shadowed) this.admissions.tellShadowed(subjectOf(prepared));
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
        ...this.toldOf(prepared, id),
        rateLimit: this.rateLimit(prepared, reply.number, reply.ages),
      },
    };
  }

  /** A new id for a question that is open already. The old code goes on under it, unless the generator rotates; a link never. */
  private async replace(prepared: Prepared, liveId: Identifier): Promise<OpenResult> {
    const { caller } = prepared;
    const { generator, operation } = prepared.input;
    const live = await this.hotStore.read(liveId, caller.tenantId);
    const keeps = generator.resend.code === 'same' && generator.kind !== 'link';
    const sealed = keeps ? await this.hotStore.sealedCode(liveId) : undefined;
    if (live?.get('s') === 'L') return { refused: endedProblem('locked', '', Number(live.get('e'))) };
    const id = newChallengeId(prepared.partition, operation);
    // A code that is given now takes the old one's place.
    const secret =
      sealed !== undefined && prepared.given === undefined
        ? this.secrets.move(prepared, id, { id: liveId, sealed, given: live?.get('ck') })
        : this.secrets.make(prepared, id);
    const sends = Number(live?.get('n') ?? 0);
    const record = this.record(prepared, id, secret, liveId);
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
        ...this.toldOf(prepared, id),
      },
    };
  }

  private async finish(
    prepared: Prepared,
    id: Identifier,
    reply: Exclude<OpenReply, { outcome: 'live' }>,
  ): Promise<OpenResult> {
    if (reply.outcome !== 'opened') return { refused: limitProblem(reply, prepared.limits) };
    if (reply.shadowed) this.admissions.tellShadowed(subjectOf(prepared));
    await this.enqueue(prepared, id, reply.sends);
    return {
      opened: {
        id,
        channel: prepared.route.step.channel as Channel,
        expiresAt: reply.expiresAt,
        resendFrom: reply.resendFrom,
        attemptsRemaining: allowedOf(prepared.input.generator) - reply.failures,
        sends: reply.sends,
        sent: true,
        ...this.toldOf(prepared, id),
        rateLimit: this.rateLimit(prepared, reply.sends, reply.ages),
      },
    };
  }

  /** What an answer says beside the state. */
  private toldOf(prepared: Prepared, id: Identifier): Partial<Opened> {
    const { input, route, testNumber } = prepared;
    return {
      channelClass: channelClass(input.generator, route.step.channel),
      testNumber: testNumber || undefined,
      ...(input.generator.kind === 'link' && this.links.toldOf(input, id)),
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

/** A question is answered once. */
function allowedOf({ kind, maxAttempts }: PublishedGenerator): number {
  return kind === 'confirm' ? 1 : maxAttempts;
}

/** Where the scripts have to know it: `a` remembers who was verified, `p` refuses alike. */
const LETTER_OF_PROFILE: Partial<Record<string, string>> = { 'asvs-l2': 'a', psd2: 'p' };

/** What shared limits and switches judge a send by. A test number is sent nothing, so nothing limits it. */
function subjectOf({ caller, route, purpose, testNumber, input: { endUser } }: Prepared): Subject {
  const { step, to } = route;
  const mode = testNumber ? 'test' : caller.mode;
  return {
    tenantId: caller.tenantId,
    mode,
    to,
    channel: step.channel,
    accountId: step.accountId,
    purpose,
    endUser,
  };
}

function coolDowns(generator: PublishedGenerator, limits: LimitProfile): number[] {
  return limits.coolDown ? generator.resend.coolDownSeconds.map((seconds) => seconds * 1_000) : [];
}

function coolDownAt(generator: PublishedGenerator, limits: LimitProfile, sends: number): number {
  const list = coolDowns(generator, limits);
  return list[Math.min(sends, list.length) - 1] ?? 0;
}
