import type { Kind } from '#generators';

/** Kinds as one letter in the record and the journal. */
export const LETTER_OF_KIND: Record<Kind, string> = { code: 'c', link: 'l', inbound: 'i', confirm: 'y' };

const KIND_OF_LETTER = Object.fromEntries(
  Object.entries(LETTER_OF_KIND).map(([kind, letter]) => [letter, kind]),
) as Record<string, Kind>;

/** What an older build wrote without a kind is a code. */
export function kindOfLetter(letter: string | undefined): Kind {
  return KIND_OF_LETTER[letter ?? 'c'] ?? 'code';
}
