import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#tenants';
import type { LoadedAccount } from '#providers';
import { Problem } from '#platform/errors';
import { parseNative } from '#platform/identifiers';
import { ReceiptsService } from '../receipts.service.js';

/** Where providers post receipts. Open to the network, so nothing is read before its signature is verified. */
@ApiExcludeController()
@Public()
@Controller('webhooks')
export class ProviderWebhooksController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Get(':provider/:account')
  @Header('content-type', 'text/plain; charset=utf-8')
  async handshake(
    @Param('provider') provider: string,
    @Param('account') accountText: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const account = await this.find(provider, accountText);
    const challenge = account.provider.receipts?.handshake?.(query, account.config);
    if (challenge === undefined) throw new Problem('webhook.invalid_verify_token');
    void reply.header('x-content-type-options', 'nosniff');
    return challenge;
  }

  @Post(':provider/:account')
  @HttpCode(200)
  async receive(
    @Param('provider') provider: string,
    @Param('account') accountText: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ received: true }> {
    const account = await this.find(provider, accountText);
    const receipts = account.provider.receipts!;
    const rawBody = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const genuine = receipts.verify(
      { headers: request.headers, query: request.query as Record<string, unknown>, rawBody },
      account.config,
    );
    if (!genuine) throw new Problem('webhook.invalid_signature');
    await this.receipts.apply(account, receipts.parse(parse(rawBody)));
    return { received: true };
  }

  private async find(provider: string, text: string): Promise<LoadedAccount> {
    const id = parseNative('account', text);
    const account = id && (await this.receipts.account(provider, id));
    if (!account) throw new Problem('webhook.not_configured');
    return account;
  }
}

/** Signed but not JSON: told as malformed by the adapter, never as an error that would be retried for ever. */
function parse(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
