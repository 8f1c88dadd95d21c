import type { Chat, ChatMessage } from '../../message-provider.js';
import { chatContent, cloudChat } from '../whatsapp/chat-message.js';
import { callDialog360 } from './dialog360-client.js';
import type { Dialog360Config } from './dialog360.config.js';
import { toResult } from './dialog360-results.js';

export const dialog360Chat: Chat<Dialog360Config> = {
  channels: ['whatsapp'],
  buttonChannels: ['whatsapp'],

  async send(message, config, context) {
    const [path, body] =
      config.kind === 'cloud' ? ['messages', cloudChat(message)] : ['v1/messages', onPremiseChat(message)];
    const answer = await callDialog360('POST', path, body, config, context, message.deadlineMs);
    return toResult(answer, message.to);
  },
};

function onPremiseChat(message: ChatMessage): object {
  const { to, inReplyTo } = message;
  return {
    to: to.replace(/^\+/, ''),
    recipient_type: 'individual',
    ...(inReplyTo !== undefined && { context: { message_id: inReplyTo } }),
    ...chatContent(message),
  };
}
