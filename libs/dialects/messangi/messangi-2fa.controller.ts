import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ChallengesService, OpeningsService } from '#challenges';
import { type GeneratorEntity, GeneratorsService, makesCodes, type PublishedGenerator } from '#generators';
import type { Author } from '#journal';
import { TemplatesService } from '#templates';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Clock } from '#platform/clock';
import { Problem } from '#platform/errors';
import { operationOf, Sheddable } from '#platform/http-server';
import { type Identifier, parseUuid, renderUuid } from '#platform/identifiers';
import { type Envelope, envelope } from './envelope.js';
import {
  MessangiActionDto,
  SaveMessangiGeneratorDto,
  SendMessangiCodeDto,
  senderMember,
  toGeneratorData,
  toGeneratorInput,
  toStatusData,
} from './messangi-2fa.dto.js';
import { cancelRefusal, sendRefusal, verifyOutcome } from './outcomes.js';

@ApiTags('dialect: Messangi')
@ApiBearerAuth()
@Controller(['eyriesgate/v1/2fa', 'v1/2fa'])
export class Messangi2faController {
  constructor(
    private readonly generators: GeneratorsService,
    private readonly templates: TemplatesService,
    private readonly openings: OpeningsService,
    private readonly challenges: ChallengesService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('generators:write')
  @ApiOperation({ summary: 'Create a code generator' })
  async create(
    @Caller() caller: Principal,
    @By() by: Author,
    @Body() body: SaveMessangiGeneratorDto,
  ): Promise<Envelope> {
    const { generator, warnings } = await inTheirWords(body, () =>
      this.generators.create(caller.tenantId, toGeneratorInput(body), { strict: false }, by),
    );
    return envelope(
      this.clock.now(),
      await this.render(generator),
      warnings.length > 0 ? warnings.join('; ') : undefined,
    );
  }

  @Get()
  @RequireScope('generators:read')
  @ApiOperation({ summary: 'List code generators' })
  async list(@Caller() caller: Principal): Promise<Envelope> {
    const all = await this.generators.list(caller.tenantId);
    const found = all.filter(({ policy }) => makesCodes(policy));
    return envelope(this.clock.now(), await Promise.all(found.map((generator) => this.render(generator))));
  }

  @Get(':id')
  @RequireScope('generators:read')
  @ApiOperation({ summary: 'Read a code generator' })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<Envelope> {
    return envelope(
      this.clock.now(),
      await this.render(await this.generators.getByNumber(caller.tenantId, readNumber(id))),
    );
  }

  @Put(':id')
  @RequireScope('generators:write')
  @ApiOperation({
    summary: 'Change a code generator',
    description: 'Live codes keep the rules they were made under.',
  })
  async update(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: SaveMessangiGeneratorDto,
  ): Promise<Envelope> {
    const known = await this.generators.getByNumber(caller.tenantId, readNumber(id));
    const { generator, warnings } = await inTheirWords(body, () =>
      this.generators.update(caller.tenantId, known.id, toGeneratorInput(body), { strict: false }, by),
    );
    return envelope(
      this.clock.now(),
      await this.render(generator),
      warnings.length > 0 ? warnings.join('; ') : undefined,
    );
  }

  @Delete(':id')
  @RequireScope('generators:write')
  @ApiOperation({ summary: 'Delete a code generator' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<Envelope> {
    const known = await this.generators.getByNumber(caller.tenantId, readNumber(id));
    await this.generators.delete(caller.tenantId, known.id, by);
    return envelope(this.clock.now(), undefined, 'deleted generator');
  }

  @Post(':id/codes')
  @HttpCode(200)
  @Sheddable()
  @RequireScope('challenges:create')
  @ApiOperation({
    summary: 'Generate a code and send it',
    description: 'Each call returns a new requestId; one that was pending for the same receiver is canceled.',
  })
  async send(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: SendMessangiCodeDto,
    @Req() request: FastifyRequest,
  ): Promise<Envelope> {
    const generator = await this.load(caller, id);
    const channel = body.channel.toLowerCase();
    if (!generator.plan.some((step) => step.channel === channel)) {
      throw new Problem('channel.not_configured', {
        members: {
          status: 409,
          code: 'CHANNEL_MISMATCH',
          reason: 'The generator sends through another channel.',
        },
      });
    }
    const result = await this.openings.open(caller, {
      generator,
      receiver: body.receiver,
      channel,
      onLive: 'replace',
      operation: operationOf(request),
    });
    if ('refused' in result) throw sendRefusal(result.refused, this.clock.now());
    return envelope(this.clock.now(), { requestId: renderUuid(result.opened.id) });
  }

  @Patch(':id/codes')
  @Sheddable({ upTo: 2 })
  @RequireScope('challenges:check')
  @ApiOperation({ summary: 'status, verify or cancel a code' })
  async act(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: MessangiActionDto,
  ): Promise<Envelope> {
    const generatorId = await this.generators.idOf(caller.tenantId, readNumber(id));
    if (generatorId === undefined) throw new Problem('generator.not_found');
    const requestId = body.requestId ?? body.requestID;
    if (requestId === undefined) throw Problem.field('requestId', 'required', 'requestId is required');
    const challengeId = parseUuid(requestId);
    if (!challengeId) throw new Problem('challenge.not_found');
    if (body.action === 'verify') return this.verify(caller, generatorId, challengeId, body.code);
    if (body.action === 'cancel') return this.cancel(caller, generatorId, challengeId);
    return this.status(caller, generatorId, challengeId);
  }

  private async verify(
    caller: Principal,
    generatorId: Identifier,
    id: Identifier,
    code: string | undefined,
  ): Promise<Envelope> {
    if (code === undefined) throw Problem.field('code', 'required', 'code is required to verify');
    const result = await this.challenges.check(caller, { id, generatorId, code });
    const refusal = verifyOutcome(result, this.clock.now());
    if (refusal) throw refusal;
    return envelope(this.clock.now(), undefined, 'valid code');
  }

  private async cancel(caller: Principal, generatorId: Identifier, id: Identifier): Promise<Envelope> {
    const result = await this.challenges.cancel(caller, id, generatorId);
    const refusal = 'refused' in result ? cancelRefusal(result.refused) : undefined;
    if (refusal) throw refusal;
    return envelope(this.clock.now(), undefined, 'canceled code');
  }

  private async status(caller: Principal, generatorId: Identifier, id: Identifier): Promise<Envelope> {
    const challenge = await this.challenges.findDisclosing(caller, id, generatorId);
    if (!challenge) throw new Problem('challenge.not_found');
    return envelope(
      this.clock.now(),
      toStatusData(challenge, this.challenges.receiverOf(challenge) ?? '', challenge.code ?? null),
    );
  }

  private async load(caller: Principal, id: string): Promise<PublishedGenerator> {
    const generator = await this.generators.loadByNumber(caller.tenantId, readNumber(id));
    if (!generator) throw new Problem('generator.not_found');
    return generator;
  }

  private async render(generator: GeneratorEntity): Promise<object> {
    const { templateId } = generator.policy.plan[0]!;
    const template =
      templateId === undefined
        ? undefined
        : await this.templates.get(generator.tenantId, templateId).catch(() => undefined);
    return toGeneratorData(
      generator,
      (_id, language) =>
        (template || undefined)?.languages.find((entry) => entry.language === language)?.externalId ?? '',
    );
  }
}

/** A sender is named by another member in each type of channel. */
async function inTheirWords<T>({ channels }: SaveMessangiGeneratorDto, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const word = senderMember(channels[0]!);
    throw error.renamed((pointer) => pointer.replace(/^(#\/channels\/0)\/sender$/, `$1/${word}`));
  }
}

/** The integer in the path. Anything else names nothing. */
function readNumber(text: string): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (number === 0) throw new Problem('generator.not_found');
  return number;
}
