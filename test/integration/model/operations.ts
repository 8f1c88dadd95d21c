// Random operations, each run on the scripts and on the reference, with what both said.
import fc from 'fast-check';
import { STATE_OF_LETTER } from '../../../libs/challenges/challenge-state.js';
import type { HotStore, OpenReply, ResendReply } from '../../../libs/challenges/hot-store/hot-store.js';
import type {
  ClaimReply,
  DueMessage,
  FollowReply,
  MessageStore,
  SettleReply,
} from '../../../libs/challenges/hot-store/message-store.js';
import { newChallengeId } from '#platform/identifiers';
import type { ReferenceEngine, Rules } from './reference-engine.js';

/** Every threshold lies two seconds or more beside every sum of steps, so that the time a run really takes cannot decide. */
export const STEP_MS = 20_000;
export const RULES: Rules = {
  lifeMs: 312_500,
  coolDownsMs: [30_000, 50_000, 70_000],
  maxMessages: 4,
  maxAttempts: 3,
  limits: {
    windows: [
      { limit: 2, seconds: 130 },
      { limit: 3, seconds: 250 },
    ],
    windowsInShadow: [{ limit: 1, seconds: 90 }],
    // Longer than any run: it is counted in whole minutes of a clock that the reference does not have.
    platform: { limit: 4, seconds: 80_000 },
    unsolicited: { limit: 3, seconds: 715 },
  },
  leaseMs: 10_000,
  leastLifeMs: 40_000,
  maxTries: 3,
};
const TENANTS = ['0'.repeat(26), '1'.repeat(26)];
const GENERATOR = 'g'.repeat(26);
const ACCOUNT = 'a'.repeat(26);
const CODES = ['111111', '222222', '333333', '12345'];
const CONTEXTS = ['', 'c'.repeat(22)];
/** By receiver: how many steps its channel plan has, whether its approvals wait for PostgreSQL, whether its steps are equal. */
const PLANS = [
  { steps: 1, strict: false, equal: false },
  { steps: 3, strict: false, equal: false },
  { steps: 2, strict: true, equal: false },
  { steps: 3, strict: false, equal: true },
];
/** Where any step may be the first: not that of the plan. */
const FIRST_OF_EQUALS = 2;
const WATCH_MS = 50_000;
/** Not at all, earlier than a watched message is followed, and later. */
const DROPS_MS = [0, 30_000, 90_000];

/** What a receipt says that the message costs: nothing, or one of two. */
const PRICES = [undefined, { micros: 10_000, currency: 'EUR' }, { micros: 0, currency: 'EUR' }];

export type Operation =
  | { kind: 'open'; receiver: number; code: number; context: number; replace: boolean; again: boolean }
  | { kind: 'check'; at: number; code: number; context: number; foreign: boolean; again: boolean }
  | { kind: 'resend'; at: number; rotate: boolean; foreign: boolean; again: boolean }
  | { kind: 'cancel'; at: number; foreign: boolean }
  | { kind: 'claim'; at: number; number: number; again: boolean }
  | {
      kind: 'settle';
      at: number;
      number: number;
      outcome: string;
      stale: boolean;
      watched: boolean;
      drops: number;
    }
  | { kind: 'follow'; at: number; number: number; stepsLeft: boolean; refused: boolean }
  | { kind: 'approve'; at: number; outcome: 'approve' | 'spent' | 'release'; again: boolean }
  | { kind: 'receipt'; at: number; number: number; outcome: string; price: number }
  | { kind: 'pass'; steps: number }
  | { kind: 'sweep' };

/** Mostly the youngest challenge and its first message: a message has to be claimed, fail and be followed to tell much. */
const index = fc.nat({ max: 9 }).map((draw) => Math.max(0, draw - 4));
const flag = fc.boolean();
const rarely = fc.nat({ max: 9 }).map((draw) => draw === 0);
const message = fc.nat({ max: 7 }).map((draw) => Math.max(1, draw - 3));

/** Most providers take most messages. */
const OUTCOMES = [
  'accepted',
  'accepted',
  'accepted',
  'rejected',
  'retry',
  'postponed',
  'unknown',
  'unresolved',
];

