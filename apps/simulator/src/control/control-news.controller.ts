// Owns the news that Meta tells of an account, by order of a test: any webhook field with
// any value, in Meta's envelope and under Meta's signature like all others.

import { Body, Controller, HttpCode, NotFoundException, Post } from '@nestjs/common';
import { type Check, digits, object, ShapeError, text } from '../core/shape.js';
import { GraphAccounts } from '../graph/graph-accounts.js';
import { GraphWebhooks } from '../graph/graph-webhooks.js';
import { SimulatorConfig } from '../simulator.config.js';

interface News {
  /** The seeded account unless said. */
  wabaId?: string;
  field: string;
  value: Record<string, unknown>;
}

const anyObject: Check<Record<string, unknown>> = (value, path) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ShapeError(path, 'an object');
};

const readNews = object<News, 'field' | 'value'>(
  {
    wabaId: digits,
    field: text(/^[a-z_]{1,64}$/, 'a webhook field such as account_update'),
    value: anyObject,
  },
  'field',
  'value',
);

@Controller('_sim/graph/news')
export class ControlNewsController {
  constructor(
    private readonly accounts: GraphAccounts,
    private readonly webhooks: GraphWebhooks,
    private readonly config: SimulatorConfig,
  ) {}

  @Post()
  @HttpCode(202)
  tell(@Body() body: unknown): { told: true } {
    const { wabaId = this.config.wabaId, field, value } = readNews(body, '');
    const account = this.accounts.find(wabaId);
    if (!account) throw new NotFoundException('No such account');
    this.webhooks.tell(account, field, value);
    return { told: true };
  }
}
