import type { Chat } from '../../message-provider.js';
import { callTwilio } from './twilio-client.js';
import type { TwilioMessagingConfig } from './twilio-messaging.config.js';
import { addressesOf, toResult } from './twilio-messages.js';

/** Buttons would need a content template of their own, which Twilio keeps: people answer in words. */
export const twilioChat: Chat<TwilioMessagingConfig> = {
  channels: ['sms', 'whatsapp'],
  buttonChannels: [],

  async send(message, config, context) {
    const form = new URLSearchParams({ ...addressesOf(message), Body: message.text });
    return toResult(await callTwilio('/Messages.json', form, config, context, message.deadlineMs));
  },
};
