// The engine as its rules are told, written apart from the scripts: plain objects, one clock, no Redis. Where this
// and the scripts differ, one of them is wrong.

interface Window {
  limit: number;
  seconds: number;
}

export interface Rules {
  lifeMs: number;
  coolDownsMs: number[];
  maxMessages: number;
  maxAttempts: number;
  limits: {
    windows: Window[];
    /** Told when they are full; they refuse nothing. */
    windowsInShadow: Window[];
    platform: Window;
    unsolicited: Window;
  };
  leaseMs: number;
  leastLifeMs: number;
  maxTries: number;
}

export interface ModelMessage {
  state: string;
  tries: number;
  due: number;
  token: string;
  duplicatePossible: boolean;
  step: number;
  /** Silent from here on, the next step follows. */
  watchedUntil: number | undefined;
  /** Not delivered by then, it is dropped. */
  dropsAt: number | undefined;
  owesNext: boolean;
  followed: boolean;
  /** Which of the prices was told. */
  price: number;
  /** Stands for a message of the challenge before. */
  empty: boolean;
}

export interface ModelChallenge {
  id: string;
  tenant: string;
  receiver: string;
  state: string;
  why: string;
  failures: number;
  code: string;
  openedAt: number;
  expires: number;
  resendFrom: number;
  messages: ModelMessage[];
  steps: number;
  strict: boolean;
  equal: boolean;
  context: string;
  approvedBy: string | undefined;
  countedOperations: Set<string>;
  malformed: { since: number; count: number } | undefined;
  lastResend: { operation: string; number: number } | undefined;
}

const RANK: Record<string, number> = { q: 0, s: 0, u: 0, a: 1, t: 2, x: 2.5, d: 3, r: 4, f: 9 };
const MALFORMED_PER_MINUTE = 20;

export class ReferenceEngine {
  now = 0;
  readonly challenges = new Map<string, ModelChallenge>();
  private readonly live = new Map<string, string>();
  /** Sends by receiver, and how many of them came after the last right answer. */
  private readonly sent = new Map<string, { times: number[]; unsolicited: number }>();
  /** Transitions by type: what the journal must hold. */
  readonly events: string[] = [];

  constructor(private readonly rules: Rules) {}

  open(
    id: string,
    tenant: string,
    receiver: string,
    code: string,
    context: string,
    replaces: string | undefined,
    { steps, strict, equal }: { steps: number; strict: boolean; equal: boolean },
  ): string {
    const known = this.challenges.get(id);
    if (known) return `opened ${known.messages.length} ${known.failures} false`;
    const name = `${receiver}/${context}`;
    const liveId = this.live.get(name);
    const live = liveId === undefined ? undefined : this.challenges.get(liveId);
    let failures = 0;
    let sends = 1;
    let expires = this.now + this.rules.lifeMs;
    let superseded: ModelChallenge | undefined;
    if (live) {
      this.letExpire(live);
      if (live.state === 'P' || ('LG'.includes(live.state) && this.now < live.expires)) {
        if (live.state !== 'P' || liveId !== replaces) return `live ${liveId}`;
        if (this.now < live.resendFrom) return this.refuse('cool_down');
        if (live.messages.length + 1 > this.rules.maxMessages) return this.refuse('send_limit');
        superseded = live;
        failures = live.failures;
        sends = live.messages.length + 1;
        expires = live.expires;
      }
    }
    const full = this.whyFull(receiver);
    if (full) return this.refuse(full);
    const empty = (): ModelMessage => ({ ...this.queued(0), state: 'f', due: 0, empty: true });
    const challenge: ModelChallenge = {
      id,
      tenant,
      receiver,
      state: 'P',
      why: '',
      failures,
      code,
      openedAt: this.now,
      expires,
      resendFrom:
        this.now + (this.rules.coolDownsMs[Math.min(sends, this.rules.coolDownsMs.length) - 1] ?? 0),
      messages: [...Array.from({ length: sends - 1 }, empty), this.queued(equal ? steps - 1 : 0)],
      steps,
      strict,
      equal,
      context,
      approvedBy: undefined,
      countedOperations: new Set(),
      malformed: undefined,
      lastResend: undefined,
    };
    if (superseded) this.finish(superseded, 'C', 'superseded');
    this.challenges.set(id, challenge);
    this.live.set(name, id);
    const shadowed = this.noteSend(receiver);
    this.events.push('challenge.requested', 'message.queued');
    return `opened ${sends} ${failures} ${shadowed}`;
  }

