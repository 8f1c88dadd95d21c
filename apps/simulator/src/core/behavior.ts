// Owns the switches that make the simulator misbehave on purpose. Everything is
// off at first. `PUT /_sim/behavior` merges what it is given over what is set;
// `POST /_sim/behavior/reset` returns to the start. Never persisted: a fault must
// not outlive the process of the test that asked for it.

import { Injectable } from '@nestjs/common';
import { SimulatorConfig } from '../simulator.config.js';
import { isMailAddress } from './phone-number.js';
import { type Check, digits, flag, integer, list, object, oneOf, text } from './shape.js';

const FAULT_KINDS = [
  /** HTTP `status` (503) with a plain Graph "service unavailable"; `retryAfter` as a header. */
  'status',
  /** The Graph error `code` (131000) with its own HTTP status, or `status`. Other providers translate what they know. */
  'graphError',
  /** Refused with the provider's own `code`. */
  'refuse',
  /** Accepted; then it fails with the provider's own `code`. */
  'undeliverable',
  /** Reads the request and never answers. Nothing is accepted. */
  'hang',
  /** Cuts the connection. Nothing is accepted. */
  'reset',
  /** Accepts and logs the message, then cuts the connection. */
  'resetAfterAccept',
  /** Accepts and logs the message, then answers 200 with half a JSON document. */
  'malformed',
  /** Accepts and logs the message, then answers 200 with nothing in it. */
  'empty',
  /** Accepts and logs the message, then answers one byte a second: never silent for long, never done. */
  'drip',
  /** A proxy's HTML page with `status` (502). Nothing is accepted. */
  'html',
  /** 200 with a JSON document of 64 MB. Nothing is accepted. */
  'huge',
  /** Accepts the message; 131026 arrives later by webhook, as always. */
  'notOnWhatsApp',
] as const;

type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** Both given: both must match. None given: every message matches. `to` in any spelling. */
  /** `sender`: the provider's name of it, whichever provider it is; `phoneNumberId` is the same for WhatsApp. */
  match: { to?: string; phoneNumberId?: string; sender?: string };
  kind: FaultKind;
  status?: number;
  code?: number | string;
  /** Seconds, or the header's text as it is: a date, or junk. */
  retryAfter?: number | string;
  /** Matches left; each match takes one, the fault goes at zero. Absent: until reset. */
  times?: number;
}

interface Behavior {
  /** Delays the answer to POST …/messages after the message has been logged as accepted. */
  latencyMs: number;
  /** What happens to a submitted template `approveAfterMs` later; hold leaves it PENDING. */
  approval: 'auto' | 'hold' | 'reject';
  /** Zero: the create call itself answers APPROVED (or REJECTED). */
  approveAfterMs: number;
  rejectReason: string;
  /** How long the name of a deleted approved template stays locked; WhatsApp: 30 days. */
  deletedNameLockMs: number;
  /** Whether the receivers of GET /_sim/magic-numbers misbehave. */
  magicNumbers: boolean;
  /** When statuses happen, counted from acceptance; read from delivery. */
  statuses: { sentAfterMs: number; deliveredAfterMs: number; readAfterMs: number };
  webhooks: {
    /** Drops every webhook; statuses still show in the log and on the phone. */
    mute: boolean;
    delayMs: number;
    /** Extra identical copies of every POST. */
    duplicate: number;
    /** Holds each update for up to half a second, so that they overtake each other. */
    shuffle: boolean;
    /** Zero posts each update alone, unless deliveries fall behind. */
    batchMs: number;
    /** A refused POST is repeated after 1, 2, 4 … times this, `maxAttempts` in all. */
    retryBaseMs: number;
    maxAttempts: number;
    timeoutMs: number;
  };
  rates: {
    /** Messages a second per sender, then 130429; zero is off (WhatsApp: 80). */
    perSenderPerSecond: number;
    /** One message per 6 s to one receiver with a burst of 45, then 131056. */
    pair: boolean;
    /** Template creations an hour, then 80008; zero is off (WhatsApp: 100). */
    templatesPerHour: number;
    /** Register and deregister calls of a sender in 72 hours, then 133016; zero is off (WhatsApp: 10). */
    registrationsPer72Hours: number;
  };
  /** The Graph error that every call about a number's PIN, code or registration answers; zero is off. */
  numberError: number;
  faults: Fault[];
  /** Receivers that WhatsApp knows under another number: what an accepted send answers as `wa_id`. */
  waIds: { to: string; waId: string }[];
}

