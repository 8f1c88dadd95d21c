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
): Wording | undefined {
  if (templateId !== undefined) return undefined;
  const { code, language, purpose, transaction } = message;
  return renderWording(wording ?? builtInWording(language, purpose, transaction !== undefined), {
    code,
    minutes: String(Math.floor(lifeSeconds / 60) || 1),
    ...transaction,
  });
}
