import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GeneratorsService } from '#generators';
import { EventOutbox, isEventType, type JournalEntry, type OutgoingEvent } from '#journal';
import { type Identifier, renderNative } from '#platform/identifiers';
import { maskReceiver } from '#platform/phone';
import type { Challenge } from './challenge.js';
import { ChallengeHistory } from './challenge-history.js';
import { channelOfLetter } from './channel-letters.js';
import { CodeVault } from './code-vault.js';

/** Where the generator of a challenge wants to hear of it. */
export interface Callback {
  generatorId: Identifier;
  url: string;
  /** Whose words it speaks; undefined for ours. */
  format?: string;
}

/** A challenge as it may be told: `receiver` is masked, and undefined once it was erased or its key is gone. */
export interface ToldChallenge {
  challenge: Challenge;
  receiver: string | undefined;
}

/** What tenants hear of challenges: each transition as an event, and what is known of the challenge beside it. */
@Injectable()
export class ChallengeEvents {
  constructor(
    private readonly history: ChallengeHistory,
    private readonly generators: GeneratorsService,
    private readonly vault: CodeVault,
    private readonly outbox: EventOutbox,
  ) {}

  /** A projection of the journal. A type that the catalogue lacks is of another build, and is nobody's to tell. */
  async apply(entries: readonly JournalEntry[], manager: EntityManager): Promise<void> {
    await this.outbox.put(entries.flatMap(toOutgoing), manager);
  }

  async callbacksOf(
    ids: readonly Identifier[],
    manager: EntityManager,
  ): Promise<ReadonlyMap<Identifier, Callback>> {
    const callbacks = new Map<Identifier, Callback>();
    if (ids.length === 0) return callbacks;
    const versions = new Map<string, Callback | undefined>();
    for (const [id, version] of await this.history.generatorsOf(ids, manager)) {
      if (!versions.has(version)) versions.set(version, await this.callbackOf(version));
      const callback = versions.get(version);
      if (callback) callbacks.set(id, callback);
    }
    return callbacks;
  }

  async describe(ids: readonly Identifier[]): Promise<ReadonlyMap<Identifier, ToldChallenge>> {
    const found = await this.history.findMany([...new Set(ids)]);
    return new Map(
      found.map((challenge) => [challenge.id, { challenge, receiver: this.maskedReceiver(challenge) }]),
    );
  }

  private async callbackOf(version: string): Promise<Callback | undefined> {
    const generator = await this.generators.loadVersion(version);
    if (generator?.callbackUrl === undefined) return undefined;
    const { id: generatorId, callbackUrl: url, callbackFormat: format } = generator;
    return { generatorId, url, format };
  }

  private maskedReceiver({ tenantId, id, sealedReceiver }: Challenge): string | undefined {
    try {
      return maskReceiver(this.vault.openReceiver(tenantId, id, sealedReceiver));
    } catch {
      return undefined;
    }
  }
}

function toOutgoing({
  eventId,
  type,
  tenantId,
  challengeId,
  sequence,
  occurredAt,
  data,
}: JournalEntry): OutgoingEvent[] {
  if (!isEventType(type)) return [];
  const subject = renderNative('challenge', challengeId);
  const told = toData(subject, sequence, data);
  return [{ id: `evt_${eventId}`, type, tenantId, subject, challengeId, at: occurredAt, data: told }];
}

/** By their names of `event-catalogue.ts`. What is not named here stays inside: references, sealed values. */
function toData(
  challenge: string,
  sequence: number,
  { m, ch, ac, try: attempt, fl, pid, rt, fo, f, e, was, by, why }: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const told: Record<string, unknown> = { challenge, sequence };
  if (m) told['message'] = Number(m);
  if (ch) told['channel'] = channelOfLetter(ch);
  if (ac) told['account'] = renderNative('account', ac);
  if (attempt) told['attempt'] = Number(attempt);
  if (fl?.includes('d')) told['duplicatePossible'] = true;
  if (pid) told['providerMessageId'] = pid;
  if (rt) told['route'] = rt;
  if (fo) told['follows'] = Number(fo);
  if (f) told['failures'] = Number(f);
  if (e) told['expiresAt'] = new Date(Number(e)).toISOString();
  if (was) told['replaces'] = renderNative('challenge', was);
  if (by) told['disclosedTo'] = renderNative('key', by);
  if (why) told['reason'] = why;
  return told;
}
