// Owns the reading of a mail as far as a phone shows it: subject, sender's name, Message-ID, and the text and HTML
// parts in the three encodings that mailers use. Attachments and other parts are left out.

export interface ReadMail {
  subject: string;
  fromName: string;
  messageId?: string;
  text: string;
  html?: string;
}

interface Part {
  headers: Map<string, string>;
  body: string;
}

const MAX_DEPTH = 4;

export function readMail(raw: string): ReadMail {
  const root = split(raw);
  const found: { text?: string; html?: string } = {};
  collect(root, found, 0);
  const from = root.headers.get('from') ?? '';
  return {
    subject: decodeWords(root.headers.get('subject') ?? ''),
    fromName: decodeWords(/^(.*?)\s*</.exec(from)?.[1] ?? '').replace(/^"|"$/g, ''),
    messageId: /<([^<>\s]+)>/.exec(root.headers.get('message-id') ?? '')?.[1],
    text: found.text ?? '',
    html: found.html,
  };
}

function split(raw: string): Part {
  const end = /\r?\n\r?\n/.exec(raw);
  const head = end ? raw.slice(0, end.index) : raw;
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end ? raw.slice(end.index + end[0].length) : '' };
}

function collect(part: Part, found: { text?: string; html?: string }, depth: number): void {
  const type = part.headers.get('content-type') ?? 'text/plain';
  const boundary = /^multipart\//i.test(type) && /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary && depth < MAX_DEPTH) {
    for (const section of part.body.split(`--${boundary}`).slice(1)) {
      if (section.startsWith('--')) break;
      collect(split(section.replace(/^\r?\n/, '')), found, depth + 1);
    }
  } else if (/^text\/html/i.test(type)) found.html ??= decodeBody(part);
  else if (/^text\/plain/i.test(type)) found.text ??= decodeBody(part);
}

function decodeBody({ headers, body }: Part): string {
  const encoding = (headers.get('content-transfer-encoding') ?? '').toLowerCase();
  const trimmed = body.replace(/\r?\n$/, '');
  const decoded =
    encoding === 'base64'
      ? Buffer.from(trimmed, 'base64').toString()
      : encoding === 'quoted-printable'
        ? fromQuoted(trimmed.replace(/=\r?\n/g, ''))
        : trimmed;
  return decoded.replaceAll('\r\n', '\n').trimEnd();
}

function fromQuoted(text: string): string {
  const bytes: Buffer[] = [];
  for (const [piece] of text.matchAll(/=[0-9A-F]{2}|[^=]+|=/gi))
    bytes.push(/^=[0-9A-F]{2}$/i.test(piece) ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece));
  return Buffer.concat(bytes).toString();
}

/** RFC 2047 encoded words. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?[^?]+\?([BQ])\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString()
        : fromQuoted(word.replaceAll('_', ' ')),
    );
}
