import { Injectable } from '@nestjs/common';
import type { ChannelStep, PublishedGenerator } from '#generators';
import {
  AccountsService,
  admitRoute,
  CARRIED_CHANNELS,
  type Channel,
  CircuitBreakers,
  type LoadedAccount,
  type RouteRefusal,
} from '#providers';
import { type PublishedTemplate, TemplatesService } from '#templates';
import { type ErrorCode, Problem } from '#platform/errors';
import type { CanonicalReceiver } from '#platform/phone';
import { type Receivers, receiverFor } from './addresses.js';
import type { Purpose } from './challenge.js';
import { ConversionRates } from './conversion/conversion-rates.js';
import { type NumberedStep, type Ranked, rankSteps } from './conversion/equal-accounts.js';
import { refuseReceiver, refuseUse } from './opening-rules.js';

export interface RouteRequest {
  generator: PublishedGenerator;
  mode: 'live' | 'test';
  receivers: Receivers;
  purpose: Purpose;
  /** Only steps of this channel. */
  channel?: string;
  language?: string;
  /** The first step that may be taken; 0 unless earlier ones were tried. */
  from?: number;
  /** Steps that may not be taken, whatever their place. */
  except?: ReadonlySet<number>;
  /** 0 to 1, drawn for this opening: whether it tries an account that is not held to be the best. */
  draw?: number;
}

/** The step a message takes, and where it leads. */
export interface Route {
  step: ChannelStep;
  stepNumber: number;
  to: CanonicalReceiver;
  language: string;
  /** Why this step: its place among equals, what stood in the way of those before it, or `plan`. */
  reason: string;
}

/**
 * Chooses the step of a generator's plan that a message takes: the first whose account may be used, is healthy,
 * reaches the receiver and has its template approved. Under routing by conversion equal accounts are ordered before.
 * The refusal of the first step is told when none will do.
 */
@Injectable()
export class RoutePlanner {
  constructor(
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
    private readonly breakers: CircuitBreakers,
    private readonly rates: ConversionRates,
  ) {}

  /** At once when memory holds what is asked for, which is every time but the first. */
  choose(request: RouteRequest): Route | Problem | Promise<Route | Problem> {
    const candidates = this.candidatesOf(request);
    if (candidates.length === 0) return channelProblem(request.channel ?? '');
    const refusals: Refusal[] = [];
    for (const [at, candidate] of candidates.entries()) {
      const [account, template] = this.load(candidate[0]);
      if (account instanceof Promise || template instanceof Promise)
        return this.chooseLater(request, candidates.slice(at), refusals);
      const judged = this.judge(request, candidate, account, template, refusals);
      if (!('code' in judged)) return judged;
      refusals.push(judged);
    }
    return refusals[0]!.problem;
  }

  private async chooseLater(
    request: RouteRequest,
    candidates: readonly Ranked[],
    refusals: Refusal[],
  ): Promise<Route | Problem> {
    for (const candidate of candidates) {
      const [loadingAccount, loadingTemplate] = this.load(candidate[0]);
      const [account, template] = [await loadingAccount, await loadingTemplate];
      const judged = this.judge(request, candidate, account, template, refusals);
      if (!('code' in judged)) return judged;
      refusals.push(judged);
    }
    return refusals[0]!.problem;
  }

  /** In the order in which they are looked at. */
  private candidatesOf(request: RouteRequest): Ranked[] {
    const { generator, receivers, draw } = request;
    const steps = stepsFor(request);
    if (generator.routing !== 'conversion' || steps.length < 2) return steps;
    return rankSteps(
      steps,
      generator.plan,
      ({ accountId, channel }) =>
        this.rates.expect(accountId, channel as Channel, receiverFor(channel as Channel, receivers)?.country),
      draw,
    );
  }

  private load({ accountId, templateId }: ChannelStep) {
    return [
      this.accounts.load(accountId),
      templateId === undefined ? undefined : this.templates.load(templateId),
    ] as const;
  }

