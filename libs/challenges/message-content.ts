import {
  builtInWording,
  type ChannelStep,
  type PublishedGenerator,
  renderWording,
  type Wording,
} from '#generators';
import type { Purpose } from './challenge.js';
import type { Transaction } from './transaction-context.js';

/** What a message on a channel that carries text says; undefined where a template says it. */
export function contentOf(
  { templateId, wording }: ChannelStep,
  { lifeSeconds }: Pick<PublishedGenerator, 'lifeSeconds'>,
  message: { code: string; language: string; purpose: Purpose; transaction?: Transaction },
): (Wording & { html: string }) | undefined {
  if (templateId !== undefined) return undefined;
  const { code, language, purpose, transaction } = message;
  const rendered = renderWording(wording ?? builtInWording(language, purpose, transaction !== undefined), {
    code,
    minutes: String(Math.floor(lifeSeconds / 60) || 1),
    ...transaction,
  });
  return { ...rendered, html: toHtml(rendered.text, code) };
}

/** The same words, the code set apart. Everything is escaped: a payee's name may hold anything (ATK-41). */
function toHtml(text: string, code: string): string {
  const [escaped, bold] = [escapeHtml(text), escapeHtml(code)];
  return `<p>${escaped.replace(bold, () => `<strong>${bold}</strong>`).replaceAll('\n', '<br>')}</p>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