/** Everything may be left out; nested objects merge, `faults` and `waIds` are replaced as a whole. */
type BehaviorPatch = {
  [K in keyof Behavior]?: Behavior[K] extends unknown[]
    ? Behavior[K]
    : Behavior[K] extends object
      ? Partial<Behavior[K]>
      : Behavior[K];
};

const MONTH_MS = 30 * 24 * 3_600_000;
const milliseconds = integer(0, MONTH_MS);
const copies: Check<number> = (value, path) =>
  typeof value === 'boolean' ? Number(value) : integer(0, 1_000)(value, path);

const delay: Check<number | string> = (value, path) =>
  typeof value === 'string'
    ? text(/^[\x20-\x7e]{1,64}$/, 'a header value')(value, path)
    : integer(0, 86_400)(value, path);

const patchOf: Check<BehaviorPatch> = object<BehaviorPatch>({
  latencyMs: integer(0, 600_000),
  approval: oneOf('auto', 'hold', 'reject'),
  approveAfterMs: milliseconds,
  rejectReason: text(),
  deletedNameLockMs: milliseconds,
  magicNumbers: flag,
  statuses: object<Behavior['statuses']>({
    sentAfterMs: milliseconds,
    deliveredAfterMs: milliseconds,
    readAfterMs: milliseconds,
  }),
  webhooks: object<Behavior['webhooks']>({
    mute: flag,
    delayMs: milliseconds,
    duplicate: copies,
    shuffle: flag,
    batchMs: milliseconds,
    retryBaseMs: integer(1, 3_600_000),
    maxAttempts: integer(1, 100),
    timeoutMs: integer(1, 600_000),
  }),
  rates: object<Behavior['rates']>({
    perSenderPerSecond: integer(0, 1_000_000),
    pair: flag,
    templatesPerHour: integer(0, 1_000_000),
    registrationsPer72Hours: integer(0, 1_000_000),
  }),
  numberError: integer(0, 9_999_999),
  faults: list(readFault),
  waIds: list(object<Behavior['waIds'][number], 'to' | 'waId'>({ to: digits, waId: digits }, 'to', 'waId')),
});

/** A number where the provider counts its errors, else a word. */
const errorCode: Check<number | string> = (value, path) =>
  typeof value === 'string'
    ? text(/^[\w.-]{1,64}$/, 'an error code')(value, path)
    : integer(0, 9_999_999)(value, path);

const receiver: Check<string> = (value, path) =>
  typeof value === 'string' && isMailAddress(value) ? value : digits(value, path);

function readFault(value: unknown, path: string): Fault {
  const fault = object<Fault, 'kind'>(
    {
      match: object<Fault['match']>({
        to: receiver,
        phoneNumberId: digits,
        sender: text(/^\S{1,254}$/, 'a sender'),
      }),
      kind: oneOf(...FAULT_KINDS),
      status: integer(200, 599),
      code: errorCode,
      retryAfter: delay,
      times: integer(1, 1_000_000),
    },
    'kind',
  )(value, path);
  return { ...fault, match: fault.match ?? {} };
}

@Injectable()
export class BehaviorSwitch {
  private behavior: Behavior;
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly config: SimulatorConfig) {
    this.behavior = this.start();
  }

  get current(): Behavior {
    return this.behavior;
  }

  put(input: unknown): Behavior {
    const patch = patchOf(input, '');
    const was = this.behavior;
    return this.set({
      ...was,
      ...patch,
      statuses: { ...was.statuses, ...patch.statuses },
      webhooks: { ...was.webhooks, ...patch.webhooks },
      rates: { ...was.rates, ...patch.rates },
    });
  }

  reset(): Behavior {
    return this.set(this.start());
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private set(behavior: Behavior): Behavior {
    this.behavior = behavior;
    for (const listener of this.listeners) listener();
    return behavior;
  }

  private start(): Behavior {
    return {
      latencyMs: 0,
      approval: 'auto',
      approveAfterMs: this.config.approveAfterMs,
      rejectReason: 'INVALID_FORMAT',
      deletedNameLockMs: MONTH_MS,
      magicNumbers: true,
      statuses: { sentAfterMs: 100, deliveredAfterMs: 400, readAfterMs: 600 },
      webhooks: {
        mute: false,
        delayMs: 0,
        duplicate: 0,
        shuffle: false,
        batchMs: 0,
        retryBaseMs: 1_000,
        maxAttempts: 8,
        timeoutMs: 10_000,
      },
      rates: { perSenderPerSecond: 0, pair: false, templatesPerHour: 0, registrationsPer72Hours: 0 },
      numberError: 0,
      faults: [],
      waIds: [],
    };
  }
}
