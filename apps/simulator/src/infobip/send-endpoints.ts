// Owns what each endpoint that sends takes, and in which form it answers.

import type { BubbleButton, Message } from '../core/message.js';
import { isMailAddress } from '../core/phone-number.js';
import { type BodyReader, isMembers, type Members } from './body-reader.js';
import type { StatusBody } from './infobip-codes.js';
import type { Form } from './infobip-error.js';

/** One message to one receiver, read and right in itself. */
export interface WantedMessage {
  to: string;
  from: string;
  /** The client's own id of it. */
  messageId?: string;
  correlation?: string;
  callbackUrl?: string;
  /** What the person sees; of a WhatsApp template that comes from the template. */
  text: string;
  header?: string;
  html?: string;
  template?: TemplateCall;
  /** To answer with. */
  buttons?: BubbleButton[];
  /** Words of one's own on WhatsApp, which need an open conversation. */
  free?: true;
}

export interface TemplateCall {
  name: string;
  language: string;
  header: string[];
  body: string[];
  buttons: { type: string; parameter: string }[];
}

export interface SendEndpoint {
  channel: Message['channel'];
  form: Form;
  read(reader: BodyReader, body: unknown): WantedMessage[];
  /** One element of `messages` in the answer; the whole answer of an endpoint that takes one message. */
  answer(to: string, messageId: string, status: StatusBody): object;
  single?: true;
}

export const platformAnswer: SendEndpoint['answer'] = (destination, messageId, status) => ({
  messageId,
  status,
  destination,
});
const olderAnswer: SendEndpoint['answer'] = (to, messageId, status) => ({ to, status, messageId });
export const whatsappAnswer: SendEndpoint['answer'] = (to, messageId, status) => ({
  to,
  messageCount: 1,
  messageId,
  status,
});

export const CALLBACK_DATA = { max: 4_000 };
export const ID = { max: 200 };

export const whatsappTemplate: SendEndpoint = {
  channel: 'whatsapp',
  form: 'legacy',
  answer: whatsappAnswer,
  read: (reader, body) =>
    eachMessage(reader, body, (message, path) => {
      const content = reader.members(message.content, `${path}.content`);
      return [
        {
          from: reader.text(message.from, `${path}.from`, { max: 24 }),
          to: reader.number(message.to, `${path}.to`),
          messageId: reader.optionalText(message.messageId, `${path}.messageId`, ID),
          correlation: reader.optionalText(message.callbackData, `${path}.callbackData`, CALLBACK_DATA),
          callbackUrl: reader.optionalUrl(message.notifyUrl, `${path}.notifyUrl`),
          text: '',
          template: readTemplateCall(reader, content, `${path}.content`),
        },
      ];
    }),
};

function readTemplateCall(reader: BodyReader, content: Members, path: string): TemplateCall {
  const data = reader.members(content.templateData, `${path}.templateData`);
  const at = `${path}.templateData`;
  const body = reader.members(data.body, `${at}.body`);
  const placeholders = Array.isArray(body.placeholders) ? body.placeholders : undefined;
  if (!placeholders) reader.refuse(`${at}.body.placeholders`, 'must not be null');
  const header = isMembers(data.header)
    ? [reader.text(data.header.placeholder, `${at}.header.placeholder`)]
    : [];
  const buttons = Array.isArray(data.buttons) ? data.buttons : [];
  return {
    name: reader.text(content.templateName, `${path}.templateName`, { max: 512 }),
    language: reader.text(content.language, `${path}.language`, { max: 20 }),
    header,
    body: (placeholders ?? []).map((value, index) => reader.text(value, `${at}.body.placeholders[${index}]`)),
    buttons: buttons.map((value: unknown, index) => {
      const button = reader.members(value, `${at}.buttons[${index}]`);
      return {
        type: reader.oneOf(button.type, `${at}.buttons[${index}].type`, BUTTON_TYPES),
        parameter: reader.text(button.parameter, `${at}.buttons[${index}].parameter`),
      };
    }),
  };
}

