import type { LoadedAccount, LoadedSender } from './accounts.service.js';
import type { InboundNotice } from './message-provider.js';

/** The sender of the account that a person wrote to; undefined when it is none of its own, and nothing is believed. */
export function senderOf(
  { senders }: Pick<LoadedAccount, 'senders'>,
  { channel, sender, senderGroup }: Pick<InboundNotice, 'channel' | 'sender' | 'senderGroup'>,
): LoadedSender | undefined {
  const own = senders.filter((candidate) => candidate.channel === channel);
  if (sender === undefined) return own.length === 1 ? own[0] : undefined;
  return (
    own.find(({ externalId, address }) => externalId === sender || address === sender) ??
    own.find(({ externalId }) => externalId !== undefined && externalId === senderGroup)
  );
}
