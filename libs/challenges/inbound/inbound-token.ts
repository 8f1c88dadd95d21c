/** Without 0, O, 1 and I: what people copy by eye. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const SECRET_BYTES = 5;
const SECRET_CHARACTERS = 8;
const CHECK_CHARACTERS = 2;
const LENGTH = SECRET_CHARACTERS + CHECK_CHARACTERS;
const MOST_CANDIDATES = 3;
const MOST_WORDS = 500;
const MISTYPED = /^\W*[A-Z0-9]{5}[\s-]+[A-Z0-9]{5}\W*$/i;

/** Two characters that follow from the eight before them: ten bits that tell a token from a word, and a typo from both. */
export type CheckOf = (secret: string) => string;

/** 40 bits and their check characters. `bytes`: five of them. */
export function makeToken(bytes: Uint8Array, checkOf: CheckOf): string {
  const secret = encode(bytes.subarray(0, SECRET_BYTES));
  return secret + checkOf(secret);
}

export { SECRET_BYTES as TOKEN_BYTES };

/** Check characters out of a digest. */
export function checkCharacters(digest: Uint8Array): string {
  return encode(digest.subarray(0, SECRET_BYTES)).slice(0, CHECK_CHARACTERS);
}

/** `ABCDEFGHJK` → `ABCDE-FGHJK`. */
export function groupToken(token: string): string {
  return `${token.slice(0, LENGTH / 2)}-${token.slice(LENGTH / 2)}`;
}

/**
 * The tokens that a message may hold, however it was edited: in either case, with spaces, dashes or line ends within,
 * and anything around them.
 */
export function findTokens(text: string, checkOf: CheckOf): string[] {
  const found = new Set<string>();
  for (const candidate of runsOf(text)) {
    if (![...candidate].every((character) => ALPHABET.includes(character))) continue;
    if (checkOf(candidate.slice(0, SECRET_CHARACTERS)) !== candidate.slice(SECRET_CHARACTERS)) continue;
    found.add(candidate);
    if (found.size === MOST_CANDIDATES) break;
  }
  return [...found];
}

/** Whether somebody seems to have typed a token and mistyped it: two groups of five, digits and letters, nothing else. */
export function looksLikeToken(text: string): boolean {
  return MISTYPED.test(text) && /\d/.test(text) && /[a-z]/i.test(text);
}

/** Ten characters in a row, as far as whole words make them. */
function runsOf(text: string): string[] {
  const words = (text.toUpperCase().match(/[A-Z0-9]+/g) ?? []).slice(0, MOST_WORDS);
  const runs: string[] = [];
  for (let from = 0; from < words.length; from++) {
    let run = '';
    for (let at = from; at < words.length && run.length < LENGTH; at++) run += words[at]!;
    if (run.length === LENGTH) runs.push(run);
  }
  return runs;
}

/** Five bytes as eight characters. */
function encode(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let left = SECRET_CHARACTERS; left > 0; left--) {
    text = ALPHABET[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return text;
}
