// Meta's documented bodies of words in a conversation, which its gateways take as they are.
import type { ChatCase } from '../../conformance/provider-case.fixtures.js';
import { json } from '../../conformance/scripted-server.fixtures.js';
import type { ChatMessage } from '../../message-provider.js';

const WORDS: ChatMessage = {
  channel: 'whatsapp',
  to: '+15551234567',
  from: { address: '15550783881', externalId: '106540352242922' },
  text: 'Was it you? Reply YES or NO.',
  inReplyTo: 'wamid.THEIRS',
  deadlineMs: 5_000,
};

/** The documented bodies of words with buttons, and without, for a person who is known by an id. */
export const CLOUD_CHAT: readonly (Pick<ChatCase, 'name' | 'message' | 'accepted'> & { body: object })[] = [
  {
    name: 'a text to an id',
    message: { ...WORDS, to: 'US.13491208655302741918', inReplyTo: undefined },
    accepted: (id) =>
      json(200, {
        messaging_product: 'whatsapp',
        contacts: [{ input: 'US.13491208655302741918', user_id: 'US.13491208655302741918' }],
        messages: [{ id }],
      }),
    body: {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      recipient: 'US.13491208655302741918',
      type: 'text',
      text: { preview_url: false, body: WORDS.text },
    },
  },
  {
    name: 'buttons',
    message: {
      ...WORDS,
      buttons: [
        { payload: 'chl_1|yes', title: 'Yes' },
        { payload: 'chl_1|no', title: 'No' },
      ],
    },
    body: {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+15551234567',
      context: { message_id: 'wamid.THEIRS' },
      type: 'interactive',
      interactive: {
        type: 'button',
        body: { text: WORDS.text },
        action: {
          buttons: [
            { type: 'reply', reply: { id: 'chl_1|yes', title: 'Yes' } },
            { type: 'reply', reply: { id: 'chl_1|no', title: 'No' } },
          ],
        },
      },
    },
  },
];
