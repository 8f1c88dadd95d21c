import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GeneratorsService } from '#generators';
import { type AuthenticatedRequest, Caller, callerOf, type Principal, RequireScope } from '#tenants';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { operationOf, Sheddable } from '#platform/http-server';
import { type Identifier, parseNative } from '#platform/identifiers';
import { EmptyDto, validBody } from '#platform/validation';
import { parseAddress } from '../addresses.js';
import { ChallengeHistory } from '../challenge-history.js';
import { ChallengesService } from '../challenges.service.js';
import { CodeVault } from '../code-vault.js';
import type { OpenResult } from '../opening.js';
import { endedProblem } from '../opening-problems.js';
import { OpeningsService } from '../openings.service.js';
import { CheckChallengeDto, ListChallengesDto, OpenChallengeDto, ResendDto } from './challenge.dto.js';
import {
  alikeDetail,
  type CanceledView,
  type OpenedView,
  toCanceledView,
  toChallengeView,
  toCheckedView,
  toOpenedView,
  toTransitionView,
} from './challenge.view.js';
import { InboundOpener, refuseFieldsOf } from './inbound-opener.js';
import { PageCursor } from './page-cursor.js';

const DEFAULT_PAGE = 25;
const MALFORMED_RETRY_SECONDS = 60;

/**
 * The two hot routes take parameters and body from the request and answer themselves: Nest runs the pipes, and half a
 * dozen promises, for each decorated parameter, and looks at each result in case it is a stream.
 */
type HotRequest = FastifyRequest<{ Params: { id: string } }> & AuthenticatedRequest;

@ApiTags('challenges')
@ApiBearerAuth()
@Controller('v1/challenges')
export class ChallengesController {
  constructor(
    private readonly openings: OpeningsService,
    private readonly challenges: ChallengesService,
    private readonly generators: GeneratorsService,
    private readonly history: ChallengeHistory,
    private readonly vault: CodeVault,
    private readonly cursor: PageCursor,
    private readonly inbound: InboundOpener,
  ) {}

  @Post()
  @Sheddable()
  @RequireScope('challenges:create')
  @ApiOperation({
    summary: 'Open a challenge and send its message',
    description:
      'Answers as soon as the message is safely queued. Of a generator of kind inbound nothing is sent: the answer holds the code that the person sends to us, with links and a QR code that open the chat. Send an Idempotency-Key and repeat at will.',
  })
  @ApiBody({ type: OpenChallengeDto })
  @ApiResponse({ status: 201, description: 'Opened; the message is on its way.' })
  async open(@Req() request: HotRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    const body = validBody(OpenChallengeDto, request.body);
    const generatorId = parseNative('generator', body.generator);
    const generator = generatorId && (await this.generators.load(caller.tenantId, generatorId));
    if (!generator) throw new Problem('generator.not_found');
    const unfit = refuseFieldsOf(generator.kind, body);
    if (unfit) throw unfit;
    const operation = operationOf(request);
    if (generator.kind === 'inbound')
      return void reply.send(await this.inbound.open(caller, generator, body, operation));
    const { fallbackReceiver, channel, language, purpose, context, values, metadata } = body;
    const { code, replaces, provenBy, endUser, returnUrl, pkce } = body;
    const onLive = body.onLive ?? (generator.kind === 'link' ? 'replace' : 'resend');
    const result = await this.openings.open(caller, {
      generator,
      receiver: body.receiver!,
      fallbackReceiver,
      channel,
      language,
      purpose,
      context,
      values,
      metadata,
      code,
      replaces,
      provenBy,
      endUser,
      returnUrl,
      pkce: pkce?.challenge,
      onLive,
      operation,
    });
    void reply.send(toOpened(result, reply));
  }

  @Get()
  @RequireScope('challenges:read')
  @ApiOperation({
    summary: 'List challenges, newest first',
    description: 'From PostgreSQL: what happened in the last second may be missing.',
  })
  async list(@Caller() caller: Principal, @Query() query: ListChallengesDto): Promise<object> {
    const limit = query.limit ?? DEFAULT_PAGE;
    const after = query.cursor === undefined ? undefined : this.cursor.parse(caller.tenantId, query.cursor);
    if (query.cursor !== undefined && !after)
      throw new Problem('request.invalid_parameter', { errors: [{ pointer: 'cursor', code: 'format' }] });
    const found = await this.history.list(caller.tenantId, {
      receiverRefs: query.receiver === undefined ? undefined : this.refsOf(caller, query.receiver),
      state: query.status,
      since: query.since === undefined ? undefined : new Date(query.since),
      until: query.until === undefined ? undefined : new Date(query.until),
      limit: limit + 1,
      after,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((challenge) => toChallengeView(challenge, this.challenges.receiverOf(challenge))),
      nextCursor: found.length > limit && last ? this.cursor.render(caller.tenantId, last) : undefined,
    };
  }

  @Get(':id')
  @RequireScope('challenges:read')
  @ApiOperation({
    summary: 'Read a challenge with its messages',
    description: 'Never shows the code; the receiver is masked.',
  })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    const challenge = await this.challenges.find(caller, readId(id));
    if (!challenge) throw new Problem('challenge.not_found');
    return toChallengeView(challenge, this.challenges.receiverOf(challenge));
  }