/** How often each kind is drawn, and what it is drawn from. */
const OPERATIONS: Record<Operation['kind'], [weight: number, arbitrary: fc.Arbitrary<Operation>]> = {
  open: [
    9,
    fc.record({
      kind: fc.constant('open' as const),
      receiver: fc.nat({ max: PLANS.length - 1 }),
      code: fc.nat({ max: 2 }),
      context: rarely.map(Number),
      replace: flag,
      again: rarely,
    }),
  ],
  check: [
    8,
    fc.record({
      kind: fc.constant('check' as const),
      at: index,
      code: fc.nat({ max: 3 }),
      context: rarely.map(Number),
      foreign: rarely,
      again: rarely,
    }),
  ],
  resend: [
    3,
    fc.record({
      kind: fc.constant('resend' as const),
      at: index,
      rotate: flag,
      foreign: rarely,
      again: rarely,
    }),
  ],
  cancel: [1, fc.record({ kind: fc.constant('cancel' as const), at: index, foreign: rarely })],
  claim: [5, fc.record({ kind: fc.constant('claim' as const), at: index, number: message, again: rarely })],
  settle: [
    5,
    fc.record({
      kind: fc.constant('settle' as const),
      at: index,
      number: message,
      outcome: fc.constantFrom(...OUTCOMES),
      stale: rarely,
      watched: flag,
      drops: fc.nat({ max: 2 }),
    }),
  ],
  follow: [
    3,
    fc.record({
      kind: fc.constant('follow' as const),
      at: index,
      number: message,
      stepsLeft: rarely.map((draw) => !draw),
      refused: rarely,
    }),
  ],
  approve: [
    2,
    fc.record({
      kind: fc.constant('approve' as const),
      at: index,
      outcome: fc.constantFrom('approve' as const, 'approve' as const, 'spent' as const, 'release' as const),
      again: flag,
    }),
  ],
  receipt: [
    3,
    fc.record({
      kind: fc.constant('receipt' as const),
      at: index,
      number: message,
      outcome: fc.constantFrom('sent', 'delivered', 'read', 'failed'),
      price: fc.nat({ max: PRICES.length - 1 }),
    }),
  ],
  pass: [6, fc.record({ kind: fc.constant('pass' as const), steps: fc.integer({ min: 1, max: 6 }) })],
  sweep: [2, fc.record({ kind: fc.constant('sweep' as const) })],
};
const FAVOURED = 6;

/** Of every kind; those in `near` more often, because what is looked for lies there. */
export function anyOperation(near: readonly string[] = []): fc.Arbitrary<Operation> {
  return fc.oneof(
    ...Object.entries(OPERATIONS).map(([kind, [weight, arbitrary]]) => ({
      weight: near.includes(kind) ? weight * FAVOURED : weight,
      arbitrary,
    })),
  );
}

/** One run of both engines side by side. */
export class SideBySide {
  readonly opened: { id: string; tenant: string; receiver: string; context: number; token: string }[] = [];
  private operations = 0;
  private lastOperation = 'none';

  constructor(
    private readonly scripts: HotStore,
    private readonly messages: MessageStore,
    private readonly reference: ReferenceEngine,
    private readonly clock: { offsetMs: number },
    /** Separates this run's receivers from all others in the same Redis. */
    private readonly run: string,
    private readonly partition: number,
  ) {}

  /** What the scripts said and what the rules say. */
  async apply(operation: Operation): Promise<[string, string]> {
    switch (operation.kind) {
      case 'open':
        return this.open(operation);
      case 'check':
        return this.check(operation);
      case 'resend':
        return this.resend(operation);
      case 'cancel':
        return this.cancel(operation);
      case 'claim':
        return this.claim(operation);
      case 'settle':
        return this.settle(operation);
      case 'receipt':
        return this.receipt(operation);
      case 'follow':
        return this.follow(operation);
      case 'approve':
        return this.approve(operation);
      case 'pass':
        this.clock.offsetMs += operation.steps * STEP_MS;
        this.reference.now += operation.steps * STEP_MS;
        return ['', ''];
      case 'sweep':
        await this.scripts.expireDue(this.partition, 1_000, 1);
        this.reference.expireAll();
        return [renderDue(await this.messages.due(this.partition, 1_000, 0)), this.reference.look()];
    }
  }

