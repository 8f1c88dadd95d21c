// Owns what the receiver sees: the template's texts with the values in place, and
// its buttons as a phone offers them.

import type { BubbleButton, MessageDraft } from '../core/message.js';
import { presetTexts } from './preset-texts.js';
import type { TemplateValues } from './template-parameters.js';
import { component, type StoredButton, type Template } from './template.js';

export type Rendering = Pick<
  MessageDraft,
  'header' | 'text' | 'footer' | 'buttons' | 'code' | 'codeExpiresAt'
>;

/** Copy and autofill buttons go dead with the code, or after this many minutes without a footer. */
const DEFAULT_CODE_MINUTES = 10;

export function renderTemplate(template: Template, values: TemplateValues, now: number): Rendering {
  const isCode = template.category === 'AUTHENTICATION';
  const footer = component(template, 'FOOTER');
  const minutes = footer?.code_expiration_minutes ?? DEFAULT_CODE_MINUTES;
  return {
    header: fill(component(template, 'HEADER')?.text, values.header),
    text: fill(component(template, 'BODY')?.text, values.body) ?? '',
    footer: footer?.text,
    buttons: isCode ? codeButtons(template, values) : freeButtons(template, values),
    ...(isCode && { code: values.body[0], codeExpiresAt: new Date(now + minutes * 60_000).toISOString() }),
  };
}

function fill(text: string | undefined, values: string[]): string | undefined {
  return text?.replace(/\{\{(\d+)\}\}/g, (whole, position: string) => values[Number(position) - 1] ?? whole);
}

/** One-tap and zero-tap show autofill; the button carries its own copy of the code. */
function codeButtons({ otp, language, components }: Template, values: TemplateValues): BubbleButton[] {
  const stored = components.find(({ type }) => type === 'BUTTONS')?.buttons?.[0];
  if (!stored) return [];
  const value = values.buttons.get(0);
  if (!otp || otp.otpType === 'COPY_CODE') return [{ kind: 'copy', label: stored.text, value }];
  return [{ kind: 'autofill', label: otp.autofillText ?? presetTexts(language).autofill, value }];
}

function freeButtons(template: Template, values: TemplateValues): BubbleButton[] {
  const stored = component(template, 'BUTTONS')?.buttons ?? [];
  return stored.map((button, index) => freeButton(button, values.buttons.get(index)));
}

function freeButton(button: StoredButton, value: string | undefined): BubbleButton {
  const label = button.text;
  if (button.type === 'QUICK_REPLY') return { kind: 'reply', label, value: value ?? label };
  if (button.type === 'PHONE_NUMBER') return { kind: 'phone', label, value: button.phone_number };
  return { kind: 'url', label, value: fill(button.url, value === undefined ? [] : [value]) };
}
