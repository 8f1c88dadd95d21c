// Owns /v1/configs/webhook: where a number's news go, and the headers that go with them.
// No handshake: what is set is believed. Everything else under /dialog360 is blocked.

import { All, Body, Controller, Get, HttpCode, Post, UseFilters, UseGuards } from '@nestjs/common';
import { isObject } from '../graph/graph-params.js';
import { Dialog360ErrorFilter } from './dialog360-error.filter.js';
import { GatewayError } from './dialog360-errors.js';
import { Caller, Dialog360Guard } from './dialog360.guard.js';
import { Dialog360Keys, type Dialog360Number } from './dialog360-keys.js';

type Webhook = NonNullable<Dialog360Number['key']['webhook']>;

@Controller('dialog360')
@UseGuards(Dialog360Guard)
@UseFilters(Dialog360ErrorFilter)
export class Dialog360WebhookController {
  constructor(private readonly keys: Dialog360Keys) {}

  @Get('v1/configs/webhook')
  read(@Caller() { key }: Dialog360Number) {
    return key.webhook ?? { url: '' };
  }

  @Post('v1/configs/webhook')
  @HttpCode(200)
  set(@Caller() { key }: Dialog360Number, @Body() body: unknown): Webhook {
    const webhook = readWebhook(body);
    key.webhook = webhook;
    this.keys.changed();
    return webhook;
  }

  @All('*')
  blocked(): never {
    throw new GatewayError(403, 'The endpoint is blocked');
  }
}

/** 360dialog takes neither an underscore nor a port in the host; on one's own machine there is no way without a port. */
function readWebhook(body: unknown): Webhook {
  const { url, headers = {} } = isObject(body) ? body : {};
  if (typeof url !== 'string' || !URL.canParse(url)) throw new GatewayError(400, 'url must be an URL');
  const { protocol, hostname, port } = new URL(url);
  const near = /^(?:127\.|localhost$|\[::1\]$)/.test(hostname);
  if (!/^https?:$/.test(protocol) || hostname.includes('_') || (port !== '' && !near))
    throw new GatewayError(400, 'url must have neither an underscore nor a port in its host');
  if (!isObject(headers) || !Object.entries(headers).every(isHeader))
    throw new GatewayError(400, 'headers must be an object of strings');
  return { url, headers: headers as Record<string, string> };
}

function isHeader([name, value]: [string, unknown]): boolean {
  return /^[\w-]{1,100}$/.test(name) && typeof value === 'string' && /^[\x20-\x7e]{0,1000}$/.test(value);
}