  private async open({
    receiver,
    code,
    context,
    replace,
    again,
  }: Operation & { kind: 'open' }): Promise<[string, string]> {
    const last = this.opened.at(-1);
    const id = again && last ? last.id : newChallengeId(this.partition);
    const name = `${this.run}${receiver}`;
    const tenant = TENANTS[0]!;
    const plan = PLANS[receiver]!;
    const replaces = replace
      ? this.opened.findLast((entry) => entry.receiver === name && entry.context === context)?.id
      : undefined;
    const reply = await this.scripts.open({
      id,
      generatorId: GENERATOR,
      liveName: liveName(name, context),
      limitName: name,
      receiverRef: name,
      lifeMs: RULES.lifeMs,
      coolDownMs: this.coolDownFor(replaces),
      maxMessages: RULES.maxMessages,
      replaces,
      message: { channelLetter: 'w', accountId: ACCOUNT, step: plan.equal ? FIRST_OF_EQUALS : 0, route: '' },
      limits: RULES.limits,
      fields: {
        v: 1,
        k: 'c',
        t: tenant,
        g: `${GENERATOR}:1`,
        h: CODES[code]!,
        hk: 'k1',
        c: 'sealed',
        l: 6,
        fm: RULES.maxAttempts,
        sr: 'sealed',
        i: liveName(name, context),
        lg: 'en',
        ...(context ? { x: CONTEXTS[context]! } : {}),
        ...(plan.steps > 1 ? { ps: plan.steps } : {}),
        ...(plan.strict ? { st: 1 } : {}),
        ...(plan.equal ? { cv: 1 } : {}),
      },
    });
    const told = renderOpen(reply);
    if (told.startsWith('opened') && !this.opened.some((entry) => entry.id === id))
      this.opened.push({ id, tenant, receiver: name, context, token: 'none' });
    return [told, this.reference.open(id, tenant, name, CODES[code]!, CONTEXTS[context]!, replaces, plan)];
  }

  /** The service reads how many messages the predecessor had, and passes the pause after one more. */
  private coolDownFor(replaces: string | undefined): number {
    const sends =
      (replaces === undefined ? 0 : (this.reference.challenges.get(replaces)?.messages.length ?? 0)) + 1;
    const live =
      replaces !== undefined &&
      this.reference.challenges.get(replaces)?.state === 'P' &&
      this.reference.now < this.reference.challenges.get(replaces)!.expires;
    return RULES.coolDownsMs[Math.min(live ? sends : 1, RULES.coolDownsMs.length) - 1]!;
  }

