// Owns the routes of a WABA's phone numbers and of their registration.

import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { pageOf } from './graph-paging.js';
import { type GraphParams, Params } from './graph-params.js';
import { SenderRegistration } from './sender-registration.js';
import { senderView } from './sender-view.js';

const SUCCESS = { success: true };

@Controller(':version/:object')
@UseGuards(GraphGuard)
export class SendersController {
  constructor(private readonly registration: SenderRegistration) {}

  @Get('phone_numbers')
  list(
    @Caller() caller: GraphCaller,
    @Param('object') id: string,
    @Params() params: GraphParams,
    @Req() request: FastifyRequest,
  ) {
    const url = `${request.protocol}://${request.host}${request.url}`;
    const { items, paging } = pageOf(caller.account(id).phoneNumbers, params, url);
    const data = items.map((sender) => senderView(sender, params));
    return paging ? { data, paging } : { data };
  }

  @Post('register')
  @HttpCode(200)
  register(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    this.registration.register(caller.sender(id).sender, params);
    return SUCCESS;
  }

  @Post('deregister')
  @HttpCode(200)
  deregister(@Caller() caller: GraphCaller, @Param('object') id: string) {
    this.registration.deregister(caller.sender(id).sender);
    return SUCCESS;
  }

  @Post('request_code')
  @HttpCode(200)
  requestCode(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    this.registration.requestCode(caller.sender(id).sender, params);
    return SUCCESS;
  }

  @Post('verify_code')
  @HttpCode(200)
  verifyCode(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    this.registration.verifyCode(caller.sender(id).sender, params);
    return { ...SUCCESS, id };
  }
}
