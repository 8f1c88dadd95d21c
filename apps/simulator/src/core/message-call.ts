// Owns the order of one call that sends a message, whichever provider's it is: what
// breaks first, what the provider refuses, acceptance, latency, what breaks after.

import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BehaviorSwitch, type Fault } from './behavior.js';
import { breakAfter, breakBefore } from './broken-answers.js';
import { FaultPicker } from './fault-picker.js';
import { magicOf } from './magic-numbers.js';
import type { Fate } from './message.js';
import { Scheduler } from './scheduler.js';

/** What a skin does at each station. */
export interface MessageCallSteps<Prepared> {
  /** Digits or mail address of the receiver, and the sender, as faults may match them. */
  to: string;
  sender: string;
  /** Refuses with its own form of `status` (a busy provider), `graphError` or `refuse` (its own code). Throws or answers. */
  refuse(fault: Fault): void;
  /** Everything that can be refused at once; nothing is kept yet. */
  prepare(fate: Fate | undefined): Prepared;
  /** Logs the message and answers what the client is told. */
  accept(prepared: Prepared): unknown;
  /** Of the answer; 200 unless said. */
  status?: number;
}

const BREAKS_FIRST: readonly Fault['kind'][] = ['hang', 'reset', 'html', 'huge'];

@Injectable()
export class MessageCall {
  constructor(
    private readonly faults: FaultPicker,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
  ) {}

  async run<Prepared>(reply: FastifyReply, steps: MessageCallSteps<Prepared>): Promise<void> {
    const fault = this.faultFor(steps.to, steps.sender);
    if (fault && BREAKS_FIRST.includes(fault.kind)) return breakBefore(fault, reply);
    if (fault?.kind === 'status') return steps.refuse(fault);
    const prepared = steps.prepare(fateOf(fault));
    if (fault?.kind === 'graphError' || fault?.kind === 'refuse') return steps.refuse(fault);
    const answer = steps.accept(prepared);
    await this.latency();
    if (!breakAfter(fault, answer, reply)) void reply.code(steps.status ?? 200).send(answer);
  }

  /** The fate that the receiver's number has in store, unless those are switched off. */
  magicFate(to: string): Fate | undefined {
    return this.behavior.current.magicNumbers ? magicOf(to)?.fate : undefined;
  }

  private faultFor(to: string, sender: string): Fault | undefined {
    const magic = this.behavior.current.magicNumbers ? magicOf(to)?.fault : undefined;
    return this.faults.take(to, sender) ?? (magic && { ...magic, match: {} });
  }

  /** After acceptance, so that a client that gives up leaves a delivered message behind. */
  private latency(): Promise<void> | undefined {
    const { latencyMs } = this.behavior.current;
    if (latencyMs === 0) return undefined;
    return new Promise((resolve) => this.scheduler.after(latencyMs, resolve));
  }
}

const NOT_ON_CHANNEL = 131026;

function fateOf(fault: Fault | undefined): Fate | undefined {
  if (fault?.kind === 'notOnWhatsApp') return { kind: 'failed', code: NOT_ON_CHANNEL };
  if (fault?.kind === 'undeliverable') return { kind: 'failed', code: fault.code ?? NOT_ON_CHANNEL };
  return undefined;
}
