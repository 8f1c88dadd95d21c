// Owns /_sim/mailboxes: which addresses misbehave, and how.

import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { MailboxRules } from './mailbox-rules.js';

@Controller('_sim/mailboxes')
export class MailboxesController {
  constructor(private readonly rules: MailboxRules) {}

  @Get()
  list() {
    return { mailboxes: this.rules.list() };
  }

  @Put()
  put(@Body() body: unknown) {
    return this.rules.put(body);
  }

  @Delete()
  @HttpCode(204)
  clear(): void {
    this.rules.clear();
  }
}
