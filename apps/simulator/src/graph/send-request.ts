// Owns reading the body of POST /{PN}/messages: what every message needs before
// its template is looked at.

import { digitsOf, handsetOfUserId, isReachableNumber } from '../core/phone-number.js';
import { messagingError, parameterError } from './graph-error.js';
import { type GraphParams, isObject, jsonParam, textParam } from './graph-params.js';
import { readReplyButtons, type ReplyButton } from './reply-buttons.js';

export interface SendRequest {
  /** As written by the client, echoed in `contacts[].input`. */
  input: string;
  /** Digits of it, or of the phone behind a business-scoped user id; empty when that is nobody's. */
  to: string;
  userId?: string;
  type: string;
  template?: TemplateCall;
  text?: string;
  /** Of an interactive message. */
  replyButtons?: ReplyButton[];
  correlation?: string;
}

export interface TemplateCall {
  name: string;
  language: string;
  components: GraphParams[];
}

const MAX_CORRELATION_CHARS = 512;

export function readSendRequest(params: GraphParams): SendRequest {
  if (params.messaging_product !== 'whatsapp')
    throw parameterError('The parameter messaging_product is required.');
  const recipientType = textParam(params, 'recipient_type') ?? 'individual';
  if (recipientType !== 'individual')
    throw parameterError('Param recipient_type must be one of {individual}.');
  const type = textParam(params, 'type') ?? 'text';
  return {
    ...readReceiver(params),
    type,
    ...(type === 'template' && { template: readTemplate(params) }),
    ...(type === 'text' && { text: readText(params) }),
    ...(type === 'interactive' && readReplyButtons(params)),
    correlation: readCorrelation(params),
  };
}

/** `to` wins over a business-scoped user id in `recipient`. */
function readReceiver(params: GraphParams): Pick<SendRequest, 'input' | 'to' | 'userId'> {
  const input = textParam(params, 'to');
  const userId = textParam(params, 'recipient');
  if (input === undefined && userId !== undefined)
    return { input: userId, to: handsetOfUserId(userId), userId };
  if (input === undefined) throw parameterError('The parameter to is required.');
  const to = digitsOf(input);
  if (!isReachableNumber(to)) throw messagingError(131009, 'The parameter to is not a valid phone number.');
  return { input, to };
}

function readTemplate(params: GraphParams): TemplateCall {
  const template = jsonParam(params, 'template');
  if (!isObject(template)) throw parameterError('The parameter template is required.');
  if (typeof template.name !== 'string' || template.name === '') {
    throw parameterError("The parameter template['name'] is required.");
  }
  const language = isObject(template.language) ? template.language.code : undefined;
  if (typeof language !== 'string' || language === '') {
    throw parameterError("The parameter template['language']['code'] is required.");
  }
  const components = template.components ?? [];
  if (!Array.isArray(components)) throw parameterError("Param template['components'] must be an array.");
  return { name: template.name, language, components: (components as unknown[]).filter(isObject) };
}

function readText(params: GraphParams): string {
  const text = jsonParam(params, 'text');
  if (!isObject(text) || typeof text.body !== 'string' || text.body === '') {
    throw parameterError("The parameter text['body'] is required.");
  }
  if ([...text.body].length > 4_096)
    throw parameterError("Param text['body'] must be at most 4096 characters long.");
  return text.body;
}

function readCorrelation(params: GraphParams): string | undefined {
  const correlation = textParam(params, 'biz_opaque_callback_data');
  if (correlation !== undefined && correlation.length > MAX_CORRELATION_CHARS) {
    throw parameterError(
      `Param biz_opaque_callback_data must be at most ${MAX_CORRELATION_CHARS} characters long.`,
    );
  }
  return correlation;
}
