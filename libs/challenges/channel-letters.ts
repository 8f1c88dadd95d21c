import type { Channel } from '#providers';

/** Channels as one letter in the record. */
export const LETTER_OF_CHANNEL: Record<Channel, string> = {
  whatsapp: 'w',
  sms: 's',
  email: 'e',
  voice: 'v',
  telegram: 'g',
  viber: 'b',
  line: 'l',
  kakao: 'k',
  zalo: 'z',
};

const CHANNEL_OF_LETTER = Object.fromEntries(
  Object.entries(LETTER_OF_CHANNEL).map(([channel, letter]) => [letter, channel]),
) as Record<string, Channel>;

export function channelOfLetter(letter: string): Channel {
  return CHANNEL_OF_LETTER[letter]!;
}