  check(id: string, tenant: string, operation: string, code: string, context: string): string {
    const challenge = this.find(id, tenant);
    if (!challenge) return 'unknown';
    this.letExpire(challenge);
    if (challenge.state === 'G' && challenge.approvedBy === operation) return 'approving G';
    if (challenge.state !== 'P') {
      if (challenge.approvedBy === operation) return `repeated ${challenge.state}`;
      if (challenge.state === 'L' && challenge.countedOperations.has(operation)) return 'locked L';
      return `ended ${challenge.state}`;
    }
    if (challenge.countedOperations.has(operation)) return 'wrong P';
    if (challenge.context !== context) {
      this.finish(challenge, 'C', 'context_mismatch');
      return 'context C';
    }
    if (code.length !== challenge.code.length) return this.countMalformed(challenge);
    challenge.failures++;
    if (code === challenge.code) {
      challenge.approvedBy = operation;
      if (challenge.strict) {
        challenge.state = 'G';
        this.events.push('challenge.approving');
        return 'approving G';
      }
      this.sendsTo(challenge.receiver).unsolicited = 0;
      this.finish(challenge, 'A', '');
      return 'approved A';
    }
    challenge.countedOperations.add(operation);
    this.events.push('challenge.answer_refused');
    if (challenge.failures >= this.rules.maxAttempts) {
      this.finish(challenge, 'L', '');
      return 'locked L';
    }
    return 'wrong P';
  }

  resend(id: string, tenant: string, operation: string, rotatedCode: string | undefined): string {
    const challenge = this.find(id, tenant);
    if (!challenge) return 'unknown';
    if (challenge.lastResend?.operation === operation) return `resent ${challenge.lastResend.number} false`;
    this.letExpire(challenge);
    if (challenge.state !== 'P') return `ended ${challenge.state}`;
    if (challenge.messages.length >= this.rules.maxMessages) return this.refuse('send_limit');
    if (this.now < challenge.resendFrom) return this.refuse('cool_down');
    const full = this.whyFull(challenge.receiver);
    if (full) return this.refuse(full);
    const shadowed = this.noteSend(challenge.receiver);
    challenge.messages.push(this.queued(0));
    const number = challenge.messages.length;
    challenge.resendFrom =
      this.now + (this.rules.coolDownsMs[Math.min(number, this.rules.coolDownsMs.length) - 1] ?? 0);
    challenge.lastResend = { operation, number };
    if (rotatedCode !== undefined) challenge.code = rotatedCode;
    this.events.push('message.queued');
    return `resent ${number} ${shadowed}`;
  }

  cancel(id: string, tenant: string): string {
    const challenge = this.find(id, tenant);
    if (!challenge) return 'unknown';
    this.letExpire(challenge);
    if (challenge.state === 'C' && challenge.why === 'by_caller') return 'canceled';
    if (challenge.state !== 'P') return `ended ${challenge.state}`;
    this.finish(challenge, 'C', 'by_caller');
    return 'canceled';
  }

