import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';

const SCRIPTS = [
  'open-inbound',
  'receive-token',
  'answer-inbound',
  'exchange-approval',
  'expect-answer',
  'note-miss',
  'withdraw-consent',
  'judge-receiver',
] as const;

/** As long as a record outlives its challenge: who answers too late is told so. */
const GRACE_MS = 900_000;

export interface Place {
  partition: number;
  /** The name within the partition. */
  ref: string;
}

/** A message of a person, as the scripts take it. */
export interface Writing {
  tenantId: Identifier;
  /** The sender of ours that they wrote to. */
  senderId: Identifier;
  person: Place;
  /** Digest of the provider's message id. */
  operation: string;
}

export interface ReceivedWriting extends Writing {
  /** Whether the provider names the person by a phone number. */
  phone: boolean;
  channelLetter: string;
  receiverRef: string;
  providerMessageId: string;
  assurance: string;
  /** The fields `sr`, `sr2`, … */
  sealedReceiver: Readonly<Record<string, string>>;
}

interface Moved<Verdict> {
  verdict: Verdict;
  state: ChallengeState;
  why: string;
}
export type Reception = Moved<'received' | 'again' | 'taken' | 'mismatched' | 'locked' | 'ended' | 'unknown'>;
export type Answered = Moved<'approved' | 'denied' | 'repeated' | 'wrong' | 'locked' | 'ended' | 'unknown'>;
export type Exchange = Moved<'exchanged' | 'pending' | 'ended' | 'unknown'>;

/** The live state of challenges that people write to us about. */
@Injectable()
export class InboundStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  /** Undefined when the token is another challenge's. `id` is in the partition of the token. */
  async open(
    id: Identifier,
    tokenRef: string,
    lifeMs: number,
    fields: Readonly<Record<string, string | number | undefined>>,
  ): Promise<{ expiresAt: number } | undefined> {
    const tag = this.partitions.tagOf(id);
    const [outcome, expires] = (await this.scripts.run(
      'open-inbound',
      [`${tag}ch:${id}`, `${tag}tok:${tokenRef}`, `${tag}exp`, `${tag}journal`],
      [this.clock.offsetMs, id, lifeMs, ...flatten(fields)],
    )) as string[];
    return outcome === 'opened' ? { expiresAt: Number(expires) } : undefined;
  }

  /** The challenge that a token opens, or opened not long ago. */
  async find(token: Place): Promise<Identifier | undefined> {
    return (
      (await this.redis.client.get(`${this.partitions.tag(token.partition)}tok:${token.ref}`)) ?? undefined
    );
  }

  async receive(id: Identifier, writing: ReceivedWriting): Promise<Reception> {
    const { tenantId, operation, person, phone, channelLetter } = writing;
    const { receiverRef, providerMessageId, assurance, sealedReceiver } = writing;
    return this.move('receive-token', id, [
      tenantId,
      operation,
      person.ref,
      phone ? 1 : 0,
      channelLetter,
      receiverRef,
      providerMessageId,
      assurance,
      ...flatten(sealedReceiver),
    ]);
  }

  /** `told`: pairs for the journal. */
  async answer(
    id: Identifier,
    { tenantId, operation, person }: Writing,
    said: 'right' | 'wrong' | 'no',
    told: Readonly<Record<string, string | undefined>>,
  ): Promise<Answered> {
    return this.move('answer-inbound', id, [tenantId, operation, person.ref, said, ...flatten(told)]);
  }

  async exchange(
    id: Identifier,
    tenantId: Identifier,
    operation: string,
    withinMs: number,
  ): Promise<Exchange> {
    return this.move('exchange-approval', id, [tenantId, operation, withinMs]);
  }

  /** Until when this person's plain words are about this challenge. */
  async expectAnswer(writing: Writing, id: Identifier, expiresAt: number): Promise<void> {
    await this.scripts.run(
      'expect-answer',
      [this.askedKey(writing)],
      [writing.senderId, id, expiresAt + GRACE_MS - this.clock.now()],
    );
  }

  /** The challenge that this person was last asked about. */
  async askedAbout(writing: Writing): Promise<Identifier | undefined> {
    return (await this.redis.client.hget(this.askedKey(writing), writing.senderId)) ?? undefined;
  }

  /** How many unknown tokens this person sent, with this one when it is `counted`. */
  async misses({ tenantId, person }: Writing, counted: boolean, forMs: number): Promise<number> {
    return this.noteMiss(
      `${this.partitions.tag(person.partition)}miss:${tenantId}:${person.ref}`,
      counted,
      forMs,
    );
  }

  /** How often this challenge's receiver said what nobody understands, with this time. */
  async unclear(id: Identifier, forMs: number): Promise<number> {
    return this.noteMiss(`${this.partitions.tagOf(id)}unclear:${id}`, true, forMs);
  }

  /** Whether this receiver of the tenant gave too many wrong answers in a row to be believed (STD-06). */
  async isDisabled(tenantId: Identifier, receiver: Place, purpose: string): Promise<boolean> {
    const key = `${this.partitions.tag(receiver.partition)}lim:${receiver.ref}`;
    return (await this.scripts.run('judge-receiver', [key], [tenantId, purpose])) === 1;
  }

  /** True when it is to be answered. `told`: pairs for the journal. */
  async withdraw(
    { tenantId, operation, person }: Writing,
    entryId: Identifier,
    rememberMs: number,
    told: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const tag = this.partitions.tag(person.partition);
    const reply = await this.scripts.run(
      'withdraw-consent',
      [`${tag}stop:${tenantId}:${person.ref}`, `${tag}journal`],
      [this.clock.offsetMs, tenantId, entryId, operation, rememberMs, ...flatten(told)],
    );
    return reply === 1;
  }

  /** The person agreed anew: the next STOP is answered again. */
  async forgetStop({ tenantId, person }: Writing): Promise<void> {
    await this.redis.client.del(`${this.partitions.tag(person.partition)}stop:${tenantId}:${person.ref}`);
  }

  private async noteMiss(key: string, counted: boolean, forMs: number): Promise<number> {
    return Number(await this.scripts.run('note-miss', [key], [this.clock.offsetMs, counted ? 1 : 0, forMs]));
  }

  private async move<Verdict>(
    script: (typeof SCRIPTS)[number],
    id: Identifier,
    values: readonly (string | number)[],
  ): Promise<Moved<Verdict>> {
    const tag = this.partitions.tagOf(id);
    const [verdict, letter, why] = (await this.scripts.run(
      script,
      [`${tag}ch:${id}`, `${tag}journal`],
      [this.clock.offsetMs, ...values],
    )) as [Verdict, string, string];
    return { verdict, state: STATE_OF_LETTER[letter] ?? 'pending', why };
  }

  private askedKey({ tenantId, person }: Writing): string {
    return `${this.partitions.tag(person.partition)}asked:${tenantId}:${person.ref}`;
  }
}

function flatten(fields: Readonly<Record<string, string | number | undefined>>): (string | number)[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}
