// Protects the rule that an account is believed about its own senders only.
import { describe, expect, it } from 'vitest';
import { senderOf } from './inbound-sender.js';
import type { Channel } from './message-provider.js';

const sender = (id: string, channel: Channel, address: string, externalId?: string) => ({
  id,
  channel,
  address,
  externalId,
});
const account = {
  senders: [
    sender('number', 'sms', '15550783881'),
    sender('pool', 'sms', 'shop', 'MG1'),
    sender('waba', 'whatsapp', '15550783881', '106540352242922'),
  ],
};

describe('the sender that a person wrote to', () => {
  it.each([
    ['by its number', { channel: 'sms', sender: '15550783881' }, 'number'],
    ['by the provider’s id of it', { channel: 'whatsapp', sender: '106540352242922' }, 'waba'],
    ['by the pool it is of', { channel: 'sms', sender: '15559999999', senderGroup: 'MG1' }, 'pool'],
    [
      'by itself rather than by its pool',
      { channel: 'sms', sender: '15550783881', senderGroup: 'MG1' },
      'number',
    ],
    ['as the only one, where none is named', { channel: 'whatsapp' }, 'waba'],
    ['never as one of several, where none is named', { channel: 'sms' }, undefined],
    ['on its own channel only', { channel: 'viber', sender: '15550783881' }, undefined],
    ['never as somebody else’s', { channel: 'whatsapp', sender: '106540352242999' }, undefined],
    ['never through a pool of nobody', { channel: 'sms', sender: '1', senderGroup: undefined }, undefined],
  ] as const)('is known %s', (_how, notice, id) => {
    expect(senderOf(account, notice)?.id).toBe(id);
  });
});
