import { Injectable } from '@nestjs/common';
import type { Principal } from '#tenants';
import { GeneratorsService, type PublishedGenerator } from '#generators';
import { AccountsService } from '#providers';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { RedisWatch } from '#platform/redis';
import { type Challenge, fromRecord, type Purpose } from './challenge.js';
import { AnswersService } from './answers.service.js';
import { ChallengeHistory } from './challenge-history.js';
import { readAnswer } from './code-text.js';
import { CodeVault } from './code-vault.js';
import { type Canceled, type CheckReply, HotStore, newOperation } from './hot-store/hot-store.js';
import type { OpenResult } from './opening.js';
import { endedProblem } from './opening-problems.js';
import { OpeningsService } from './openings.service.js';

export interface CheckInput {
  id: Identifier;
  code: string;
  /** When the caller names the generator in its path, the challenge must be of it. */
  generatorId?: Identifier;
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  /** Same operation, same answer: for retries that carry an Idempotency-Key. */
  operation?: string;
}

export type CheckResult = { checked: CheckReply } | { refused: Problem };

/** Everything one may do with a challenge that is there: check, cancel, read, send again. */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly openings: OpeningsService,
    private readonly answers: AnswersService,
    private readonly generators: GeneratorsService,
    private readonly accounts: AccountsService,
    private readonly history: ChallengeHistory,
    private readonly redisWatch: RedisWatch,
  ) {}

  /** Checks one answer. One round trip to Redis and nothing else, but for a right one under `strictApproval`. */
  async check({ tenantId }: Principal, input: CheckInput): Promise<CheckResult> {
    this.redisWatch.refuseAfterRollback();
    const answer = readAnswer(input.code);
    if (answer === undefined) return { refused: notACode() };
    const { plain, exact } = answer;
    const contextDigest = this.vault.contextDigest(tenantId, input.context);
    const checked = await this.answers.compare({
      id: input.id,
      tenantId,
      operation: input.operation ?? newOperation(),
      generatorId: input.generatorId,
      purpose: input.purpose,
      contextDigest,
      answerLength: plain?.length,
      exactLength: exact?.length,
      candidates: this.vault.candidates(tenantId, input.id, contextDigest, plain, exact),
    });
    if (plain === undefined && checked.verdict === 'format') return { refused: notACode() };
    return { checked };
  }

  async cancel(
    { tenantId }: Principal,
    id: Identifier,
    generatorId?: Identifier,
  ): Promise<{ canceled: Canceled } | { refused: Problem }> {
    const reply = await this.hotStore.cancel(id, tenantId, generatorId, 'by_caller');
    if (reply.outcome === 'unknown') return { refused: new Problem('challenge.not_found') };
    if (reply.outcome === 'ended') return { refused: endedProblem(reply.state, reply.why) };
    return { canceled: reply };
  }

  /** The challenge from Redis; from history when it has left there; undefined when there is none. */
  async find(
    { tenantId }: Principal,
    id: Identifier,
    generatorId?: Identifier,
  ): Promise<Challenge | undefined> {
    const record = await this.hotStore.read(id, tenantId, generatorId);
    if (record) return fromRecord(id, record);
    const past = await this.history.find(tenantId, id);
    return past && (generatorId === undefined || past.generatorId === generatorId) ? past : undefined;
  }

  /**
   * The challenge with its code, for whom that is allowed; without, for everyone else. Allowed are a test key on a
   * simulator account, and the scope codes:reveal on a generator that says so. Every disclosure is journalled.
   */
  async findDisclosing(
    caller: Principal,
    id: Identifier,
    generatorId?: Identifier,
  ): Promise<(Challenge & { code?: string }) | undefined> {
    const challenge = await this.find(caller, id, generatorId);
    if (challenge?.state !== 'pending' || !(await this.mayDisclose(caller, challenge))) return challenge;
    const record = await this.hotStore.read(id, caller.tenantId, generatorId, caller.keyId);
    if (!record) return challenge;
    const { sealedCode, ...now } = fromRecord(id, record);
    return { ...now, ...(sealedCode && { code: this.vault.openCode(caller.tenantId, id, sealedCode) }) };
  }

  /** Another message on the same challenge, to the receiver it was opened for or its `fallbackReceiver`. */
  async resend(
    caller: Principal,
    id: Identifier,
    input: { channel?: string; language?: string },
  ): Promise<OpenResult> {
    const record = await this.hotStore.read(id, caller.tenantId);
    if (!record) return { refused: new Problem('challenge.not_found') };
    const challenge = fromRecord(id, record);
    if (challenge.kind === 'inbound') return { refused: new Problem('challenge.other_kind') };
    if (challenge.state !== 'pending')
      return { refused: endedProblem(challenge.state, challenge.reason ?? '') };
    const generator = await this.versionOf(challenge);
    if (!generator) return { refused: new Problem('generator.not_found') };
    const { primary, fallback } = this.vault.openReceivers(caller.tenantId, id, record);
    return this.openings.resend(caller, id, generator, primary.address, {
      fallbackReceiver: fallback?.address,
      channel: input.channel,
      language: input.language ?? challenge.language,
      contextDigest: record.get('x') ?? '',
      purpose: challenge.purpose,
    });
  }

  /**
   * The receiver in clear; undefined while nobody has written to us, and when it was erased or kept long enough. For the service's own use: answers show
   * it masked, dialects as their contract says.
   */
  receiverOf({ tenantId, id, sealedReceiver }: Challenge): string | undefined {
    return sealedReceiver === '' ? undefined : this.vault.openReceiver(tenantId, id, sealedReceiver);
  }

  private async versionOf(challenge: Challenge): Promise<PublishedGenerator | undefined> {
    return this.generators.loadVersion(`${challenge.generatorId}:${challenge.generatorVersion}`);
  }

  private async mayDisclose(caller: Principal, challenge: Challenge): Promise<boolean> {
    const generator = await this.versionOf(challenge);
    // The address of a link is a key to the page, and a question has nothing to show.
    if (!generator || !['code', 'inbound'].includes(challenge.kind)) return false;
    if (generator.revealCode && caller.scopes.has('codes:reveal')) return true;
    if (caller.mode !== 'test' || challenge.mode !== 'test') return false;
    const accounts = await Promise.all(
      generator.plan.map(async (step) => this.accounts.load(step.accountId)),
    );
    return accounts.every((account) => account !== undefined && this.accounts.isSimulator(account));
  }
}

function notACode(): Problem {
  return Problem.field('code', 'code_format', 'code must be 4 to 15 visible ASCII characters');
}
