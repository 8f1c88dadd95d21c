// Owns the routes of a WABA's webhook subscription.

import { Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { type GraphParams, Params } from './graph-params.js';
import { WebhookSubscriptions } from './webhook-subscriptions.js';

@Controller(':version/:object/subscribed_apps')
@UseGuards(GraphGuard)
export class SubscriptionsController {
  constructor(private readonly subscriptions: WebhookSubscriptions) {}

  @Get()
  list(@Caller() caller: GraphCaller, @Param('object') id: string) {
    return { data: this.subscriptions.list(caller.account(id)) };
  }

  @Post()
  @HttpCode(200)
  async subscribe(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    await this.subscriptions.subscribe(caller.account(id), params);
    return { success: true };
  }

  @Delete()
  unsubscribe(@Caller() caller: GraphCaller, @Param('object') id: string) {
    this.subscriptions.unsubscribe(caller.account(id));
    return { success: true };
  }
}
