import type { PageTexts } from '../inbound/inbound-texts.js';

/** What the page of a code that people send us shows. */
export interface InboundPage {
  language: string;
  texts: PageTexts;
  purpose: 'login' | 'consent';
  /** Absent when nobody is waited for any more. */
  waiting?: {
    /** An SVG element of ours. */
    qrSvg: string;
    links: readonly { name: keyof PageTexts['open']; href: string }[];
    token: string;
    /** Whom to write to, as people dial or find them. */
    sender: string;
    /** `19:05`. */
    until: string;
  };
  /** While the person is asked in the chat, and before. */
  matchNumber?: string;
  consentText?: string;
  /** What there is to say instead of how to go on. */
  outcome?: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1rem; }
svg { display: block; width: 100%; max-width: 18rem; margin: 1rem auto; }
a { display: block; padding: .75rem 1rem; margin: .5rem 0; border: 2px solid; border-radius: .5rem; text-align: center; }
.number { font-size: 3rem; font-weight: 700; text-align: center; margin: 0; }
code { display: block; font-size: 1.75rem; white-space: nowrap; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 4px solid; white-space: pre-line; }
`;

/** Plain HTML without a script; it is asked for again while there is something to wait for. Everything is escaped. */
export function renderInboundPage(page: InboundPage, nonce: string): string {
  const { texts, purpose, waiting, matchNumber, outcome, consentText } = page;
  const title = escape(texts.title[purpose]);
  const goesOn = outcome === undefined;
  return document(page.language, title, nonce, goesOn, [
    `<h1>${title}</h1>`,
    goesOn ? '' : `<p role="status">${escape(outcome)}</p>`,
    consentText && goesOn
      ? `<p>${escape(texts.wording)}</p><blockquote>${escape(consentText)}</blockquote>`
      : '',
    matchNumber && goesOn ? `<p>${escape(texts.number)}</p><p class="number">${escape(matchNumber)}</p>` : '',
    goesOn && !waiting ? `<p role="status">${escape(texts.answer)}</p>` : '',
    waiting ? waitingPart(waiting, texts) : '',
    goesOn ? `<p><small>${escape(texts.refresh)}</small></p>` : '',
  ]);
}

/** For an address that nothing is at. */
export function renderNothing(texts: PageTexts, nonce: string): string {
  const said = escape(texts.unknown);
  return document('en', said, nonce, false, [`<h1>${said}</h1>`]);
}

function waitingPart(waiting: NonNullable<InboundPage['waiting']>, texts: PageTexts): string {
  const links = waiting.links.map(
    ({ name, href }) => `<a href="${escape(href)}">${escape(texts.open[name])}</a>`,
  );
  return [
    `<p>${escape(texts.scan)}</p>`,
    waiting.qrSvg,
    ...links,
    `<p>${escape(texts.type(waiting.sender))} <code>${escape(waiting.token)}</code></p>`,
    `<p>${escape(texts.until(waiting.until))}</p>`,
  ].join('\n');
}

function document(
  language: string,
  title: string,
  nonce: string,
  again: boolean,
  parts: readonly string[],
): string {
  return `<!doctype html>
<html lang="${escape(language.replace('_', '-'))}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${again ? '<meta http-equiv="refresh" content="5">' : ''}
<title>${title}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body><main>
${parts.filter(Boolean).join('\n')}
</main></body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
