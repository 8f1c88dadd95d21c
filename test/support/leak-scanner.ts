// Finds secrets in whatever they leaked into: plain, spaced, or as base64, hex and URL-encoding write them.

const GRAM_BYTES = 8;
const BUCKETS = 1 << 22;

interface Needle {
  bytes: Buffer;
  what: string;
}

/**
 * Thousands of needles in megabytes of hay in one pass: a hash of every eight bytes says where a needle may begin.
 * Case is ignored, so that hex and percent-encoding are found in either.
 */
export class LeakScanner {
  private readonly mayBegin = new Uint8Array(BUCKETS);
  private readonly byStart = new Map<string, Needle[]>();

  /** Every form of one secret of eight characters or more. `what` names it in a report. */
  add(secret: string, what: string): void {
    for (const [form, text] of formsOf(secret)) this.addNeedle(text.toLowerCase(), `${what}, ${form}`);
  }

  find(hay: Buffer | string): string[] {
    const bytes = Buffer.from(hay.toString('latin1').toLowerCase(), 'latin1');
    const found = new Set<string>();
    for (let at = 0; at + GRAM_BYTES <= bytes.length; at++) {
      if (this.mayBegin[bucketOf(bytes, at)] === 0) continue;
      const candidates = this.byStart.get(bytes.toString('latin1', at, at + GRAM_BYTES));
      for (const { bytes: needle, what } of candidates ?? [])
        if (bytes.subarray(at, at + needle.length).equals(needle)) found.add(what);
    }
    return [...found];
  }

  private addNeedle(text: string, what: string): void {
    const bytes = Buffer.from(text, 'latin1');
    if (bytes.length < GRAM_BYTES) throw new Error(`${what} is too short to be told from chance`);
    this.mayBegin[bucketOf(bytes, 0)] = 1;
    const start = bytes.toString('latin1', 0, GRAM_BYTES);
    this.byStart.set(start, [...(this.byStart.get(start) ?? []), { bytes, what }]);
  }
}

function bucketOf(bytes: Buffer, at: number): number {
  return (
    (Math.imul(bytes.readInt32LE(at), 0x9e3779b1) ^ Math.imul(bytes.readInt32LE(at + 4), 0x85ebca6b)) >>> 10
  );
}

function formsOf(secret: string): [form: string, text: string][] {
  const bytes = Buffer.from(secret);
  const digits = [...secret];
  return [
    ['plain', secret],
    ['spaced', digits.join(' ')],
    ['dashed', digits.join('-')],
    ['in threes', secret.match(/.{1,3}/g)!.join(' ')],
    ['hex', bytes.toString('hex')],
    ['URL-encoded', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')],
    ...[0, 1, 2].map((before): [string, string] => [`base64 after ${before}`, innerBase64(bytes, before)]),
  ];
}

/** The part of a base64 text that is the same whatever stands `before` the secret (modulo three bytes) and behind. */
function innerBase64(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const bits = (before + bytes.length) * 8;
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
}
