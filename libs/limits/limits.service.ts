import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { KeyRing, shortDigest } from '#platform/crypto';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import type { Admission, Price, Reservation, SendRequest } from './admission.js';
import type { LimitId } from './catalogue.js';
import { type LimitSlot, LimitStore, type ReserveReply, type Settlement } from './hot-store/limit-store.js';
import { LimitEvents, type LimitEventType } from './limit-events.js';
import { LimitPolicies } from './limit-policies.service.js';
import { type LimitPolicy, PLATFORM } from './limit-policy.js';
import { judgeLocally, type LocalRefusal } from './local-checks.js';
import { ReceiverLists } from './receiver-lists.js';
import { budgetChecks, type DigestOf, type NamedCheck, sharedChecks } from './shared-checks.js';

interface Window {
  limit: number;
  seconds: number;
}

/** What the challenge's own scripts enforce about one receiver (FR-01 to FR-03). */
export interface ReceiverLimits {
  /** Messages to one receiver of this tenant. */
  receiver: readonly Window[];
  /** The same, told but not enforced: the scripts say when one is full, and `tellReceiverShadowed` passes it on. */
  receiverInShadow: readonly Window[];
  /** Messages to one receiver of all tenants. */
  platform: readonly Window[];
  /** Failed answers in a row after which the receiver is closed to all tenants; 0 for no limit. */
  platformFailures: number;
  /** Whether the generator's cool-downs hold. */
  coolDown: boolean;
  /** Whether the generator's most messages per challenge holds. */
  maxMessages: boolean;
}

/** What an event tells of a send. */
interface Described {
  channel: string;
  receiver: { country?: string };
}

interface Refusal {
  limit: LimitId;
  problem: Problem;
  rules?: string;
}

/** Test keys reach simulator accounts only: suites and benches must not meet fraud limits. */
const NOTHING_SHARED: Admission = { admitted: undefined, shadowed: [] };
const NO_RECEIVER_LIMITS: ReceiverLimits = {
  receiver: [],
  receiverInShadow: [],
  platform: [],
  platformFailures: 0,
  coolDown: false,
  maxMessages: false,
};

const SETTLE_EVERY_MS = 250;
const NOTICES = { soft: 'budget.soft', hard: 'budget.exhausted', near: 'limit.country_near' } as const;

const slotOf = (tenantId: Identifier): LimitSlot => `{lim:${tenantId}}:`;
const PLATFORM_SLOT: LimitSlot = '{lim}:';

/**
 * What may be sent. A send is admitted before anything of it exists: it is taken out of every limit it falls under,
 * or out of none. When Redis does not answer the error goes through, and nothing is sent (FR-17).
 */