  claim(id: string, number: number, token: string): string {
    const challenge = this.challenges.get(id);
    const message = challenge?.messages[number - 1];
    if (!challenge || !message) return 'done gone';
    if (message.state === 's' && message.token === token) {
      message.due = this.now + this.rules.leaseMs;
      return 'renewed';
    }
    if (RANK[message.state]! > 0) return `done ${message.state}`;
    if (this.now < message.due) return 'later';
    const was = message.state;
    const give_up = (nextMayHelp = false): string => {
      message.state = was === 'q' && !message.duplicatePossible ? 'f' : 'u';
      if (nextMayHelp) this.owe(challenge, message);
      this.events.push(message.state === 'f' ? 'message.failed' : 'message.unknown');
      this.finishIfUndeliverable(challenge);
      return `done ${message.state}`;
    };
    this.letExpire(challenge);
    if (challenge.state !== 'P') return give_up();
    const life = challenge.expires - challenge.openedAt;
    if (challenge.expires - this.now < Math.min(this.rules.leastLifeMs, life / 5)) return give_up();
    if (was !== 'q') {
      if (message.duplicatePossible) return give_up(true);
      message.duplicatePossible = true;
    }
    if (message.tries >= this.rules.maxTries) return give_up(true);
    Object.assign(message, {
      state: 's',
      token,
      tries: message.tries + 1,
      due: this.now + this.rules.leaseMs,
    });
    this.events.push('message.sending');
    return `claimed ${message.tries} ${message.duplicatePossible}`;
  }

  settle(
    id: string,
    number: number,
    token: string | undefined,
    outcome: string,
    { afterMs = 0, watchMs = 0, dropMs = 0, followUnresolved = false, price = 0 },
  ): string {
    const challenge = this.challenges.get(id);
    const message = challenge?.messages[number - 1];
    if (!challenge || !message) return 'gone';
    const target = {
      accepted: 'a',
      rejected: 'f',
      retry: 'q',
      postponed: 'q',
      unknown: 'u',
      unresolved: 'u',
      sent: 't',
      delivered: 'd',
      read: 'r',
      failed: 'f',
    }[outcome]!;
    if (token !== undefined) {
      if (message.token !== token || (message.state !== 's' && RANK[message.state] === 0)) return 'lost';
      if (message.state !== 's') {
        if (outcome === 'accepted' && RANK[message.state]! < RANK['d']!)
          this.watch(challenge, message, watchMs, dropMs);
        return 'ignored';
      }
    } else if (target === 'f' ? RANK[message.state]! >= RANK['d']! : RANK[message.state]! >= RANK[target]!) {
      if (target === 'f' && message.state !== 'f') this.events.push('message.late_failure');
      if (price !== 0 && price !== message.price) this.events.push('message.priced');
      message.price = price || message.price;
      return 'ignored';
    }
    message.price = price || message.price;
    message.state = target;
    if (outcome === 'postponed') message.tries--;
    if (target === 'q' || target === 'u')
      message.due = this.now + (outcome === 'unresolved' ? Infinity : afterMs);
    if (target === 'a') this.watch(challenge, message, watchMs, dropMs);
    if ('dfr'.includes(target) || outcome === 'unresolved')
      Object.assign(message, { watchedUntil: undefined, dropsAt: undefined });
    // A receipt that it went out after all takes back what an unresolved message owed.
    if (target === 't' && message.watchedUntil === undefined && message.dropsAt === undefined)
      message.owesNext = false;
    if ('dr'.includes(target)) message.owesNext = false;
    if (target === 'f' || (outcome === 'unresolved' && followUnresolved)) this.owe(challenge, message);
    this.events.push(
      {
        a: 'message.accepted',
        f: 'message.failed',
        q: 'message.queued',
        u: 'message.unknown',
        t: 'message.sent',
        d: 'message.delivered',
        r: 'message.read',
      }[target]!,
    );
    if (target === 'f') this.finishIfUndeliverable(challenge);
    return `settled ${target} ${challenge.state} ${message.owesNext}`;
  }

