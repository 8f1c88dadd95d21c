import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type EntityManager, IsNull, LessThanOrEqual } from 'typeorm';
import { Clock, Rounds } from '#platform/clock';
import { Database } from '#platform/database';
import { describeError, loggerFor } from '#platform/logging';
import { type Chain, GENESIS, linkHash } from './audit-chain.js';
import { AuditChainEntity, AuditCheckpointEntity, AuditEventEntity } from './audit-event.entity.js';
import { toChained } from './audit-row.js';
import { AuditSigner } from './audit-signer.js';
import { CheckpointCopies } from './checkpoint-copies.js';

/** One number for all processes: only one of them gives numbers at a time. */
const SEQUENCER_LOCK = 7_205_760;
const BATCH = 500;
const BUSY_MS = 100;
const IDLE_MS = 500;
const TROUBLE_MS = 2_000;
/** A checkpoint is made after so many rows, or after so long with a row that none vouches for (SEC-20). */
const CHECKPOINT_ROWS = 1_000;
const CHECKPOINT_MS = 10 * 60_000;

/**
 * Numbers the rows of each chain and links them. Rows are inserted by any process in any order; that they are chained
 * by one alone, afterwards, keeps the transactions that insert them from waiting for each other.
 */
@Injectable()
export class AuditSequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('audit');
  private readonly rounds = new Rounds(() => this.runOnce());

  constructor(
    private readonly database: Database,
    private readonly signer: AuditSigner,
    private readonly copies: CheckpointCopies,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(IDLE_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** One round. Returns how many rows were chained; none while another worker is at it. */
  async run(): Promise<number> {
    const chained = await this.database.transaction(async (manager) => {
      const [lock]: { free: boolean }[] = await manager.query(
        'SELECT pg_try_advisory_xact_lock($1) AS free',
        [SEQUENCER_LOCK],
      );
      if (!lock!.free) return 0;
      const waiting = await manager.find(AuditEventEntity, {
        where: { seq: IsNull() },
        order: { id: 'ASC' },
        take: BATCH,
      });
      for (const chain of new Set(waiting.map((row) => row.chain))) {
        const rows = waiting.filter((row) => row.chain === chain);
        await this.extend(manager, chain, rows);
      }
      await this.signOpen(manager);
      return waiting.length;
    });
    await this.copies.copy();
    return chained;
  }

  private async extend(
    manager: EntityManager,
    chain: Chain,
    rows: readonly AuditEventEntity[],
  ): Promise<void> {
    const head = (await manager.findOneBy(AuditChainEntity, { chain })) ?? newChain(chain);
    const links = rows.map(({ id }, at) => ({ id, seq: head.seq + at + 1, hash: '' }));
    for (const [at, row] of rows.entries()) {
      const { seq } = links[at]!;
      head.hash = links[at]!.hash = linkHash(head.hash, toChained({ ...row, seq }));
      head.seq = seq;
      head.openSince ??= this.clock.date();
      if (seq - head.checkpointSeq >= CHECKPOINT_ROWS) await this.signHead(manager, head);
    }
    await manager.query(
      `UPDATE audit_events e SET seq = t.seq, hash = t.hash
       FROM unnest($1::bigint[], $2::int[], $3::text[]) AS t (id, seq, hash) WHERE e.id = t.id`,
      [links.map(({ id }) => id), links.map(({ seq }) => seq), links.map(({ hash }) => hash)],
    );
    await manager.save(AuditChainEntity, head);
  }

  /** Chains whose newest rows have waited long enough for somebody to vouch for them. */
  private async signOpen(manager: EntityManager): Promise<void> {
    const longAgo = new Date(this.clock.now() - CHECKPOINT_MS);
    for (const head of await manager.findBy(AuditChainEntity, { openSince: LessThanOrEqual(longAgo) })) {
      await this.signHead(manager, head);
      await manager.save(AuditChainEntity, head);
    }
  }

  private async signHead(manager: EntityManager, head: AuditChainEntity): Promise<void> {
    const { chain, seq, hash } = head;
    const { kid, publicKey, signature, at } = this.signer.sign('checkpoint', chain, head);
    const row = { chain, seq, hash, at: new Date(at), kid, publicKey, signature };
    await manager.insert(AuditCheckpointEntity, row);
    head.checkpointSeq = seq;
    head.openSince = null;
  }

  private async runOnce(): Promise<number> {
    try {
      return (await this.run()) > 0 ? BUSY_MS : IDLE_MS;
    } catch (error) {
      this.logger.warn({ error: describeError(error) }, 'audit rows not chained; they wait');
      return TROUBLE_MS;
    }
  }
}

function newChain(chain: Chain): AuditChainEntity {
  return Object.assign(new AuditChainEntity(), {
    chain,
    seq: 0,
    hash: GENESIS,
    checkpointSeq: 0,
    openSince: null,
  });
}
