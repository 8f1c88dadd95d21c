// Owns /_sim: the simulator's own log, its accounts and its switches. JSON in and
// out, without authentication, because the process is a tool on one's own machine.

import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { MAGIC_NUMBERS } from '../core/magic-numbers.js';
import { MessageLog } from '../core/message-log.js';
import { WebhookCourier } from '../core/webhook-courier.js';
import { readAccountSpec, readMessageQuery } from './control-requests.js';
import { accountView, messageView } from './control-views.js';
import { GraphAccounts } from '../graph/graph-accounts.js';

@Controller('_sim')
export class ControlController {
  constructor(
    private readonly log: MessageLog,
    private readonly accounts: GraphAccounts,
    private readonly behavior: BehaviorSwitch,
    private readonly courier: WebhookCourier,
  ) {}

  @Get('health')
  health() {
    return { status: 'ok', messages: this.log.size, lastSeq: this.log.lastSeq, webhooks: this.courier.stats };
  }

  @Get('accounts')
  listAccounts() {
    return { accounts: this.accounts.list().map(accountView) };
  }

  @Put('accounts')
  putAccount(@Body() body: unknown) {
    return accountView(this.accounts.upsert(readAccountSpec(body)));
  }

  @Get('messages')
  listMessages(@Query() query: Record<string, unknown>) {
    return { messages: this.log.query(readMessageQuery(query)).map(messageView), lastSeq: this.log.lastSeq };
  }

  @Delete('messages')
  @HttpCode(204)
  clearMessages(): void {
    this.log.clear();
  }

  @Get('behavior')
  readBehavior() {
    return this.behavior.current;
  }

  @Put('behavior')
  putBehavior(@Body() body: unknown) {
    return this.behavior.put(body);
  }

  @Post('behavior/reset')
  @HttpCode(200)
  resetBehavior() {
    return this.behavior.reset();
  }

  @Get('magic-numbers')
  magicNumbers() {
    return { magicNumbers: MAGIC_NUMBERS.map(({ number, effect }) => ({ number, effect })) };
  }
}