  /** `refused`: the first step left was refused outside the scripts, which is written down beside what follows. */
  follow(id: string, number: number, stepsLeft: boolean, refused: boolean): string {
    const challenge = this.challenges.get(id);
    const message = challenge?.messages[number - 1];
    if (!challenge || !message) return 'not_owed false';
    this.letExpire(challenge);
    const silent =
      message.watchedUntil !== undefined &&
      RANK[message.state]! < RANK['d']! &&
      this.now >= message.watchedUntil;
    if (challenge.state !== 'P' || !(message.owesNext || silent)) return `not_owed ${message.followed}`;
    Object.assign(message, { owesNext: false, watchedUntil: undefined, followed: true });
    if (refused) this.refuse('budget');
    const full =
      challenge.messages.length >= this.rules.maxMessages ? 'send_limit' : this.whyFull(challenge.receiver);
    if (!stepsLeft || full) {
      if (stepsLeft && full) this.refuse(full);
      this.finishIfUndeliverable(challenge);
      return `none_left ${challenge.state}`;
    }
    const shadowed = this.noteSend(challenge.receiver);
    challenge.messages.push(this.queued(this.stepAfter(id, number)));
    this.events.push('message.queued');
    return `followed ${challenge.messages.length} ${shadowed}`;
  }

  /** The step that a message follows by: where steps are equal the first one that was not tried. */
  stepAfter(id: string, number: number): number {
    const challenge = this.challenges.get(id);
    const step = challenge?.messages[number - 1]?.step ?? 0;
    if (!challenge?.equal) return step + 1;
    const tried = triedSteps(challenge);
    for (let untried = 0; untried < challenge.steps; untried++) if (!tried.has(untried)) return untried;
    return step;
  }

  /** What the sweeper does to messages: drops those whose time is over, and names all whose next step is due. */
  look(): string {
    const due: string[] = [];
    for (const challenge of this.challenges.values()) {
      if (!'PG'.includes(challenge.state)) continue;
      for (const [index, message] of challenge.messages.entries()) {
        if (message.dropsAt !== undefined && this.now >= message.dropsAt) {
          Object.assign(message, { state: 'x', watchedUntil: undefined, dropsAt: undefined });
          this.events.push('message.dropped');
          this.owe(challenge, message);
        }
        const silent = message.watchedUntil !== undefined && this.now >= message.watchedUntil;
        if (message.owesNext)
          due.push(`${challenge.id}:${index + 1} ${message.state === 'x' ? 'dropped' : 'failed'}`);
        else if (silent) due.push(`${challenge.id}:${index + 1} silent`);
      }
    }
    return due.sort().join();
  }

  finishApproval(id: string, operation: string | undefined, outcome: string): string {
    const challenge = this.challenges.get(id);
    if (!challenge) return 'unknown';
    if (challenge.state !== 'G' || (operation !== undefined && operation !== challenge.approvedBy)) {
      const repeated = challenge.state === 'A' && challenge.approvedBy === operation;
      return `${repeated ? 'repeated' : 'ended'} ${challenge.state}`;
    }
    if (outcome === 'release') {
      challenge.state = 'P';
      challenge.failures--;
      challenge.approvedBy = undefined;
      this.events.push('challenge.approval_released');
      return 'wrong P';
    }
    this.sendsTo(challenge.receiver).unsolicited = 0;
    this.finish(challenge, 'A', '');
    if (outcome === 'approve') return 'approved A';
    // Told when it was given: this time it is only noted.
    this.events.pop();
    this.events.push('challenge.approval_repeated');
    return 'ended A';
  }

  /** What the sweeper does to every challenge whose time has come. */
  expireAll(): void {
    for (const challenge of this.challenges.values()) this.letExpire(challenge);
  }

  private find(id: string, tenant: string): ModelChallenge | undefined {
    const challenge = this.challenges.get(id);
    return challenge?.tenant === tenant ? challenge : undefined;
  }

  private queued(step: number): ModelMessage {
    return {
      state: 'q',
      tries: 0,
      due: this.now,
      token: '',
      duplicatePossible: false,
      step,
      watchedUntil: undefined,
      dropsAt: undefined,
      owesNext: false,
      followed: false,
      price: 0,
      empty: false,
    };
  }

