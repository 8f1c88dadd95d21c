import {
  builtInWording,
  type ChannelStep,
  type PublishedGenerator,
  renderWording,
  type Wording,
  withLastLine,
} from '#generators';
import type { Purpose } from './challenge.js';
import { linkWording } from './link/link-texts.js';
import type { Carried } from './secrets.js';
import type { Transaction } from './transaction-context.js';

/** What a message on a channel that carries text says; undefined where a template says it. */
export function contentOf(
  step: ChannelStep,
  { lifeSeconds }: Pick<PublishedGenerator, 'lifeSeconds'>,
  message: Carried & { language: string; purpose: Purpose; transaction?: Transaction },
): (Wording & { html: string }) | undefined {
  if (step.templateId !== undefined) return undefined;
  const { code, link, language, purpose, transaction } = message;
  const builtIn = link
    ? linkWording(language, purpose)
    : builtInWording(language, purpose, transaction !== undefined);
  const rendered = renderWording(step.wording ?? builtIn, {
    ...(link ? { link: link.url } : { code }),
    minutes: String(Math.floor(lifeSeconds / 60) || 1),
    ...transaction,
  });
  const html = toHtml(rendered.text, code, link !== undefined);
  return { ...rendered, text: withLastLine(rendered.text, code, step), html };
}

/** The same words, what they carry set apart. Everything is escaped: a payee's name may hold anything (ATK-41). */
function toHtml(text: string, carried: string, opens: boolean): string {
  const [escaped, shown] = [escapeHtml(text), escapeHtml(carried)];
  const apart = opens ? `<a href="${shown}">${shown}</a>` : `<strong>${shown}</strong>`;
  return `<p>${escaped.replace(shown, () => apart).replaceAll('\n', '<br>')}</p>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
