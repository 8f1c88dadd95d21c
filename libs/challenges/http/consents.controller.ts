import { Readable } from 'node:stream';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audit, type Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Database } from '#platform/database';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { type Identifier, renderNative } from '#platform/identifiers';
import { maskReceiver } from '#platform/phone';
import { CodeVault } from '../code-vault.js';
import { type Consent, type ConsentFilter, ConsentRecords } from '../consents/consent-records.service.js';
import { readPerson } from '../inbound/person.js';
import { iso } from './challenge.view.js';
import { ExportConsentsDto, ListConsentsDto } from './consent.dto.js';
import { PageCursor } from './page-cursor.js';

const DEFAULT_PAGE = 25;
const EXPORT_PAGE = 500;

@ApiTags('consents')
@ApiBearerAuth()
@Controller('v1/consents')
export class ConsentsController {
  constructor(
    private readonly consents: ConsentRecords,
    private readonly vault: CodeVault,
    private readonly cursor: PageCursor,
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  @Get()
  @RequireScope('consents:read')
  @ApiOperation({
    summary: 'List consents, newest first',
    description:
      'Who agreed to which words by a challenge of kind inbound, and when they withdrew. From PostgreSQL: what happened in the last second may be missing.',
  })
  async list(@Caller() caller: Principal, @Query() query: ListConsentsDto): Promise<object> {
    const { tenantId } = caller;
    const limit = query.limit ?? DEFAULT_PAGE;
    const after = query.cursor === undefined ? undefined : this.cursor.parse(tenantId, query.cursor);
    if (query.cursor !== undefined && !after)
      throw new Problem('request.invalid_parameter', { errors: [{ pointer: 'cursor', code: 'format' }] });
    const found = await this.consents.list(tenantId, {
      ...this.filterOf(tenantId, query),
      limit: limit + 1,
      after,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((consent) => this.view(consent, maskReceiver)),
      nextCursor: found.length > limit && last ? this.cursor.render(tenantId, positionOf(last)) : undefined,
    };
  }

  @Get('export')
  @RequireScope('consents:export')
  @ApiOperation({
    summary: 'Export consents as proof, one JSON object a line',
    description: 'As the list, newest first, but all of them and with receivers in clear.',
  })
  async export(
    @Caller() { tenantId }: Principal,
    @Query() query: ExportConsentsDto,
    @Res() reply: FastifyReply,
    @By() by: Author,
  ): Promise<void> {
    const subject = renderNative('tenant', tenantId);
    await this.audit.record(this.database.manager, by, { tenantId, action: 'consents.exported', subject });
    const lines = Readable.from(this.lines(tenantId, this.filterOf(tenantId, query)));
    void reply
      .header('content-type', 'application/x-ndjson; charset=utf-8')
      .header('content-disposition', 'attachment; filename="consents.jsonl"')
      .send(lines);
  }

  private async *lines(tenantId: Identifier, filter: Omit<ConsentFilter, 'limit'>): AsyncGenerator<string> {
    let after: ConsentFilter['after'];
    do {
      const page = await this.consents.list(tenantId, { ...filter, limit: EXPORT_PAGE, after });
      for (const consent of page) yield `${JSON.stringify(this.view(consent, (receiver) => receiver))}\n`;
      const last = page.length === EXPORT_PAGE ? positionOf(page.at(-1)!) : undefined;
      after = last && { openedAt: new Date(last.openedAt), id: last.id };
    } while (after);
  }

  private filterOf(
    tenantId: Identifier,
    { receiver, since, until }: ExportConsentsDto,
  ): Omit<ConsentFilter, 'limit'> {
    const person = receiver === undefined ? undefined : readPerson(receiver);
    if (receiver !== undefined && !person)
      throw new Problem('request.invalid_parameter', {
        errors: [{ pointer: 'receiver', code: 'invalid_phone' }],
      });
    return {
      receiverRefs: person && this.vault.receiverRefs(tenantId, person.canonical),
      since: since === undefined ? undefined : new Date(since),
      until: until === undefined ? undefined : new Date(until),
    };
  }

  private view(consent: Consent, show: (receiver: string) => string): object {
    const receiver = this.receiverOf(consent);
    return {
      id: renderNative('challenge', consent.id),
      generator: renderNative('generator', consent.generatorId),
      generatorVersion: consent.generatorVersion,
      mode: consent.mode,
      receiver: receiver && show(receiver),
      channel: consent.channel,
      assurance: consent.assurance,
      messageId: consent.messageId,
      wording: consent.wording,
      wordingHash: consent.wordingHash,
      language: consent.language,
      givenAt: iso(consent.givenAt),
      withdrawnAt: consent.withdrawn && iso(consent.withdrawn.at),
      withdrawalMessageId: consent.withdrawn?.messageId,
    };
  }

  /** Undefined when it was erased, or the key that sealed it was taken out of the ring: the rest is still a proof. */
  private receiverOf({ tenantId, id, sealedReceiver }: Consent): string | undefined {
    if (sealedReceiver === '') return undefined;
    try {
      return this.vault.openReceiver(tenantId, id, sealedReceiver);
    } catch (error) {
      if (error instanceof RetiredKey) return undefined;
      throw error;
    }
  }
}

function positionOf({ givenAt, id }: Consent): { openedAt: number; id: Identifier } {
  return { openedAt: givenAt, id };
}
