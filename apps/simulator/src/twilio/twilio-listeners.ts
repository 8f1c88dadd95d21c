// Owns which of Twilio's senders people can write to, and where Twilio tells of it:
// what an operator sets at a number as "a message comes in".

import { Injectable } from '@nestjs/common';
import { CHANNELS, type ChatEnd, type Message } from '../core/message.js';
import { list, object, oneOf, text } from '../core/shape.js';
import { StateFile } from '../core/state-file.js';
import { SimulatorConfig } from '../simulator.config.js';

interface TwilioListener {
  channel: Message['channel'];
  /** Digits. */
  address: string;
  url: string;
  /** Of the messaging service that the number is in. */
  service?: string;
}

const readListeners = object<{ senders: TwilioListener[] }, 'senders'>(
  {
    senders: list(
      object<TwilioListener, 'channel' | 'address' | 'url'>(
        {
          channel: oneOf(...CHANNELS),
          address: text(/^\d{3,15}$/, 'a string of digits'),
          url: text(/^https?:\/\/\S+$/, 'an http or https URL'),
          service: text(/^MG[0-9a-f]{32}$/, 'the SID of a messaging service'),
        },
        'channel',
        'address',
        'url',
      ),
    ),
  },
  'senders',
);

@Injectable()
export class TwilioListeners {
  private listeners: TwilioListener[];

  constructor(
    private readonly state: StateFile,
    private readonly config: SimulatorConfig,
  ) {
    this.listeners = state.read<TwilioListener[]>('twilio-listeners') ?? [];
    state.register('twilio-listeners', () => this.listeners);
  }

  /** Replaces what is set. */
  put(input: unknown): { senders: TwilioListener[] } {
    this.listeners = readListeners(input, '').senders;
    this.state.touch();
    return { senders: this.listeners };
  }

  find(channel: Message['channel'], address: string): TwilioListener | undefined {
    return this.listeners.find((known) => known.channel === channel && known.address === address);
  }

  list(): ChatEnd[] {
    return this.listeners.map(({ channel, address, service = address }) => ({
      channel,
      skin: 'twilio',
      accountId: this.config.twilioAccountSid,
      senderId: service,
      from: address,
      senderName: address,
    }));
  }
}
