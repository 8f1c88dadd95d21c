// Owns reading an interactive message: a text and up to three buttons to answer with.
// Lists, products and flows are not played.

import { messagingError, parameterError } from './graph-error.js';
import { type GraphParams, isObject, jsonParam } from './graph-params.js';

export interface ReplyButton {
  id: string;
  title: string;
}

const MOST = 3;

export function readReplyButtons(params: GraphParams): { text: string; replyButtons: ReplyButton[] } {
  const interactive = jsonParam(params, 'interactive');
  if (!isObject(interactive)) throw parameterError('The parameter interactive is required.');
  if (interactive.type !== 'button') throw messagingError(131051, 'Only buttons are supported here.');
  const text = isObject(interactive.body) ? interactive.body.text : undefined;
  if (!isText(text, 1_024)) throw parameterError("The parameter interactive['body']['text'] is required.");
  const buttons = isObject(interactive.action) ? interactive.action.buttons : undefined;
  if (!Array.isArray(buttons) || buttons.length === 0 || buttons.length > MOST)
    throw messagingError(131009, `Button count must be between 1 and ${MOST}.`);
  const replyButtons = buttons.map(readButton);
  if (new Set(replyButtons.map(({ title }) => title)).size < replyButtons.length)
    throw messagingError(131009, 'Button titles must be unique.');
  return { text, replyButtons };
}

function readButton(button: unknown): ReplyButton {
  const { id, title } = isObject(button) && isObject(button.reply) ? button.reply : {};
  if (!isText(id, 256) || !isText(title, 20))
    throw messagingError(131009, 'A button needs an id of 256 characters and a title of 20 at most.');
  return { id, title };
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value !== '' && [...value].length <= most;
}
