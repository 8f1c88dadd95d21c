// Owns the endpoints that take words of one's own, for conversations that people opened.

import type { BodyReader, Members } from './body-reader.js';
import {
  CALLBACK_DATA,
  ID,
  platformAnswer,
  platformEndpoint,
  type SendEndpoint,
  type WantedMessage,
  whatsappAnswer,
} from './send-endpoints.js';

/** Both WhatsApp endpoints take one message, and answer with one. */
function whatsappEndpoint(
  readContent: (reader: BodyReader, content: Members) => Pick<WantedMessage, 'text' | 'buttons'>,
): SendEndpoint {
  return {
    channel: 'whatsapp',
    form: 'legacy',
    single: true,
    answer: whatsappAnswer,
    read: (reader, body) => {
      const message = reader.members(body, 'body');
      return [
        {
          from: reader.text(message.from, 'from', { max: 24 }),
          to: reader.person(message.to, 'to'),
          messageId: reader.optionalText(message.messageId, 'messageId', ID),
          correlation: reader.optionalText(message.callbackData, 'callbackData', CALLBACK_DATA),
          callbackUrl: reader.optionalUrl(message.notifyUrl, 'notifyUrl'),
          ...readContent(reader, reader.members(message.content, 'content')),
          free: true,
        },
      ];
    },
  };
}

export const whatsappText = whatsappEndpoint((reader, content) => ({
  text: reader.text(content.text, 'content.text', { max: 4_096 }),
}));

export const whatsappButtons = whatsappEndpoint((reader, content) => {
  const body = reader.members(content.body, 'content.body');
  const action = reader.members(content.action, 'content.action');
  const buttons = reader.list(action.buttons, 'content.action.buttons');
  if (buttons.length > 3) reader.refuse('content.action.buttons', 'size must be between 1 and 3');
  return {
    text: reader.text(body.text, 'content.body.text', { max: 1_024 }),
    buttons: buttons.map((value, index) => {
      const path = `content.action.buttons[${index}]`;
      const button = reader.members(value, path);
      reader.oneOf(button.type, `${path}.type`, ['REPLY']);
      return {
        kind: 'reply',
        value: reader.text(button.id, `${path}.id`, { max: 256 }),
        label: reader.text(button.title, `${path}.title`, { max: 20 }),
      };
    }),
  };
});

/** KakaoTalk's consultation talk. */
export const kakaoChat = platformEndpoint('kakao', (reader, content, path) => {
  reader.oneOf(content.type, `${path}.type`, ['TEXT']);
  return reader.text(content.text, `${path}.text`, { max: 1_000 });
});

/** Of the Messages API only LINE's official notification account is played. */
export const lineChat: SendEndpoint = {
  channel: 'line',
  form: 'platform',
  answer: platformAnswer,
  read: (reader, body) => {
    const { messages } = reader.members(body, 'body');
    return reader.list(messages, 'messages').flatMap((value, index) => {
      const path = `messages[${index}]`;
      const message = reader.members(value, path);
      reader.oneOf(message.channel, `${path}.channel`, ['LINE_ON']);
      const from = reader.text(message.sender, `${path}.sender`);
      const content = reader.members(message.content, `${path}.content`);
      const said = reader.members(content.body, `${path}.content.body`);
      reader.oneOf(said.type, `${path}.content.body.type`, ['TEXT']);
      const text = reader.text(said.text, `${path}.content.body.text`);
      return reader.list(message.destinations, `${path}.destinations`).map((destination, at) => {
        const where = `${path}.destinations[${at}]`;
        return { from, to: reader.person(reader.members(destination, where).to, `${where}.to`), text };
      });
    });
  },
};
