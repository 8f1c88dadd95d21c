import type { ChatButton, InboundNotice, LoadedAccount, LoadedSender } from '#providers';
import type { Saying } from '../chat/chat-replies.service.js';

/** What a person wrote or pressed, the account that heard it, and the sender of it that they wrote to. */
export interface Heard {
  account: LoadedAccount;
  sender: LoadedSender;
  notice: InboundNotice;
}

/**
 * One kind's ear. Readers are asked in order until one says that the message was for it. A message may be read twice
 * when reading it failed and the provider repeats its webhook: what it moves must move once.
 */
export interface InboundReader {
  /** False when it is not for this kind. */
  read(heard: Heard): Promise<boolean>;
}

/** What `reader` says to a message: once, however often the message is read. */
export function answerTo(
  { account, sender, notice }: Heard,
  reader: 'inbound' | 'confirm',
  text: string,
  buttons?: readonly ChatButton[],
): Saying {
  return {
    account,
    channel: notice.channel,
    to: notice.from,
    senderId: sender.id,
    text,
    buttons,
    inReplyTo: notice.providerMessageId,
    key: `${reader}:${notice.providerMessageId}`,
  };
}