  private async check({
    at,
    code,
    context,
    foreign,
    again,
  }: Operation & { kind: 'check' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const operation = this.operation(again);
    const tenant = foreign ? TENANTS[1]! : target.tenant;
    // A context that differs is drawn rarely; else the answer comes with the one it was asked with.
    const contextText = CONTEXTS[context ? 1 - target.context : target.context]!;
    const text = CODES[code]!;
    const reply = await this.scripts.check({
      id: target.id,
      tenantId: tenant,
      operation,
      contextDigest: contextText,
      answerLength: text.length,
      candidates: ['k0', 'other', 'k1', text],
    });
    const letter = letterOf(reply.state);
    return [
      reply.verdict === 'unknown' ? 'unknown' : `${reply.verdict} ${letter}`,
      this.reference.check(target.id, tenant, operation, text, contextText),
    ];
  }

  private async resend({
    at,
    rotate,
    foreign,
    again,
  }: Operation & { kind: 'resend' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const operation = this.operation(again);
    const tenant = foreign ? TENANTS[1]! : target.tenant;
    const rotated = rotate ? CODES[this.operations % 3]! : undefined;
    const reply = await this.scripts.resend({
      id: target.id,
      tenantId: tenant,
      operation,
      maxMessages: RULES.maxMessages,
      coolDownsMs: RULES.coolDownsMs,
      limits: RULES.limits,
      message: { channelLetter: 'w', accountId: ACCOUNT, step: 0, route: '' },
      language: 'en',
      rotated: rotated === undefined ? undefined : { kid: 'k1', mac: rotated, sealed: 'sealed', length: 6 },
    });
    return [renderResend(reply), this.reference.resend(target.id, tenant, operation, rotated)];
  }

  private async cancel({ at, foreign }: Operation & { kind: 'cancel' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const tenant = foreign ? TENANTS[1]! : target.tenant;
    const reply = await this.scripts.cancel(target.id, tenant, undefined, 'by_caller');
    return [
      reply.outcome === 'ended' ? `ended ${letterOf(reply.state)}` : reply.outcome,
      this.reference.cancel(target.id, tenant),
    ];
  }

  private async claim({ at, number, again }: Operation & { kind: 'claim' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const token = again && target.token !== 'none' ? target.token : `t${++this.operations}`;
    const reply = await this.messages.claim(target.id, number, token, {
      leaseMs: RULES.leaseMs,
      leastLifeMs: RULES.leastLifeMs,
      maxAttempts: RULES.maxTries,
    });
    if (reply.outcome === 'claimed') target.token = token;
    return [renderClaim(reply), this.reference.claim(target.id, number, token)];
  }

  private async settle({
    at,
    number,
    outcome,
    stale,
    watched,
    drops,
  }: Operation & { kind: 'settle' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const token = stale ? 'stale' : target.token;
    const options = {
      afterMs: ['retry', 'postponed', 'unknown'].includes(outcome) ? 10_000 : 0,
      watchMs: watched ? WATCH_MS : 0,
      dropMs: DROPS_MS[drops]!,
      followUnresolved: watched,
    };
    const reply = await this.messages.settle({
      challengeId: target.id,
      number,
      token,
      outcome: outcome as 'accepted',
      ...options,
    });
    return [renderSettle(reply), this.reference.settle(target.id, number, token, outcome, options)];
  }

  private async receipt({
    at,
    number,
    outcome,
    price,
  }: Operation & { kind: 'receipt' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const reply = await this.messages.settle({
      challengeId: target.id,
      number,
      outcome: outcome as 'sent',
      price: PRICES[price],
    });
    return [renderSettle(reply), this.reference.settle(target.id, number, undefined, outcome, { price })];
  }

  private async follow({
    at,
    number,
    stepsLeft,
    refused,
  }: Operation & { kind: 'follow' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const step = this.reference.stepAfter(target.id, number);
    const next = { channelLetter: 'e', accountId: ACCOUNT, step, language: 'en', route: 'fallback' };
    const reply = await this.messages.follow(
      target.id,
      number,
      stepsLeft ? next : undefined,
      { maxMessages: RULES.maxMessages, receiver: RULES.limits },
      refused ? [{ channelLetter: 'w', why: 'budget' }] : [],
    );
    return [renderFollow(reply), this.reference.follow(target.id, number, stepsLeft, refused)];
  }

  private async approve({ at, outcome, again }: Operation & { kind: 'approve' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const operation = again ? this.lastOperation : undefined;
    const reply = await this.scripts.finishApproval(target.id, operation, outcome);
    const told = reply.verdict === 'unknown' ? 'unknown' : `${reply.verdict} ${letterOf(reply.state)}`;
    return [told, this.reference.finishApproval(target.id, operation, outcome)];
  }

  private target(at: number): SideBySide['opened'][number] | undefined {
    // The youngest are the interesting ones.
    return this.opened.at(-1 - at) ?? this.opened[0];
  }

  private operation(again: boolean): string {
    if (!again) this.lastOperation = `op${++this.operations}`;
    return this.lastOperation;
  }
}

function liveName(receiver: string, context: number): string {
  return context === 0 ? receiver : `${receiver}:authentication:${CONTEXTS[context]}`;
}

function letterOf(state: string): string {
  return Object.keys(STATE_OF_LETTER).find((letter) => STATE_OF_LETTER[letter] === state)!;
}

function renderSettle(reply: SettleReply): string {
  return reply.outcome === 'settled'
    ? `settled ${reply.messageState} ${letterOf(reply.state)} ${reply.nextStepOwed}`
    : reply.outcome;
}

function renderOpen(reply: OpenReply): string {
  if (reply.outcome === 'opened') return `opened ${reply.sends} ${reply.failures} ${reply.shadowed}`;
  return reply.outcome === 'live' ? `live ${reply.id}` : reply.outcome;
}

function renderResend(reply: ResendReply): string {
  if (reply.outcome === 'resent') return `resent ${reply.number} ${reply.shadowed}`;
  return reply.outcome === 'ended' ? `ended ${letterOf(reply.state)}` : reply.outcome;
}

function renderFollow(reply: FollowReply): string {
  if (reply.outcome === 'followed') return `followed ${reply.number} ${reply.shadowed}`;
  return reply.outcome === 'none_left' ? `none_left ${letterOf(reply.state)}` : `not_owed ${reply.settled}`;
}

/** What has to be sent again depends on when the sweeper came by; what has to be followed does not. */
function renderDue(due: readonly DueMessage[]): string {
  return due
    .filter(({ need }) => need !== 'send')
    .map(({ challengeId, number, need }) => `${challengeId}:${number} ${need}`)
    .sort()
    .join();
}

function renderClaim(reply: ClaimReply): string {
  if (reply.outcome === 'claimed') return `claimed ${reply.attempt} ${reply.duplicatePossible}`;
  return reply.outcome === 'done' ? `done ${reply.state}` : reply.outcome;
}
