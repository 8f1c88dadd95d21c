import { Readable } from 'node:stream';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditLog, AuditSigner, type Author } from '#journal';
import { renderNative } from '#platform/identifiers';
import { DEFAULT_PAGE } from '#platform/validation';
import { By, Caller, type Principal, RequireScope } from '../principal.js';
import { AuditQuery, toAuditView } from './audit.dto.js';

@ApiTags('audit')
@ApiBearerAuth()
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly log: AuditLog,
    private readonly signer: AuditSigner,
  ) {}

  @Get()
  @RequireScope('audit:read')
  @ApiOperation({
    summary: 'List administrative changes, newest first',
    description: '`seq` and `hash` are given within a second of the change.',
  })
  async list(@Caller() { tenantId }: Principal, @Query() query: AuditQuery): Promise<object> {
    const { limit = DEFAULT_PAGE, since, until, ...filter } = query;
    const rows = await this.log.list(tenantId, { ...filter, ...readTimes({ since, until }), limit });
    return { items: rows.map(toAuditView) };
  }

  @Get('export')
  @RequireScope('audit:read')
  @ApiOperation({
    summary: 'Take the whole audit trail away',
    description:
      'Lines of JSON with hashes, checkpoints and public keys, which `npm run audit:verify` follows without a database. That it was taken is audited.',
  })
  async export(@Caller() { tenantId }: Principal, @By() by: Author): Promise<StreamableFile> {
    const name = `audit-${renderNative('tenant', tenantId)}.jsonl`;
    return new StreamableFile(Readable.from(await this.log.export(tenantId, by)), {
      type: 'application/x-ndjson',
      disposition: `attachment; filename="${name}"`,
    });
  }

  @Get('keys')
  @RequireScope('audit:read')
  @ApiOperation({
    summary: 'Read the public keys that checkpoints are signed with',
    description: 'Ed25519, 32 bytes in base64url. The first one signs; keep them where the database is not.',
  })
  keys(): object {
    return { items: this.signer.publicKeys };
  }
}

function readTimes({ since, until }: Pick<AuditQuery, 'since' | 'until'>): { since?: Date; until?: Date } {
  return {
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}
