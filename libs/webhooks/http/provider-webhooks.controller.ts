import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#tenants';
import type { LoadedAccount, WebhookRequest } from '#providers';
import { Clock } from '#platform/clock';
import { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { parseNative } from '#platform/identifiers';
import { ReceiptsService } from '../receipts.service.js';

/** Where providers post receipts. Open to the network, so nothing is read before its signature is verified. */
@ApiExcludeController()
@Public()
@Controller('webhooks')
export class ProviderWebhooksController {
  constructor(
    private readonly receipts: ReceiptsService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

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
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<{ received: true }> {
    const account = await this.find(provider, accountText);
    const receipts = account.provider.receipts!;
    const posted: WebhookRequest = {
      url: this.config.http.publicUrl + request.url,
      headers: request.headers,
      query,
      rawBody: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
      receivedAt: this.clock.now(),
    };
    if (!receipts.verify(posted, account.config)) throw new Problem('webhook.invalid_signature');
    const said = receipts.parse(read(posted.rawBody, receipts.format), posted.query, account.config);
    await this.receipts.apply(account, said);
    return { received: true };
  }

  private async find(provider: string, text: string): Promise<LoadedAccount> {
    const id = parseNative('account', text);
    const account = id && (await this.receipts.account(provider, id));
    if (!account) throw new Problem('webhook.not_configured');
    return account;
  }
}

/** Signed but unreadable: told as malformed by the adapter, never as an error that would be retried for ever. */
function read(rawBody: Buffer, format: 'json' | 'form' = 'json'): unknown {
  const text = rawBody.toString('utf8');
  if (format === 'form') return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
