import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Clock } from '#platform/clock';
import { Config } from '#platform/config';
import { Database } from '#platform/database';
import { describeError, loggerFor } from '#platform/logging';
import { chainName } from './audit-chain.js';
import { AuditCheckpointEntity } from './audit-event.entity.js';

const BATCH = 100;
const AGAIN_MS = 10_000;

/**
 * Writes checkpoints where whoever can write to the database cannot: to the log, and to a file for each chain in the
 * folder AUDIT_CHECKPOINTS. One that could not be written is written in a later round, or twice.
 */
@Injectable()
export class CheckpointCopies {
  private readonly logger = loggerFor('audit');

  private troubleUntil = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Trouble with the folder keeps no row from being chained: it is told, and tried again ten seconds later. */
  async copy(): Promise<void> {
    if (performance.now() < this.troubleUntil) return;
    try {
      await this.copyWaiting();
    } catch (error) {
      this.troubleUntil = performance.now() + AGAIN_MS;
      this.logger.error({ error: describeError(error) }, 'checkpoints not copied out of the database');
    }
  }

  private async copyWaiting(): Promise<void> {
    const waiting = await this.database
      .repository(AuditCheckpointEntity)
      .find({ where: { copiedAt: IsNull() }, order: { at: 'ASC', seq: 'ASC' }, take: BATCH });
    for (const row of waiting) await this.copyOne(row);
  }

  private async copyOne({
    chain,
    seq,
    hash,
    at,
    kid,
    publicKey,
    signature,
  }: AuditCheckpointEntity): Promise<void> {
    const name = chainName(chain);
    const told = { chain: name, seq, hash, at: at.toISOString(), kid, publicKey, signature };
    if (this.config.auditCheckpoints !== undefined) {
      const line = JSON.stringify({ type: 'checkpoint', ...told });
      await appendFile(join(this.config.auditCheckpoints, `${name}.jsonl`), `${line}\n`);
    }
    this.logger.info(told, 'audit.checkpoint');
    await this.database
      .repository(AuditCheckpointEntity)
      .update({ chain, seq }, { copiedAt: this.clock.date() });
  }
}
