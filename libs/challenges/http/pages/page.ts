import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { Html, html } from './html.js';

export interface Page {
  lang: string;
  title: string;
  body: Html;
  /** Leads on by itself, without a script: to another address, or to itself again. */
  goOn?: { afterSeconds: number; url?: string };
}

export interface RenderedPage {
  headers: Record<string, string>;
  text: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 30rem; padding: 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; }
.number { font-size: 3rem; font-weight: 700; letter-spacing: .2em; margin: .5rem 0; }
.error { border-left: .3rem solid #b3261e; padding-left: .75rem; }
label { display: block; font-weight: 600; }
input { font: inherit; font-size: 1.5rem; letter-spacing: .2em; width: 4.5rem; padding: .5rem; }
button, .button { display: block; width: 100%; box-sizing: border-box; min-height: 3rem; margin-top: 1rem; padding: .6rem;
  font: inherit; font-weight: 600; text-align: center; border: .125rem solid #1a5fb4; border-radius: .5rem;
  background: #1a5fb4; color: #fff; text-decoration: none; }
.quiet { background: none; color: inherit; }
svg { display: block; width: 100%; max-width: 18rem; margin: 1rem auto; }
code { display: block; font-size: 1.75rem; white-space: nowrap; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: .25rem solid; white-space: pre-line; }
:focus-visible { outline: .2rem solid #e5a50a; outline-offset: .15rem; }
`;

/** Without scripts, frames, pictures or anything from elsewhere; never kept, never found by a search. */
export function renderPage({ lang, title, body, goOn }: Page): RenderedPage {
  const nonce = randomBytes(16).toString('base64');
  const document = html`<!doctype html>
    <html lang="${lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${goOn && html`<meta http-equiv="refresh" content="${refreshOf(goOn)}" />`}
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `;
  return { headers: headersOf(nonce), text: document.text };
}

export function sendPage(reply: FastifyReply, page: Page, status = 200): void {
  const { headers, text } = renderPage(page);
  void reply.status(status).headers(headers).serializer(String).send(text);
}

function refreshOf({ afterSeconds, url }: NonNullable<Page['goOn']>): string {
  return url === undefined ? String(afterSeconds) : `${afterSeconds};url=${url}`;
}

function headersOf(nonce: string): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'`,
    'cross-origin-opener-policy': 'same-origin',
    'x-robots-tag': 'noindex, nofollow, noarchive',
  };
}
