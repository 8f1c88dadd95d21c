import type { Channel, Chat, ChatMessage } from '../../message-provider.js';
import { callInfobip } from './infobip-client.js';
import type { InfobipConfig } from './infobip.config.js';
import { toResult } from './infobip-results.js';

interface Request {
  path: string;
  body: object;
}

/** SMS and Viber go the way of every message; WhatsApp, LINE, KakaoTalk and Zalo have endpoints for open conversations. */
const BUILDERS = {
  whatsapp: whatsappRequest,
  sms: (message) => platformRequest('/sms/3/messages', message, { text: message.text }),
  viber: (message) => platformRequest('/viber/2/messages', message, textContent(message)),
  /** From general knowledge of the Messages API. */
  line: (message) => ({
    path: '/messages-api/1/messages',
    body: {
      messages: [
        {
          channel: 'LINE_ON',
          sender: senderOf(message),
          destinations: [{ to: personOf(message) }],
          content: { body: textContent(message) },
        },
      ],
    },
  }),
  kakao: (message) => platformRequest('/kakao-sangdam/1/messages', message, textContent(message)),
  zalo: (message) => platformRequest('/zalo/2/messages', message, textContent(message)),
} satisfies Partial<Record<Channel, (message: ChatMessage) => Request>>;

export const infobipChat: Chat<InfobipConfig> = {
  channels: Object.keys(BUILDERS) as (keyof typeof BUILDERS)[],
  buttonChannels: ['whatsapp'],

  async send(message, config, context) {
    const build = (BUILDERS as Partial<Record<Channel, (message: ChatMessage) => Request>>)[message.channel];
    if (!build) return { outcome: 'rejected', reason: 'channel_not_offered', failure: 'bug' };
    const { deadlineMs } = message;
    const answer = await callInfobip({ method: 'POST', ...build(message), deadlineMs }, config, context);
    // WhatsApp's endpoints for conversations take one message and answer with that one, without a list around it.
    const single = answer.kind === 'ok' && answer.body['messages'] === undefined;
    return toResult(single ? { kind: 'ok', body: { messages: [answer.body] } } : answer);
  },
};

function whatsappRequest(message: ChatMessage): Request {
  const { from, text, buttons = [], inReplyTo } = message;
  const common = {
    from: from.address,
    to: personOf(message),
    ...(inReplyTo !== undefined && { context: { replyToMessageId: inReplyTo } }),
  };
  if (buttons.length === 0)
    return {
      path: '/whatsapp/1/message/text',
      // A preview would open the link before the person does.
      body: { ...common, content: { text, previewUrl: false } },
    };
  return {
    path: '/whatsapp/1/message/interactive/buttons',
    body: {
      ...common,
      content: {
        body: { text },
        action: { buttons: buttons.map(({ payload, title }) => ({ type: 'REPLY', id: payload, title })) },
      },
    },
  };
}

function platformRequest(path: string, message: ChatMessage, content: object): Request {
  const destinations = [{ to: personOf(message) }];
  return { path, body: { messages: [{ sender: senderOf(message), destinations, content }] } };
}

function textContent({ text }: ChatMessage): object {
  return { type: 'TEXT', text };
}

function senderOf({ from }: ChatMessage): string {
  return from.externalId ?? from.address;
}

function personOf({ to }: ChatMessage): string {
  return to.replace(/^\+/, '');
}
