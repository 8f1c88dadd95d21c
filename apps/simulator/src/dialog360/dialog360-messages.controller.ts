// Owns the two calls that send, POST /messages of Cloud numbers and POST /v1/messages of
// On-Premise ones, over the same templates, rates and fates as Graph's.

import { randomBytes } from 'node:crypto';
import { Controller, Post, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { MessageCall } from '../core/message-call.js';
import { messagingError } from '../graph/graph-error.js';
import { type GraphParams, isObject, Params } from '../graph/graph-params.js';
import { MessagesService } from '../graph/messages.service.js';
import { fromGraphCode, GatewayError, OnPremiseError } from './dialog360-errors.js';
import { Dialog360ErrorFilter } from './dialog360-error.filter.js';
import { Caller, Dialog360Guard } from './dialog360.guard.js';
import type { Dialog360Number, Kind } from './dialog360-keys.js';

/** As of the Graph version that 360dialog speaks. */
const GRAPH_VERSION = 23;

@Controller('dialog360')
@UseGuards(Dialog360Guard)
@UseFilters(Dialog360ErrorFilter)
export class Dialog360MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly call: MessageCall,
  ) {}

  @Post('messages')
  cloud(@Caller() number: Dialog360Number, @Params() params: GraphParams, @Res() reply: FastifyReply) {
    requireKind(number, 'cloud');
    return this.run(number, params, reply);
  }

  @Post('v1/messages')
  onPremise(@Caller() number: Dialog360Number, @Params() params: GraphParams, @Res() reply: FastifyReply) {
    requireKind(number, 'on-premise');
    return this.run(number, params, reply);
  }

  private run(number: Dialog360Number, params: GraphParams, reply: FastifyReply): Promise<void> {
    const { key, account, sender } = number;
    const onPremise = key.kind === 'on-premise';
    return this.call.run(reply, {
      to: typeof params.to === 'string' ? params.to.replace(/\D/g, '') : '',
      sender: sender.id,
      refuse: (fault) => refuse(fault, key.kind),
      prepare: (fate) => {
        if (onPremise) checkOnPremise(params, account.namespace);
        const wanted = onPremise ? { ...params, messaging_product: 'whatsapp' } : params;
        const call = { account, sender, params: wanted, version: GRAPH_VERSION };
        const { draft, input } = this.messages.prepare(call, fate);
        const id = onPremise ? `gBEG${randomBytes(17).toString('base64url')}` : draft.id;
        return { input, draft: { ...draft, id, skin: 'dialog360', accountId: key.apiKey } };
      },
      accept: (prepared) => {
        const answer = this.messages.accept(prepared);
        return onPremise ? { messages: answer.messages.map(({ id }) => ({ id })) } : answer;
      },
    });
  }
}

function requireKind({ key }: Dialog360Number, kind: Kind): void {
  if (key.kind !== kind) throw new GatewayError(403, 'The endpoint is blocked');
}

/** What On-Premise wants beyond Graph. */
function checkOnPremise({ to, type, template }: GraphParams, namespace: string): void {
  if (typeof to !== 'string' || !/^\d{7,15}$/.test(to)) throw new OnPremiseError(1009, 'to must be a wa_id.');
  // Words of one's own are in no namespace.
  if (type === 'text' || type === 'interactive') return;
  if (!isObject(template)) throw new OnPremiseError(1008, 'template is required.');
  if (template.namespace === undefined) throw new OnPremiseError(1008, 'template.namespace is required.');
  if (template.namespace !== namespace) throw new OnPremiseError(2001, 'There is no such namespace.');
  if (!isObject(template.language) || template.language.policy !== 'deterministic')
    throw new OnPremiseError(1009, 'template.language.policy must be deterministic.');
}

/** A fault's own status is the gateway's: what is behind it is away. */
function refuse({ kind, status, code, retryAfter }: Fault, numberKind: Kind): never {
  const details = 'The simulator was asked for this error.';
  if (kind === 'status') throw new GatewayError(status ?? 502, gatewayWords(status ?? 502), retryAfter);
  if (kind === 'refuse' && numberKind === 'cloud') {
    const own = Number(code ?? 400);
    throw new GatewayError(own, gatewayWords(own), retryAfter);
  }
  if (numberKind === 'on-premise') {
    const own = kind === 'refuse' ? Number(code ?? 1000) : fromGraphCode(Number(code ?? 131000));
    throw new OnPremiseError(own, details, retryAfter, status);
  }
  throw messagingError(Number(code ?? 131000), details, { httpStatus: status, retryAfter });
}

function gatewayWords(status: number): string {
  const words: Record<number, string> = {
    400: 'Could not send message due to lack of payment.',
    401: 'Invalid api_key',
    403: 'The endpoint is blocked',
    429: 'You have exceeded the endpoint rate limit.',
    502: 'WhatsApp for Business API not available',
  };
  return words[status] ?? 'Internal server error';
}
