import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LimitsService, type ReceiverLimits } from '#limits';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import { Problem } from '#platform/errors';
import { parseReceivers } from './addresses.js';
import { BackPressure } from './back-pressure.js';
import type { Purpose } from './challenge.js';
import { FairShare } from './fair-share.js';
import { profileOf, UNLIMITED } from './limits.js';
import type { OpenInput, Prepared } from './opening.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { type Route, RoutePlanner } from './route-planner.js';
import { type TestNumber, TestNumbersService } from './test-numbers.service.js';

type Chosen = Pick<Prepared, 'input' | 'caller' | 'receivers' | 'purpose' | 'contextDigest'>;

/** Finds out everything about a request that can be known before Redis is asked to change anything. */
@Injectable()
export class OpeningPreparer {
  constructor(
    private readonly planner: RoutePlanner,
    private readonly limits: LimitsService,
    private readonly testNumbers: TestNumbersService,
    private readonly aliases: ReceiverAliases,
    private readonly fairShare: FairShare,
    private readonly pressure: BackPressure,
  ) {}

  /** At once, when memory has the records. `explores`: it may be sent by an account that is not held to be the best. */
  prepare(
    caller: Principal,
    input: OpenInput,
    contextDigest: string,
    { explores }: { explores: boolean },
  ): Prepared | Problem | Promise<Prepared | Problem> {
    const receivers = parseReceivers(input.receiver, input.fallbackReceiver);
    if (receivers instanceof Problem) return receivers;
    const { generator, channel, language, purpose = 'authentication' } = input;
    const { mode } = caller;
    const draw = explores && generator.routing === 'conversion' ? drawOf(input) : undefined;
    const route = this.planner.choose({ generator, mode, receivers, purpose, channel, language, draw });
    const numbers = this.testNumbers.load(caller.tenantId);
    const limits = this.limits.receiverLimits(caller.tenantId, mode);
    const chosen = { input, caller, receivers, purpose, contextDigest };
    return route instanceof Promise || numbers instanceof Promise || limits instanceof Promise
      ? this.completeLater(chosen, route, numbers, limits)
      : this.complete(chosen, route, numbers, limits);
  }

  private async completeLater(
    chosen: Chosen,
    route: Route | Problem | Promise<Route | Problem>,
    numbers: readonly TestNumber[] | undefined | Promise<readonly TestNumber[] | undefined>,
    limits: ReceiverLimits | Promise<ReceiverLimits>,
  ): Promise<Prepared | Problem> {
    return this.complete(chosen, await route, await numbers, await limits);
  }

  private complete(
    chosen: Chosen,
    route: Route | Problem,
    numbers: readonly TestNumber[] | undefined,
    limits: ReceiverLimits,
  ): Prepared | Problem {
    if (route instanceof Problem) return route;
    const { caller, input, receivers, purpose, contextDigest } = chosen;
    const priority = this.fairShare.take(caller.tenantId);
    const overloaded = this.pressure.refusal(route.step.channel as Channel, priority);
    if (overloaded) return overloaded;
    const { partition, ref } = this.aliases.locate(caller.tenantId, receivers.primary.canonical);
    const fixed = this.testNumbers.codeFor(numbers, receivers.primary);
    // Each by name: an object that is spread and then grown is slow to make and to read, on every send.
    return {
      input,
      caller,
      receivers,
      purpose,
      contextDigest,
      route,
      given: fixed ?? input.code,
      testNumber: fixed !== undefined,
      limits: fixed === undefined ? profileOf(caller.mode, limits) : UNLIMITED,
      priority,
      partition,
      receiverName: ref,
      liveName: liveName(ref, purpose, contextDigest),
    };
  }
}

const DRAWS = 2 ** 32;

/** The same for a call that is repeated. */
function drawOf({ operation }: OpenInput): number {
  return (operation ? operation.readUInt32BE() : randomInt(DRAWS)) / DRAWS;
}

/** Purpose and context are part of the name only when they are not the usual ones: most keys stay short. */
function liveName(ref: string, purpose: Purpose, contextDigest: string): string {
  return purpose === 'authentication' && contextDigest === '' ? ref : `${ref}:${purpose}:${contextDigest}`;
}
