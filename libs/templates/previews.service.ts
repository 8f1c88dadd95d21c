import { Injectable } from '@nestjs/common';
import {
  AccountsService,
  type AuthenticationContent,
  type LoadedAccount,
  type TemplateBody,
  type TemplatePreview,
} from '#providers';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { presetPreview } from './preset-texts.js';
import type { TemplateInput } from './template-input.js';
import { checkTemplate, toBody } from './template-rules.js';
import { TemplatesService } from './templates.service.js';

/** How a language reads, and whose word that is: the provider's, our table of WhatsApp's texts, or its own. */
export interface Preview extends TemplatePreview {
  header?: string;
  source: 'provider' | 'preset' | 'content';
  /** Of the text, where the table has none in this language: WhatsApp may have. */
  textLanguage?: string;
}

/** What templates look like on a phone. Nothing is stored, nothing is submitted. */
@Injectable()
export class PreviewsService {
  constructor(
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
  ) {}

  /** Of a template that is not there yet. Its rules are checked as for a creation. */
  async ofInput(account: LoadedAccount, input: Omit<TemplateInput, 'name'>): Promise<Preview[]> {
    const errors = checkTemplate({ ...input, name: 'preview' });
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    return this.ofLanguages(
      account,
      input.languages.map((entry) => ({ language: entry.language, content: toBody(input.category, entry) })),
    );
  }

  /** Of all its languages, or of one. */
  async ofTemplate(tenantId: Identifier, id: Identifier, language?: string): Promise<Preview[]> {
    const template = await this.templates.get(tenantId, id);
    const chosen = template.languages.filter(
      (entry) => language === undefined || entry.language === language,
    );
    if (chosen.length === 0)
      throw new Problem('request.invalid_parameter', {
        errors: [{ pointer: 'language', code: 'unknown', detail: 'the template has no such language' }],
      });
    return this.ofLanguages(await this.accounts.get(tenantId, template.accountId), chosen);
  }

  /** Languages that say the same are asked for together. Without an answer the table speaks: no reason to fail. */
  private async ofLanguages(
    account: LoadedAccount,
    entries: readonly { language: string; content: TemplateBody }[],
  ): Promise<Preview[]> {
    const asked = new Map<string, Promise<TemplatePreview[]>>();
    const ask = (content: AuthenticationContent): Promise<TemplatePreview[]> => {
      const name = JSON.stringify(content);
      const alike = entries.filter((entry) => JSON.stringify(entry.content) === name);
      const answer =
        asked.get(name) ??
        this.ask(
          account,
          content,
          alike.map(({ language }) => language),
        );
      asked.set(name, answer);
      return answer;
    };
    const previews: Preview[] = [];
    for (const { language, content } of entries) {
      if (content.category === 'UTILITY') {
        previews.push(ownWords(language, content));
        continue;
      }
      const theirs = (await ask(content)).find((preview) => preview.language === language);
      previews.push(
        theirs
          ? { ...theirs, source: 'provider' }
          : { ...presetPreview(language, content), source: 'preset' },
      );
    }
    return previews;
  }

  private async ask(
    account: LoadedAccount,
    content: AuthenticationContent,
    languages: readonly string[],
  ): Promise<TemplatePreview[]> {
    const { provider, config } = account;
    const answer = await provider.templates?.preview?.(
      content,
      languages,
      config,
      this.accounts.context(account),
    );
    return Array.isArray(answer) ? answer : [];
  }
}

/** The samples in the place of the values. */
function ownWords(language: string, content: Extract<TemplateBody, { category: 'UTILITY' }>): Preview {
  const { header, body, samples, footer, buttons } = content;
  return {
    language,
    ...(header !== undefined && { header }),
    body: body.replace(/\{\{(\d+)\}\}/g, (whole, number: string) => samples[Number(number) - 1] ?? whole),
    ...(footer !== undefined && { footer }),
    buttons: buttons.map(({ text }) => text),
    source: 'content',
  };
}
