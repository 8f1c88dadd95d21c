import type { Chat } from '../../message-provider.js';
import { cloudChat } from '../whatsapp/chat-message.js';
import { toSendResult } from '../whatsapp/graph-answer.js';
import { callGraph } from './graph-client.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

export const metaChat: Chat<MetaCloudConfig> = {
  channels: ['whatsapp'],
  buttonChannels: ['whatsapp'],

  async send(message, config, context) {
    const path = `${message.from.externalId}/messages`;
    const answer = await callGraph('POST', path, cloudChat(message), config, context, message.deadlineMs);
    return toSendResult(answer, message.to);
  },
};
