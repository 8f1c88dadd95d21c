import type { ChatMessage } from '../../message-provider.js';

/** The body of Meta's `messages` call for words in an open conversation, which a Cloud gateway takes as it is. */
export function cloudChat(message: ChatMessage): object {
  const { to, inReplyTo } = message;
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    // Who has no number is known by an id, which has a member of its own.
    ...(to.startsWith('+') ? { to } : { recipient: to }),
    ...(inReplyTo !== undefined && { context: { message_id: inReplyTo } }),
    // Links are not looked at for a preview: that would open them before the person does.
    ...chatContent(message, { preview_url: false }),
  };
}

export function chatContent({ text, buttons = [] }: ChatMessage, textOptions: object = {}): object {
  if (buttons.length === 0) return { type: 'text', text: { ...textOptions, body: text } };
  return {
    type: 'interactive',
    interactive: {
      type: 'button',
      body: { text },
      action: {
        buttons: buttons.map(({ payload, title }) => ({ type: 'reply', reply: { id: payload, title } })),
      },
    },
  };
}
