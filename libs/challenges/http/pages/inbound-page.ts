import type { PageTexts } from '../../inbound/inbound-texts.js';
import { Html, html } from './html.js';
import type { Page } from './page.js';

/** What the page of a code that people send us shows. */
export interface InboundView {
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

const REFRESH_SECONDS = 5;

/** Without a script: it is asked for again while there is something to wait for. */
export function inboundPage(view: InboundView): Page {
  const { texts, purpose, language, outcome } = view;
  const ended = outcome !== undefined;
  return {
    lang: language.replace('_', '-'),
    title: texts.title[purpose],
    body: ended ? html`<p role="status">${outcome}</p>` : goingOn(view),
    ...(!ended && { goOn: { afterSeconds: REFRESH_SECONDS } }),
  };
}

/** For an address that nothing is at. */
export function nothingPage(texts: PageTexts): Page {
  return { lang: 'en', title: texts.unknown, body: html`` };
}

function goingOn({ texts, consentText, matchNumber, waiting }: InboundView): Html {
  return html`${
      consentText &&
      html`<p>${texts.wording}</p>
        <blockquote>${consentText}</blockquote>`
    }
    ${
      matchNumber &&
      html`<p>${texts.number}</p>
        <p class="number">${matchNumber}</p>`
    }
    ${waiting ? waitingPart(waiting, texts) : html`<p role="status">${texts.answer}</p>`}
    <p><small>${texts.refresh}</small></p>`;
}

function waitingPart(waiting: NonNullable<InboundView['waiting']>, texts: PageTexts): Html {
  return html`<p>${texts.scan}</p>
    ${new Html(waiting.qrSvg)}
    ${waiting.links.map(({ name, href }) => html`<a class="button quiet" href="${href}">${texts.open[name]}</a>`)}
    <p>${texts.type(waiting.sender)} <code>${waiting.token}</code></p>
    <p>${texts.until(waiting.until)}</p>`;
}
