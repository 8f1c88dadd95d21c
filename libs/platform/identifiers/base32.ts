/** Crockford base32 in lower case: no i, l, o, u; sorts like the bytes; safe in URLs, Redis keys and job ids. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** 16 bytes as 26 characters; the last character carries three bits. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
  }
  if (bits > 0) text += ALPHABET[(buffer << (5 - bits)) & 31];
  return text;
}

/** The 16 bytes, or undefined unless `text` is exactly what `encodeBase32` writes for some 16 bytes. */
export function decodeBase32(text: string): Buffer | undefined {
  if (text.length !== 26) return undefined;
  const bytes = Buffer.allocUnsafe(16);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < 26; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? VALUES[code]! : -1;
    if (value < 0) return undefined;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >>> bits) & 255;
    }
  }
  // A second spelling of one id would be a second name for one challenge.
  return (buffer & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

/** The first byte of an encoded value, without the others. */
export function firstByte(text: string): number {
  return (VALUES[text.charCodeAt(0)]! << 3) | (VALUES[text.charCodeAt(1)]! >>> 2);
}

/** The same value with another last byte: the last two characters carry it alone. */
export function withLastByte(text: string, byte: number): string {
  return text.slice(0, 24) + ALPHABET[byte >>> 3]! + ALPHABET[(byte & 7) << 2]!;
}