  @Get(':id/timeline')
  @RequireScope('challenges:read')
  @ApiOperation({
    summary: 'Read everything that happened to a challenge, in order',
    description:
      'Every try, receipt, refusal and disclosure, without the code. From PostgreSQL: what happened in the last second may be missing.',
  })
  async timeline(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    const transitions = await this.history.timeline(caller.tenantId, readId(id));
    if (transitions.length === 0) throw new Problem('challenge.not_found');
    return { items: transitions.map(toTransitionView) };
  }

  @Get(':id/code')
  @RequireScope('challenges:read')
  @ApiOperation({
    summary: 'Read the code of a pending challenge, where that is allowed',
    description:
      'Allowed for test keys on simulator accounts, and for keys with the scope codes:reveal on generators with revealCode. Each disclosure is journalled.',
  })
  async code(@Caller() caller: Principal, @Param('id') id: string): Promise<{ code: string }> {
    const challenge = await this.challenges.findDisclosing(caller, readId(id));
    if (!challenge) throw new Problem('challenge.not_found');
    if (challenge.state !== 'pending') throw endedProblem(challenge.state, challenge.reason ?? '');
    if (challenge.code === undefined) throw new Problem('challenge.code_not_disclosed');
    return { code: challenge.code };
  }

  @Post(':id/check')
  @HttpCode(200)
  @Sheddable({ upTo: 2 })
  @RequireScope('challenges:check')
  @ApiOperation({
    summary: 'Check an answer',
    description:
      'A wrong code is an answer, not a failure: 200 with valid false. An ended challenge is 409 with its true state.',
  })
  @ApiParam({ name: 'id' })
  @ApiBody({ type: CheckChallengeDto })
  async check(@Req() request: HotRequest, @Res() reply: FastifyReply): Promise<void> {
    const { code, purpose, context } = validBody(CheckChallengeDto, request.body);
    const operation = operationOf(request)?.toString('base64url', 0, 9);
    const id = readId(request.params.id);
    const result = await this.challenges.check(callerOf(request), { id, code, purpose, context, operation });
    if ('refused' in result) throw result.refused;
    const { checked } = result;
    switch (checked.verdict) {
      case 'unknown':
        throw new Problem('challenge.not_found');
      case 'ended':
      case 'context':
        throw endedProblem(checked.state, checked.why, undefined, alikeDetail(checked));
      case 'kind':
        throw new Problem('challenge.other_kind');
      case 'format':
        throw new Problem('challenge.code_format', {
          detail: alikeDetail(checked),
          errors: [{ pointer: '#/code', code: 'code_format' }],
        });
      case 'disabled':
        throw new Problem('receiver.disabled');
      case 'format_limit':
        throw new Problem('limit.check', { retryAfterSeconds: MALFORMED_RETRY_SECONDS });
      case 'retired':
        throw new Problem('challenge.key_retired', { cause: new RetiredKey(checked.why) });
      default:
        void reply.send(toCheckedView(checked));
    }
  }

  @Post(':id/resend')
  @HttpCode(200)
  @Sheddable()
  @RequireScope('challenges:create')
  @ApiOperation({
    summary: 'Send another message for the same challenge',
    description: 'Keeps failures and lifetime. 429 with Retry-After inside the cool-down.',
  })
  async resend(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: ResendDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpenedView> {
    return toOpened(await this.challenges.resend(caller, readId(id), body), reply);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('challenges:cancel')
  @ApiOperation({
    summary: 'Cancel a pending challenge',
    description: 'Cancelling twice is the same answer.',
  })
  async cancel(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<CanceledView> {
    const result = await this.challenges.cancel(caller, readId(id));
    if ('refused' in result) throw result.refused;
    return toCanceledView(result.canceled);
  }

  private refsOf(caller: Principal, receiver: string): string[] {
    const to = parseAddress(receiver);
    if (typeof to === 'string')
      throw new Problem('request.invalid_parameter', { errors: [{ pointer: 'receiver', code: to }] });
    return this.vault.receiverRefs(caller.tenantId, to.canonical);
  }
}

function toOpened(result: OpenResult, reply: FastifyReply): OpenedView {
  if ('refused' in result) throw result.refused;
  if (result.opened.rateLimit) void reply.headers(result.opened.rateLimit);
  return toOpenedView(result.opened);
}

function readId(text: string): Identifier {
  const id = parseNative('challenge', text);
  if (!id) throw new Problem('challenge.not_found');
  return id;
}
