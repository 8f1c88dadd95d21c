// Random operations, each run on the scripts and on the reference, with what both said.
import fc from 'fast-check';
import type {
  ClaimReply,
  HotStore,
  OpenReply,
  ResendReply,
} from '../../../libs/challenges/hot-store/hot-store.js';
import { newChallengeId } from '#platform/identifiers';
import type { ReferenceEngine, Rules } from './reference-engine.js';

/** Every threshold lies ten seconds beside every sum of steps, so that the time a run really takes cannot decide. */
export const STEP_MS = 20_000;
export const RULES: Rules = {
  lifeMs: 310_000,
  coolDownsMs: [30_000, 50_000, 70_000],
  maxMessages: 4,
  maxAttempts: 3,
  windows: [
    { limit: 3, seconds: 130 },
    { limit: 6, seconds: 510 },
  ],
  leaseMs: 10_000,
  leastLifeMs: 40_000,
  maxTries: 3,
};
const TENANTS = ['0'.repeat(26), '1'.repeat(26)];
const GENERATOR = 'g'.repeat(26);
const ACCOUNT = 'a'.repeat(26);
const CODES = ['111111', '222222', '333333', '12345'];
const CONTEXTS = ['', 'c'.repeat(22)];

export type Operation =
  | { kind: 'open'; receiver: number; code: number; context: number; replace: boolean; again: boolean }
  | { kind: 'check'; at: number; code: number; context: number; foreign: boolean; again: boolean }
  | { kind: 'resend'; at: number; rotate: boolean; foreign: boolean; again: boolean }
  | { kind: 'cancel'; at: number; foreign: boolean }
  | { kind: 'claim'; at: number; number: number; again: boolean }
  | { kind: 'settle'; at: number; number: number; outcome: string; stale: boolean }
  | { kind: 'receipt'; at: number; number: number; outcome: string }
  | { kind: 'pass'; steps: number }
  | { kind: 'sweep' };

const index = fc.nat({ max: 5 });
const flag = fc.boolean();
const rarely = fc.nat({ max: 9 }).map((draw) => draw === 0);
const message = fc.integer({ min: 1, max: 4 });

export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      receiver: fc.nat({ max: 2 }),
      code: fc.nat({ max: 2 }),
      context: rarely.map(Number),
      replace: flag,
      again: rarely,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('check' as const),
      at: index,
      code: fc.nat({ max: 3 }),
      context: rarely.map(Number),
      foreign: rarely,
      again: rarely,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('resend' as const),
      at: index,
      rotate: flag,
      foreign: rarely,
      again: rarely,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at: index, foreign: rarely }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('claim' as const), at: index, number: message, again: rarely }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      at: index,
      number: message,
      outcome: fc.constantFrom('accepted', 'rejected', 'retry', 'unknown'),
      stale: rarely,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('receipt' as const),
      at: index,
      number: message,
      outcome: fc.constantFrom('sent', 'delivered', 'read', 'failed'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), steps: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
);

/** One run of both engines side by side. */
export class SideBySide {
  readonly opened: { id: string; tenant: string; receiver: string; context: number; token: string }[] = [];
  private operations = 0;
  private lastOperation = 'none';

  constructor(
    private readonly scripts: HotStore,
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
      case 'pass':
        this.clock.offsetMs += operation.steps * STEP_MS;
        this.reference.now += operation.steps * STEP_MS;
        return ['', ''];
      case 'sweep':
        await this.scripts.expireDue(this.partition, 1_000);
        this.reference.expireAll();
        return ['', ''];
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
    const replaces = replace
      ? this.opened.findLast((entry) => entry.receiver === name && entry.context === context)?.id
      : undefined;
    const reply = await this.scripts.open({
      id,
      generatorId: GENERATOR,
      liveName: `${name}${CONTEXTS[context]}`,
      limitName: `${tenant}:${name}`,
      receiverRef: name,
      lifeMs: RULES.lifeMs,
      coolDownMs: this.coolDownFor(replaces),
      maxMessages: RULES.maxMessages,
      replaces,
      message: { channelLetter: 'w', accountId: ACCOUNT, step: 0 },
      windows: RULES.windows,
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
        i: `${name}${CONTEXTS[context]}`,
        lg: 'en',
        ...(context ? { x: CONTEXTS[context]! } : {}),
      },
    });
    const told = renderOpen(reply);
    if (told.startsWith('opened') && !this.opened.some((entry) => entry.id === id))
      this.opened.push({ id, tenant, receiver: name, context, token: 'none' });
    return [told, this.reference.open(id, tenant, name, CODES[code]!, CONTEXTS[context]!, replaces)];
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
    const letter = {
      pending: 'P',
      approved: 'A',
      expired: 'X',
      locked: 'L',
      canceled: 'C',
      denied: 'D',
      undeliverable: 'U',
    }[reply.state];
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
      limitName: `${target.tenant}:${target.receiver}`,
      maxMessages: RULES.maxMessages,
      coolDownsMs: RULES.coolDownsMs,
      windows: RULES.windows,
      message: { channelLetter: 'w', accountId: ACCOUNT, step: 0 },
      language: 'en',
      rotated:
        rotated === undefined ? undefined : { kid: 'k1', mac: rotated, sealedCode: 'sealed', length: 6 },
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
    const reply = await this.scripts.claim(target.id, number, token, {
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
  }: Operation & { kind: 'settle' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const token = stale ? 'stale' : target.token;
    const afterMs = outcome === 'retry' || outcome === 'unknown' ? 10_000 : 0;
    const reply = await this.scripts.settle({
      challengeId: target.id,
      number,
      token,
      outcome: outcome as 'accepted',
      afterMs,
    });
    const told =
      reply.outcome === 'settled' ? `settled ${reply.messageState} ${letterOf(reply.state)}` : reply.outcome;
    return [told, this.reference.settle(target.id, number, token, outcome, afterMs)];
  }

  private async receipt({ at, number, outcome }: Operation & { kind: 'receipt' }): Promise<[string, string]> {
    const target = this.target(at);
    if (!target) return ['', ''];
    const reply = await this.scripts.settle({ challengeId: target.id, number, outcome: outcome as 'sent' });
    const told =
      reply.outcome === 'settled' ? `settled ${reply.messageState} ${letterOf(reply.state)}` : reply.outcome;
    return [told, this.reference.settle(target.id, number, undefined, outcome, 0)];
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

function letterOf(state: string): string {
  return {
    pending: 'P',
    approved: 'A',
    expired: 'X',
    locked: 'L',
    canceled: 'C',
    denied: 'D',
    undeliverable: 'U',
  }[state]!;
}

function renderOpen(reply: OpenReply): string {
  if (reply.outcome === 'opened') return `opened ${reply.sends} ${reply.failures}`;
  return reply.outcome === 'live' ? `live ${reply.id}` : reply.outcome;
}

function renderResend(reply: ResendReply): string {
  if (reply.outcome === 'resent') return `resent ${reply.number}`;
  return reply.outcome === 'ended' ? `ended ${letterOf(reply.state)}` : reply.outcome;
}

function renderClaim(reply: ClaimReply): string {
  if (reply.outcome === 'claimed') return `claimed ${reply.attempt} ${reply.duplicatePossible}`;
  return reply.outcome === 'done' ? `done ${reply.state}` : reply.outcome;
}
