import type { AuthenticationContent, TemplateCategory } from '#providers';

/** A button as a caller writes it: which members belong to which kind is a rule, not a shape. */
export interface ButtonInput {
  type: 'QUICK_REPLY' | 'PHONE_NUMBER' | 'URL';
  text: string;
  phoneNumber?: string;
  url?: string;
  example?: string;
}

/** One language of a template as a caller writes it, of either category. */
export interface LanguageInput extends Partial<AuthenticationContent> {
  language: string;
  ttlSeconds?: number;
  header?: string;
  body?: string;
  samples?: string[];
  footer?: string;
  buttons?: ButtonInput[];
}

export interface TemplateInput {
  name: string;
  category: TemplateCategory;
  languages: LanguageInput[];
}

/** Says that a rule is broken: by which member (a path within the language), and how. */
export type Complain = (member: string, code: string, detail: string) => void;

const MAX_BUTTON_TEXT = 25;

/** The words on a button: no link, emoji, variable or control character. */
export function checkButtonText(text: string, member: string, complain: Complain): void {
  const name = member.split('/').at(-1)!;
  if (text.length === 0 || [...text].length > MAX_BUTTON_TEXT)
    complain(member, 'length', `${name} must have 1 to ${MAX_BUTTON_TEXT} characters`);
  else if (/[{}\p{C}\p{Extended_Pictographic}\p{Regional_Indicator}]|https?:|www\./iu.test(text))
    complain(member, 'format', `${name} must hold no link, emoji, variable or control character`);
}

/** Refuses the members of the other category, by name. */
export function refuseMembers(
  entry: LanguageInput,
  members: readonly (keyof LanguageInput)[],
  category: TemplateCategory,
  complain: Complain,
): void {
  for (const member of members)
    if (entry[member] !== undefined)
      complain(member, 'not_allowed', `${member} belongs to ${category} templates`);
}
