import { Injectable } from '@nestjs/common';
import { constantTimeEqual, KeyRing, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import type { Reply } from './reply-words.js';

/** The message whose button it is. */
export interface AskedBy {
  tenantId: Identifier;
  /** Of ours: a payload heard by another sender is not believed. */
  senderId: Identifier;
  challengeId: Identifier;
  number: number;
}

export interface Pressed {
  challengeId: Identifier;
  number: number;
  answer: Reply['answer'];
}

const PAYLOAD = /^cs1\.([0-9a-z]{26})\.([1-9])\.(yes|no)\.([\w-]{22})$/;

/** What buttons of a question bring back: which question, which answer, and a MAC that nobody else can write. */
@Injectable()
export class AnswerPayloads {
  constructor(private readonly keyRing: KeyRing) {}

  write(asked: AskedBy, answer: Reply['answer']): string {
    const mac = shortDigest(this.keyRing.active('answer-mac').key, signed(asked, answer));
    return `cs1.${asked.challengeId}.${asked.number}.${answer}.${mac}`;
  }

  /** Undefined for whatever was not written here for this tenant and sender. */
  read(
    payload: string | undefined,
    { tenantId, senderId }: Pick<AskedBy, 'tenantId' | 'senderId'>,
  ): Pressed | undefined {
    const [, challengeId, digit, word, given] = PAYLOAD.exec(payload ?? '') ?? [];
    if (challengeId === undefined) return undefined;
    const [number, answer] = [Number(digit), word as Reply['answer']];
    const fields = signed({ tenantId, senderId, challengeId, number }, answer);
    const right = this.keyRing
      .all('answer-mac')
      .map(({ key }) => constantTimeEqual(shortDigest(key, fields), given!))
      .some(Boolean);
    return right ? { challengeId, number, answer } : undefined;
  }
}

function signed({ tenantId, senderId, challengeId, number }: AskedBy, answer: Reply['answer']): string[] {
  return ['answer', tenantId, senderId, challengeId, String(number), answer];
}
