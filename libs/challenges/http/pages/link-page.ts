import { randomBytes } from 'node:crypto';
import type { AskingView, LinkView } from '../../link/links.service.js';
import { type LinkTexts, linkTexts } from '../../link/link-texts.js';
import { type Html, html } from './html.js';
import type { Page } from './page.js';

/** The name of a form that is shown once: of two clicks on it the second one is the first one again. */
export const FORM = /^[\w-]{22}$/;

const POLL_SECONDS = 3;

export type Fault = { missing: true } | { wrong: true; left: number };

/** Asks the person behind the link. */
export function askingPage({ displayName, browser, transaction, challenge }: LinkView, fault?: Fault): Page {
  const { texts, lang } = linkTexts(challenge.language);
  const title = fill(texts.ask[challenge.purpose], { name: displayName ?? '' });
  const body = html` ${
      transaction &&
      html`<p>
        <strong><bdi>${fill(texts.transaction, { ...transaction })}</bdi></strong>
      </p>`
    }
    ${browser !== undefined ? html`<p><bdi>${fill(texts.from, { browser })}</bdi></p>` : undefined}
    <p>${texts.started}</p>
    ${fault && html`<p class="error" id="fault" role="alert">${faultText(texts, fault)}</p>`}
    <form method="post" autocomplete="off">
      <input type="hidden" name="form" value="${newForm()}" hidden />
      <label for="number">${texts.numberLabel}</label>
      <p id="hint">${texts.numberHint}</p>
      <input
        id="number"
        name="number"
        inputmode="numeric"
        maxlength="2"
        aria-describedby="hint${fault ? ' fault' : ''}"
      />
      <button name="answer" value="approve">${texts.approve}</button>
      <button class="quiet" name="answer" value="deny">${texts.deny}</button>
    </form>`;
  return { lang, title, body };
}

/** What came of it, or why nothing will. */
export function noticePage(
  language: string | undefined,
  what: 'approved' | 'denied' | 'locked' | 'gone' | 'refused',
): Page {
  const { texts, lang } = linkTexts(language);
  const [title, text] = texts[what];
  return { lang, title, body: html`<p>${text}</p>` };
}

/** Approved in the browser that asked: it goes on, at once or by hand. */
export function goOnPage(language: string | undefined, url: string): Page {
  const { texts, lang } = linkTexts(language);
  return {
    lang,
    title: texts.approved[0],
    body: html`<p><a class="button" href="${url}">${texts.continue}</a></p>`,
    goOn: { afterSeconds: 0, url },
  };
}

/** For the browser that asked, until the person has opened the link somewhere. */
export function waitingPage({ challenge, matchNumber }: AskingView): Page {
  const { texts, lang } = linkTexts(challenge.language);
  switch (challenge.state) {
    case 'pending':
    case 'approving': {
      const [title, text] = texts.waiting;
      const body = html`<p>${text}</p>
        <p class="number">${matchNumber}</p>`;
      return { lang, title, body, goOn: { afterSeconds: POLL_SECONDS } };
    }
    case 'approved':
      return { lang, title: texts.approved[0], body: continueForm(texts) };
    case 'denied':
    case 'locked':
      return noticePage(challenge.language, challenge.state);
    default:
      return noticePage(challenge.language, 'gone');
  }
}

function continueForm(texts: LinkTexts): Html {
  return html`<form method="post">
    <input type="hidden" name="form" value="${newForm()}" hidden />
    <button>${texts.continue}</button>
  </form>`;
}

function newForm(): string {
  return randomBytes(16).toString('base64url');
}

function faultText(texts: LinkTexts, fault: Fault): string {
  return 'left' in fault ? fill(texts.numberWrong, { left: String(fault.left) }) : texts.numberMissing;
}

/** Once: what looks like a place inside a value stays as it is. */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}
