import { Injectable } from '@nestjs/common';
import { Between, MoreThanOrEqual } from 'typeorm';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Author, Audit } from './audit.js';
import { type Chain, chainName, EXPORT_FORMAT, GENESIS, PLATFORM_CHAIN } from './audit-chain.js';
import { AuditChainEntity, AuditCheckpointEntity, AuditEventEntity } from './audit-event.entity.js';
import { toChained } from './audit-row.js';
import { AuditSigner } from './audit-signer.js';

export interface AuditFilter {
  action?: string;
  subject?: string;
  actor?: string;
  since?: Date;
  until?: Date;
  limit: number;
  /** The id of the last one of the page before. */
  before?: string;
}

const PAGE = 500;

/** Reads the audit trail: pages of it for a look, a whole chain to take away. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly signer: AuditSigner,
    private readonly clock: Clock,
  ) {}

  /** Newest first. What was written in the last second may have no number yet. */
  list(chain: Chain, filter: AuditFilter): Promise<AuditEventEntity[]> {
    const query = this.database
      .repository(AuditEventEntity)
      .createQueryBuilder('event')
      .where('event.chain = :chain', { chain })
      .orderBy('event.id', 'DESC')
      .limit(filter.limit);
    for (const name of ['action', 'subject', 'actor'] as const)
      if (filter[name] !== undefined) query.andWhere(`event.${name} = :${name}`, { [name]: filter[name] });
    if (filter.since) query.andWhere('event.at >= :since', { since: filter.since });
    if (filter.until) query.andWhere('event.at < :until', { until: filter.until });
    if (filter.before !== undefined) query.andWhere('event.id < :before', { before: filter.before });
    return query.getMany();
  }

  /**
   * The chain as lines of JSON: a head, rows and checkpoints in order, a signed end. That it was taken is audited
   * (SEC-19), as it is when somebody `checked` it here; that row is in the next one.
   */
  async export(
    chain: Chain,
    by: Author,
    action: 'audit.exported' | 'audit.checked' = 'audit.exported',
  ): Promise<AsyncGenerator<string>> {
    await this.database.transaction(async (manager) => {
      const tenantId = chain === PLATFORM_CHAIN ? null : chain;
      await this.audit.record(manager, by, { tenantId, action, subject: chainName(chain) });
    });
    return this.lines(chain);
  }

  private async *lines(chain: Chain): AsyncGenerator<string> {
    const { manager } = this.database;
    // In this order: the chain grows meanwhile, and a checkpoint beyond the head that was read would look like a loss.
    const signed = await manager.find(AuditCheckpointEntity, { where: { chain }, order: { seq: 'ASC' } });
    const head = await manager.findOneBy(AuditChainEntity, { chain });
    const first = await manager.findOne(AuditEventEntity, {
      where: { chain, seq: MoreThanOrEqual(1) },
      order: { seq: 'ASC' },
    });
    const last = head?.seq ?? 0;
    const start = first?.seq ?? last + 1;
    // The last one before the first row vouches for what is kept no longer.
    const before = signed.filter(({ seq }) => seq < start).slice(-1);
    const checkpoints = signed.filter(({ seq }) => seq >= start);
    yield line({
      type: 'export',
      format: EXPORT_FORMAT,
      chain: chainName(chain),
      at: this.clock.date().toISOString(),
      keys: this.keysOf([...before, ...checkpoints]),
    });
    yield* inOrder([], before);
    for (let from = start; from <= last; from += PAGE) {
      const rows = await manager.find(AuditEventEntity, {
        where: { chain, seq: Between(from, Math.min(from + PAGE - 1, last)) },
        order: { seq: 'ASC' },
      });
      const due = checkpoints.filter(({ seq }) => seq >= from && seq < from + PAGE);
      yield* inOrder(rows, due);
    }
    // One that vouches for rows that are gone: whoever reads the export has to see it.
    yield* inOrder(
      [],
      checkpoints.filter(({ seq }) => seq > last),
    );
    const { publicKey: _known, ...end } = this.signer.sign('end', chain, {
      seq: last,
      hash: head?.hash ?? GENESIS,
    });
    yield line(end);
  }

  /** Those that vouched once and have left the ring, too. */
  private keysOf(checkpoints: readonly AuditCheckpointEntity[]): { kid: string; publicKey: string }[] {
    const keys = [...this.signer.publicKeys, ...checkpoints];
    return [...new Map(keys.map(({ kid, publicKey }) => [publicKey, { kid, publicKey }])).values()];
  }
}

/** A row before the checkpoint that vouches for it. */
function inOrder(rows: readonly AuditEventEntity[], checkpoints: readonly AuditCheckpointEntity[]): string[] {
  const lines = [
    ...rows.map((row) => ({ seq: row.seq!, text: rowLine(row) })),
    ...checkpoints.map((row) => ({ seq: row.seq, text: checkpointLine(row) })),
  ];
  return lines.sort((left, right) => left.seq - right.seq).map(({ text }) => text);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function rowLine(row: AuditEventEntity): string {
  return line({ type: 'event', ...toChained({ ...row, seq: row.seq! }), hash: row.hash });
}

function checkpointLine({ chain, seq, hash, at, kid, signature }: AuditCheckpointEntity): string {
  return line({
    type: 'checkpoint',
    chain: chainName(chain),
    seq,
    hash,
    at: at.toISOString(),
    kid,
    signature,
  });
}