  private judge(
    { generator, mode, receivers, purpose, language }: RouteRequest,
    [step, stepNumber, why]: Ranked,
    account: LoadedAccount | undefined,
    template: PublishedTemplate | undefined,
    refusals: readonly Refusal[],
  ): Route | Refusal {
    const misused = refuseUse(generator, purpose, step.channel);
    if (misused) return refuse('not_permitted', misused);
    const to = receiverFor(step.channel as Channel, receivers);
    if (!to) return refuse('address_missing', addressProblem(step.channel));
    const barred = refuseReceiver(generator, to);
    if (barred) return refuse('not_permitted', barred);
    const simulator = account !== undefined && this.accounts.isSimulator(account);
    const admitted = admitRoute(account, step, to, { mode, simulator });
    if ('refused' in admitted) return refuse(admitted.refused, new Problem(ROUTE_PROBLEMS[admitted.refused]));
    if (this.breakers.isOpen(step.accountId))
      return refuse('breaker_open', new Problem('channel.unavailable', { retryAfterSeconds: 10 }));
    const wording = chooseLanguage(step, template, language ?? step.language);
    if (wording instanceof Problem) return refuse('template_not_approved', wording);
    return {
      step,
      stepNumber,
      to,
      language: wording,
      reason: reasonOf(why, refusals[0]),
    };
  }
}

/** The reason of a step that was first anyway. */
export const PLAN = 'plan';

/** What stood in the way of one step. */
interface Refusal {
  code: string;
  problem: Problem;
}

function refuse(code: string, problem: Problem): Refusal {
  return { code, problem };
}

function reasonOf(why: string | undefined, first: Refusal | undefined): string {
  if (first) return why ? `${why},after:${first.code}` : `after:${first.code}`;
  return why ?? PLAN;
}

function stepsFor({ generator, channel, from = 0, except }: RouteRequest): NumberedStep[] {
  return generator.plan
    .map((step, stepNumber): NumberedStep => [step, stepNumber])
    .filter(
      ([step, stepNumber]) =>
        stepNumber >= from && !except?.has(stepNumber) && (channel === undefined || step.channel === channel),
    );
}

/** The language to send in: of the one asked for, its base language and the plan's the first that is approved. */
function chooseLanguage(
  step: ChannelStep,
  template: PublishedTemplate | undefined,
  wanted: string,
): string | Problem {
  if (step.templateId === undefined) return wanted;
  if (!template)
    return new Problem('template.not_approved', {
      detail: 'The template was deleted. Point the generator at another one.',
      members: { templateStatus: 'deleted' },
    });
  const find = (code: string): PublishedTemplate['languages'][number] | undefined =>
    template.languages.find((entry) => entry.language === code);
  const found = [wanted, wanted.split('_', 1)[0]!, step.language].flatMap((code) => find(code) ?? []);
  const approved = found.find((entry) => entry.status === 'approved');
  if (approved) return approved.language;
  const status = found[0]?.status ?? 'missing';
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
  if (CARRIED_CHANNELS.includes(channel as Channel))
    return new Problem('channel.not_configured', { detail: 'The generator has no step for this channel.' });
  return Problem.field('channel', 'not_allowed', 'channel must be one of the generator’s channels');
}

/** The receiver is of a kind that the channel does not reach: told like one that is no address at all (BI-22). */
function addressProblem(channel: string): Problem {
  const code = channel === 'email' ? 'invalid_email' : 'invalid_phone';
  return new Problem(`receiver.${code}`, { errors: [{ pointer: '#/receiver', code }] });
}

const ROUTE_PROBLEMS: Record<RouteRefusal, ErrorCode> = {
  account_missing: 'channel.not_configured',
  sender_missing: 'channel.not_configured',
  country_not_allowed: 'receiver.destination_not_allowed',
  test_key_live_account: 'auth.test_key_live_account',
};
