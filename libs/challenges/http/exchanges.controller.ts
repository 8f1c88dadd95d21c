import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { operationOf } from '#platform/http-server';
import { parseNative } from '#platform/identifiers';
import { ChallengesService } from '../challenges.service.js';
import { InboundExchanges } from '../inbound/inbound-exchanges.service.js';
import { ExchangesService } from '../link/exchanges.service.js';
import { iso, toChallengeView } from './challenge.view.js';
import { IssueExchangeDto, RedeemExchangeDto } from './exchange.dto.js';
import { toExchangedView } from './inbound.view.js';

/** What an approval is worth to the backend of the browser that asked. */
@ApiTags('challenges')
@ApiBearerAuth()
@Controller('v1')
export class ExchangesController {
  constructor(
    private readonly exchanges: ExchangesService,
    private readonly inbound: InboundExchanges,
    private readonly challenges: ChallengesService,
  ) {}

  @Post('challenges/:id/exchange')
  @HttpCode(200)
  @RequireScope('challenges:check')
  @ApiOperation({
    summary: 'Fetch an approval with the secret of the browser that asked',
    description:
      'Of challenges that were opened with pkce. A link has one token, which lives for 60 seconds; POST /v1/exchanges takes it. Of the kind inbound: `pending` until the person has answered, then once, within 60 s, who it was.',
  })
  async issue(
    @Caller() caller: Principal,
    @Param('id') text: string,
    @Body() { codeVerifier }: IssueExchangeDto,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const id = parseNative('challenge', text);
    const challenge = id && (await this.challenges.find(caller, id));
    if (!challenge) throw new Problem('challenge.not_found');
    if (challenge.kind === 'inbound') {
      const operation = operationOf(request)?.toString('base64url', 0, 9);
      const result = await this.inbound.exchange(caller, id, codeVerifier, operation);
      if ('refused' in result) throw result.refused;
      return toExchangedView(result.exchanged);
    }
    const issued = await this.exchanges.issueTo(caller, id, codeVerifier, nameOf(request));
    if (issued instanceof Problem) throw issued;
    return { token: issued.token, expiresAt: iso(issued.expiresAt) };
  }

  @Post('exchanges')
  @HttpCode(200)
  @RequireScope('challenges:check')
  @ApiOperation({
    summary: 'Take an exchange token for the challenge that it stands for',
    description:
      'Once. A challenge that was opened with pkce wants the verifier. Log in the session that brings the token, and no other.',
  })
  async redeem(
    @Caller() caller: Principal,
    @Body() { token, codeVerifier }: RedeemExchangeDto,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const id = await this.exchanges.redeem(caller, token, codeVerifier, nameOf(request));
    const challenge = id && (await this.challenges.find(caller, id));
    if (!challenge) throw new Problem('exchange.not_accepted');
    return toChallengeView(challenge, this.challenges.receiverOf(challenge));
  }
}

function nameOf(request: FastifyRequest): string | undefined {
  return operationOf(request)?.toString('base64url');
}