  /** Of silence that lets the next step follow and one that tells of a drop, the earlier counts. */
  private watch(challenge: ModelChallenge, message: ModelMessage, watchMs: number, dropMs: number): void {
    if (!'PG'.includes(challenge.state)) return;
    if (dropMs > 0) message.dropsAt = this.now + dropMs;
    if (watchMs > 0 && (dropMs === 0 || watchMs < dropMs)) message.watchedUntil = this.now + watchMs;
  }

  private owe(challenge: ModelChallenge, message: ModelMessage): void {
    const gone = challenge.equal ? triedSteps(challenge).size : message.step + 1;
    message.owesNext = challenge.state === 'P' && !message.followed && gone < challenge.steps;
  }

  private countMalformed(challenge: ModelChallenge): string {
    const window = challenge.malformed;
    const current = window && this.now - window.since < 60_000 ? window : { since: this.now, count: 0 };
    if (current.count >= MALFORMED_PER_MINUTE) return 'format_limit P';
    challenge.malformed = { since: current.since, count: current.count + 1 };
    return 'format P';
  }

  private letExpire(challenge: ModelChallenge): void {
    if (challenge.state === 'P' && this.now >= challenge.expires) this.finish(challenge, 'X', '');
  }

  private finish(challenge: ModelChallenge, state: string, why: string): void {
    challenge.state = state;
    challenge.why = why;
    const name = `${challenge.receiver}/${challenge.context}`;
    if (state !== 'L' && this.live.get(name) === challenge.id) this.live.delete(name);
    this.events.push(
      {
        A: 'challenge.approved',
        X: 'challenge.expired',
        L: 'challenge.locked',
        C: 'challenge.canceled',
        U: 'challenge.undeliverable',
      }[state]!,
    );
  }

  private finishIfUndeliverable(challenge: ModelChallenge): void {
    if (
      challenge.state === 'P' &&
      challenge.messages.every(
        ({ state, owesNext, duplicatePossible }) => state === 'f' && !owesNext && !duplicatePossible,
      )
    )
      this.finish(challenge, 'U', '');
  }

  /** A refusal changes nothing and is written down. */
  private refuse(why: string): string {
    this.events.push('limit.refused');
    return why;
  }

  private sendsTo(receiver: string): { times: number[]; unsolicited: number } {
    let sends = this.sent.get(receiver);
    if (!sends) this.sent.set(receiver, (sends = { times: [], unsolicited: 0 }));
    return sends;
  }

  /** Of several limits that are reached, the one that lasts longest. */
  private whyFull(receiver: string): string | undefined {
    const { times, unsolicited } = this.sendsTo(receiver);
    const { windows, platform, unsolicited: unanswered } = this.rules.limits;
    const own = Math.max(...windows.map((window) => until(times, window)), until(times, platform));
    const prompts = unsolicited === 0 ? 0 : until(times.slice(-unsolicited), unanswered);
    if (Math.max(own, prompts) <= this.now) return undefined;
    return prompts > own ? 'unsolicited' : 'receiver';
  }

  /** Counts a send. Whether a window in shadow would have refused it. */
  private noteSend(receiver: string): boolean {
    const sends = this.sendsTo(receiver);
    const shadowed = this.rules.limits.windowsInShadow.some(
      (window) => until(sends.times, window) > this.now,
    );
    sends.times.push(this.now);
    sends.unsolicited++;
    return shadowed;
  }
}

/** When one more fits the window again; 0 when it always did. */
function until(times: number[], { limit, seconds }: Window): number {
  return times.length >= limit ? times.at(-limit)! + seconds * 1_000 : 0;
}

function triedSteps({ messages }: ModelChallenge): Set<number> {
  return new Set(messages.filter(({ empty }) => !empty).map(({ step }) => step));
}