const BUTTON_TYPES = ['QUICK_REPLY', 'URL', 'COPY_CODE', 'FLOW'];

/** `/tts/3/advanced`, and `/sms/2/text/advanced` of older clients. */
function olderEndpoint(channel: 'voice' | 'sms'): SendEndpoint {
  return {
    channel,
    form: 'legacy',
    answer: olderAnswer,
    read: (reader, body) =>
      eachMessage(reader, body, (message, path) =>
        eachDestination(reader, message, path, (destination, at) => ({
          from:
            channel === 'voice'
              ? reader.text(message.from, `${path}.from`)
              : (reader.optionalText(message.from, `${path}.from`) ?? 'InfoSMS'),
          to: reader.number(destination.to, `${at}.to`),
          messageId: reader.optionalText(destination.messageId, `${at}.messageId`, ID),
          correlation: reader.optionalText(message.callbackData, `${path}.callbackData`, CALLBACK_DATA),
          callbackUrl: reader.optionalUrl(message.notifyUrl, `${path}.notifyUrl`),
          text: reader.text(message.text, `${path}.text`),
        })),
      ),
  };
}

export const voice = olderEndpoint('voice');
export const olderSms = olderEndpoint('sms');

/** The form that the newer channels share: they differ in `content` only. */
export function platformEndpoint(
  channel: Message['channel'],
  readText: (reader: BodyReader, content: Members, path: string) => string,
): SendEndpoint {
  return {
    channel,
    form: 'platform',
    answer: platformAnswer,
    read: (reader, body) =>
      eachMessage(reader, body, (message, path) => {
        const content = reader.members(message.content, `${path}.content`);
        const text = readText(reader, content, `${path}.content`);
        readValidity(reader, message.options, `${path}.options`);
        const from = reader.text(message.sender, `${path}.sender`);
        const reports = readWebhooks(reader, message, path);
        return eachDestination(reader, message, path, (destination, at) => ({
          from,
          to: reader.number(destination.to, `${at}.to`),
          messageId: reader.optionalText(destination.messageId, `${at}.messageId`, ID),
          text,
          ...reports,
        }));
      }),
  };
}

export const sms = platformEndpoint('sms', (reader, content, path) =>
  reader.text(content.text, `${path}.text`),
);

export const viber = platformEndpoint('viber', (reader, content, path) => {
  const type = reader.oneOf(content.type, `${path}.type`, ['TEXT', 'TEMPLATE']);
  if (type === 'TEXT') return reader.text(content.text, `${path}.text`, { max: 1_000 });
  const id = reader.text(content.templateId, `${path}.templateId`);
  reader.text(content.language, `${path}.language`);
  const parameters = reader.members(content.parameters, `${path}.parameters`);
  const pin = reader.text(parameters.pin, `${path}.parameters.pin`);
  return `Your code is ${pin} (Viber template ${id})`;
});

export const line = platformEndpoint('line', (reader, content, path) => {
  reader.text(content.altText, `${path}.altText`);
  const contents = reader.members(content.contents, `${path}.contents`);
  const body = reader.members(contents.body, `${path}.contents.body`);
  const texts = textsOf(body);
  if (texts.length === 0) reader.refuse(`${path}.contents.body.contents`, 'must not be empty');
  return texts.join('\n');
});

function textsOf(box: unknown): string[] {
  if (!isMembers(box)) return [];
  if (box.type === 'text' && typeof box.text === 'string') return [box.text];
  return Array.isArray(box.contents) ? box.contents.flatMap(textsOf) : [];
}

export const kakao = platformEndpoint('kakao', (reader, content, path) => {
  reader.oneOf(content.type, `${path}.type`, ['TEMPLATE']);
  reader.text(content.templateCode, `${path}.templateCode`, { max: 30 });
  return reader.text(content.text, `${path}.text`, { max: 1_000 });
});