@Injectable()
export class LimitsService implements OnModuleDestroy {
  private readonly logger = loggerFor('limits');
  private readonly unsettled = new Map<LimitSlot, Settlement[]>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly policies: LimitPolicies,
    private readonly store: LimitStore,
    private readonly lists: ReceiverLists,
    private readonly events: LimitEvents,
    private readonly keyRing: KeyRing,
  ) {}

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    await this.settleNow();
  }

  /** At once when nothing shared applies; otherwise after one round trip. */
  admit(request: SendRequest): Admission | Promise<Admission> {
    if (request.mode === 'test') return NOTHING_SHARED;
    const policy = this.policies.of(request.tenantId);
    const platform = this.policies.of(PLATFORM);
    if (policy instanceof Promise || platform instanceof Promise)
      return Promise.all([policy, platform]).then(([one, other]) => this.judge(request, one, other));
    return this.judge(request, policy, platform);
  }

  /** Nothing was sent: the reservation counts no more. */
  async release(reservation: Reservation): Promise<void> {
    await Promise.all(slotsOf(reservation).map((slot) => this.store.release(slot, reservation.operation)));
  }

  /** It was sent. Told to Redis with others a moment later: until then the reservation counts all the same. */
  settle(reservation: Reservation, messageId: Identifier): void {
    const { operation } = reservation;
    for (const slot of slotsOf(reservation)) {
      const waiting = this.unsettled.get(slot);
      if (waiting) waiting.push({ operation, messageId });
      else this.unsettled.set(slot, [{ operation, messageId }]);
    }
    this.timer ??= setTimeout(() => void this.settleNow(), SETTLE_EVERY_MS).unref();
  }

  /** What providers charged: budgets in that currency are taken out of by it, no longer by what was assumed. */
  async priceMessages(tenantId: Identifier, prices: ReadonlyMap<Identifier, Price>): Promise<void> {
    const budgetsOf = async (id: Identifier): Promise<LimitPolicy['budgets']> =>
      (await this.policies.of(id)).budgets;
    const places = [
      { slot: slotOf(tenantId), budgets: await budgetsOf(tenantId) },
      { slot: PLATFORM_SLOT, budgets: await budgetsOf(PLATFORM) },
    ];
    await Promise.all(
      places
        .filter(({ budgets }) => budgets.some(({ unit }) => unit === 'money'))
        .map(({ slot }) => this.store.price(slot, prices)),
    );
  }

  /** The limits of one receiver, as they hold for this tenant and kind of key; at once, when memory has them. */
  receiverLimits(tenantId: Identifier, mode: 'live' | 'test'): ReceiverLimits | Promise<ReceiverLimits> {
    if (mode === 'test') return NO_RECEIVER_LIMITS;
    const policy = this.policies.of(tenantId);
    return policy instanceof Promise ? policy.then(toReceiverLimits) : toReceiverLimits(policy);
  }

  /** A challenge's own script let through what a receiver's windows in shadow would have refused (FR-02). */
  tellReceiverShadowed(tenantId: Identifier, send: Described): void {
    this.events.record('limit.shadowed', tenantId, describe(send, 'sends.receiver'));
  }

  /** Whether guesses are being sprayed over this tenant's receivers right now (FR-14). */
  async isSprayed(tenantId: Identifier): Promise<boolean> {
    return this.store.isSprayed(slotOf(tenantId));
  }

  /** What counters and the journal call a prefix. */
  prefixRef(prefix: string): string {
    return this.digestOf('prefix', prefix);
  }

  private readonly digestOf: DigestOf = (label, text) =>
    shortDigest(this.keyRing.installationKey, [label, text]);

  private judge(
    request: SendRequest,
    policy: LimitPolicy,
    platform: LimitPolicy,
  ): Admission | Promise<Admission> {
    const found = judgeLocally(request, policy, this.lists);
    const enforced = found.find(({ limit }) => policy.modes[limit] === 'enforce');
    if (enforced) return this.refuse(request, toRefusal(enforced));
    const shadowed = found.map(({ limit }) => limit);
    const own = sharedChecks(request, policy, this.digestOf, this.lists.failing);
    const common = budgetChecks(request, platform.budgets, 'budget.platform');
    if (own.length + common.length === 0) return this.pass(request, undefined, shadowed);
    return this.reserve(request, policy, own, common, shadowed);
  }

  /** Both slots in one turn; when one refuses, the other gives back what it took. */
  private async reserve(
    request: SendRequest,
    policy: LimitPolicy,
    own: readonly NamedCheck[],
    common: readonly NamedCheck[],
    shadowed: LimitId[],
  ): Promise<Admission> {
    const { tenantId, operation } = request;
    const [mine, ours] = await Promise.all([
      this.ask(slotOf(tenantId), operation, own, policy),
      this.ask(PLATFORM_SLOT, operation, common),
    ]);
    const asked = [
      { checks: own, reply: mine, slot: slotOf(tenantId) },
      { checks: common, reply: ours, slot: PLATFORM_SLOT },
    ];
    for (const { checks, reply } of asked) this.tell(request, checks, reply);
    const all = [
      ...shadowed,
      ...asked.flatMap(({ checks, reply }) => reply?.shadowed.map((at) => checks[at]!.limit) ?? []),
    ];
    const refusing = asked.find(({ reply }) => reply?.refusedBy !== undefined);
    if (!refusing) return this.pass(request, { tenantId, operation, platform: ours !== undefined }, all);
    for (const { reply, slot } of asked)
      if (reply && reply.refusedBy === undefined) await this.store.release(slot, operation);
    const { limit, code } = refusing.checks[refusing.reply!.refusedBy!]!;
    const retryAfterSeconds = Math.max(1, Math.ceil(refusing.reply!.waitMs / 1_000));
    return this.refuse(request, { limit, problem: new Problem(code, { retryAfterSeconds }) });
  }

  private async ask(
    slot: LimitSlot,
    operation: string,
    checks: readonly NamedCheck[],
    policy?: LimitPolicy,
  ): Promise<ReserveReply | undefined> {
    if (checks.length === 0) return undefined;
    return this.store.reserve(
      slot,
      operation,
      checks.map(({ limit, kind, key, args }) => ({
        kind,
        key,
        args,
        shadow: policy !== undefined && policy.modes[limit] === 'shadow',
      })),
    );
  }

  private tell(request: SendRequest, checks: readonly NamedCheck[], reply: ReserveReply | undefined): void {
    for (const { what, check } of reply?.notices ?? []) {
      const { limit } = checks[check]!;
      const tenantId = limit === 'budget.platform' ? null : request.tenantId;
      this.events.record(NOTICES[what], tenantId, describe(request, limit));
    }
  }

  private pass(request: SendRequest, admitted: Reservation | undefined, shadowed: LimitId[]): Admission {
    for (const limit of shadowed) this.record('limit.shadowed', request, limit);
    return { admitted, shadowed };
  }

  private refuse(request: SendRequest, { limit, problem, rules }: Refusal): Admission {
    if (request.publicCaller) {
      this.record('limit.shadow_blocked', request, limit, rules);
      return { shadowBlocked: true, limit };
    }
    this.record('limit.refused', request, limit, rules);
    return { refused: problem, limit };
  }

  private record(type: LimitEventType, request: SendRequest, limit: LimitId, rules?: string): void {
    this.events.record(type, request.tenantId, { ...describe(request, limit), ...(rules && { rules }) });
  }

  private async settleNow(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const waiting = [...this.unsettled];
    this.unsettled.clear();
    try {
      await Promise.all(waiting.map(([slot, settlements]) => this.store.settle(slot, settlements)));
    } catch (error) {
      // They lapse then, and the windows count a few sends too few.
      this.logger.warn({ error: describeError(error) }, 'reservations not settled');
    }
  }
}

function slotsOf({ tenantId, platform }: Reservation): LimitSlot[] {
  return platform ? [slotOf(tenantId), PLATFORM_SLOT] : [slotOf(tenantId)];
}

function toRefusal({ limit, code, rules }: LocalRefusal): Refusal {
  return { limit, problem: new Problem(code), rules };
}

function describe({ channel, receiver }: Described, limit: LimitId): Record<string, string> {
  return { limit, channel, ...(receiver.country && { country: receiver.country }) };
}

function toReceiverLimits({ modes, windows }: LimitPolicy): ReceiverLimits {
  const windowsOf = (limit: LimitId): Window[] =>
    windows[limit].map(({ most, seconds }) => ({ limit: most, seconds }));
  return {
    receiver: modes['sends.receiver'] === 'enforce' ? windowsOf('sends.receiver') : [],
    receiverInShadow: modes['sends.receiver'] === 'shadow' ? windowsOf('sends.receiver') : [],
    platform: windowsOf('sends.receiver_platform'),
    platformFailures: windows['failures.receiver_platform'][0]!.most,
    coolDown: modes['sends.cool_down'] === 'enforce',
    maxMessages: modes['sends.cool_down'] === 'enforce',
  };
}
