import type { TemplateBody } from '#providers';

/** What of a template’s language keeps a link from going out in it; undefined when nothing does. `base`: what every link begins with. */
export function linkTemplateFault(content: TemplateBody, base: string): string | undefined {
  if (content.category !== 'UTILITY')
    return 'a link goes out in UTILITY templates only: WhatsApp refuses links in AUTHENTICATION templates';
  if (content.samples.length > 0) return 'the body of a link’s template holds no placeholders';
  const [button] = content.buttons;
  if (button?.type !== 'URL' || button.url !== `${base}{{1}}`)
    return `a link goes out in a template whose first button is of the type URL and leads to ${base}{{1}}`;
  return undefined;
}
