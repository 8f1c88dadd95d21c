import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { type ChallengeState, STATE_OF_LETTER } from '../challenge-state.js';

const SCRIPTS = ['note-question', 'answer-question'] as const;

export const ANSWERED_BY = ['button', 'quote', 'text'] as const;
/** How a person's answer named its question: by a button under it, by quoting it, or by its words alone. */
export type AnsweredBy = (typeof ANSWERED_BY)[number];

export interface SaidToQuestion {
  challengeId: Identifier;
  tenantId: Identifier;
  /** Names the person's message: what it says counts once. */
  operation: string;
  said: 'yes' | 'no' | 'unclear' | 'distrust';
  by: AnsweredBy;
  /** The message of ours that was answered. */
  number: number;
  /** Of what is unclear. */
  why?: string;
  askAgain: number;
}

export interface AnswerReply {
  verdict: 'approved' | 'denied' | 'approving' | 'unclear' | 'untrusted' | 'ended' | 'repeated' | 'unknown';
  state: ChallengeState;
  /** Whether what was not understood is to be asked again. */
  again: boolean;
}

/** The questions of kind `confirm` in Redis, beside what every challenge has there: see `HotStore`. */
@Injectable()
export class QuestionStore {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, SCRIPTS);
  }

  /** Keeps the digest of what a message shows. False when the message is in other hands: it must not be sent. */
  async noteShown(challengeId: Identifier, number: number, token: string, digest: string): Promise<boolean> {
    const tag = this.partitions.tagOf(challengeId);
    const noted = await this.scripts.run(
      'note-question',
      [`${tag}ch:${challengeId}`, `${tag}journal`],
      [this.clock.offsetMs, number, token, digest],
    );
    return noted === 1;
  }

  async answer(said: SaidToQuestion): Promise<AnswerReply> {
    const tag = this.partitions.tagOf(said.challengeId);
    const [verdict, state, again] = (await this.scripts.run(
      'answer-question',
      [`${tag}ch:${said.challengeId}`, `${tag}exp`, `${tag}journal`],
      [
        this.clock.offsetMs,
        said.operation,
        said.tenantId,
        said.said,
        said.by,
        said.number,
        said.why ?? '',
        said.askAgain,
      ],
    )) as [AnswerReply['verdict'], string, string];
    return { verdict, state: STATE_OF_LETTER[state] ?? 'pending', again: again === '1' };
  }

  /** The questions that a receiver was asked of late, in any order. */
  async asked(tenantId: Identifier, receiver: { partition: number; ref: string }): Promise<Identifier[]> {
    const tag = this.partitions.tag(receiver.partition);
    return this.redis.client.hvals(`${tag}alert:${tenantId}:${receiver.ref}`);
  }
}