export const zalo = platformEndpoint('zalo', (reader, content, path) => {
  const type = reader.oneOf(content.type, `${path}.type`, ['TEMPLATE', 'TEXT']);
  if (type === 'TEXT') return reader.text(content.text, `${path}.text`, { max: 2_000 });
  const id = reader.integer(content.templateName, `${path}.templateName`, 1, Number.MAX_SAFE_INTEGER);
  const data = reader.members(content.templateData, `${path}.templateData`);
  const values = Object.entries(data).map(
    ([name, value]) => `${name}: ${reader.text(value, `${path}.templateData.${name}`)}`,
  );
  return [`Zalo template ${id}`, ...values].join('\n');
});

export const email: SendEndpoint = {
  channel: 'email',
  form: 'platform',
  answer: platformAnswer,
  read: (reader, body) =>
    eachMessage(reader, body, (message, path) => {
      const content = reader.members(message.content, `${path}.content`);
      const from = reader.text(message.sender, `${path}.sender`, { pattern: /@/ });
      const header = reader.text(content.subject, `${path}.content.subject`, { max: 150 });
      const html = reader.optionalText(content.html, `${path}.content.html`);
      const text = reader.optionalText(content.text, `${path}.content.text`);
      if (text === undefined && html === undefined)
        reader.refuse(`${path}.content`, 'must have a text or an html body');
      const reports = readWebhooks(reader, message, path);
      return eachDestination(reader, message, path, (destination, at) => {
        const first = reader.members(reader.list(destination.to, `${at}.to`)[0] ?? {}, `${at}.to[0]`);
        const to = reader.text(first.destination, `${at}.to[0].destination`);
        if (to !== '' && !isMailAddress(to))
          reader.refuse(`${at}.to[0].destination`, 'must be an e-mail address');
        const messageId = reader.optionalText(destination.messageId, `${at}.messageId`, ID);
        return { from, to, messageId, header, html, text: text ?? '', ...reports };
      });
    }),
};

function readWebhooks(
  reader: BodyReader,
  { webhooks }: Members,
  path: string,
): Pick<WantedMessage, 'correlation' | 'callbackUrl'> {
  if (webhooks === undefined) return {};
  const { callbackData, delivery } = reader.members(webhooks, `${path}.webhooks`);
  const { url } = delivery === undefined ? {} : reader.members(delivery, `${path}.webhooks.delivery`);
  return {
    correlation: reader.optionalText(callbackData, `${path}.webhooks.callbackData`, CALLBACK_DATA),
    callbackUrl: reader.optionalUrl(url, `${path}.webhooks.delivery.url`),
  };
}

function readValidity(reader: BodyReader, options: unknown, path: string): void {
  const period = isMembers(options) ? options.validityPeriod : undefined;
  if (period === undefined) return;
  const { amount, timeUnit } = reader.members(period, `${path}.validityPeriod`);
  reader.integer(amount, `${path}.validityPeriod.amount`, 1, 1_000_000);
  reader.oneOf(timeUnit, `${path}.validityPeriod.timeUnit`, ['SECONDS', 'MINUTES', 'HOURS', 'DAYS']);
}

function eachMessage(
  reader: BodyReader,
  body: unknown,
  read: (message: Members, path: string) => WantedMessage[],
): WantedMessage[] {
  const { messages } = reader.members(body, 'body');
  return reader
    .list(messages, 'messages')
    .flatMap((message, index) => read(reader.members(message, `messages[${index}]`), `messages[${index}]`));
}

function eachDestination(
  reader: BodyReader,
  { destinations }: Members,
  path: string,
  read: (destination: Members, path: string) => WantedMessage,
): WantedMessage[] {
  return reader.list(destinations, `${path}.destinations`).map((destination, index) => {
    const at = `${path}.destinations[${index}]`;
    return read(reader.members(destination, at), at);
  });
}
