import type { OutboundMessage, TemplateUse } from '../../message-provider.js';

/**
 * The `components` of a template message: the parameters that fill the approved wording. Written alike for Meta's Cloud
 * API and for 360dialog's two kinds, which take the button's index as text or as a number.
 */
export function templateParameters(
  { code, template }: Pick<OutboundMessage, 'code' | 'template'>,
  buttonIndex: '0' | 0 = '0',
): object[] {
  return template?.category === 'UTILITY'
    ? valueParameters(template, buttonIndex)
    : codeParameters(code, buttonIndex);
}

/** An authentication template takes the code twice: in the text and in the button, under the same value. */
function codeParameters(code: string, index: '0' | 0): object[] {
  const parameters = [{ type: 'text', text: code }];
  return [
    { type: 'body', parameters },
    { type: 'button', sub_type: 'url', index, parameters },
  ];
}

/** A URL button with a variable is always the first one. */
function valueParameters(
  { values = [], urlSuffix, replyPayloads = [] }: TemplateUse,
  index: '0' | 0,
): object[] {
  const asText = (text: string): object => ({ type: 'text', text });
  return [
    ...(values.length === 0 ? [] : [{ type: 'body', parameters: values.map(asText) }]),
    ...(urlSuffix === undefined
      ? []
      : [{ type: 'button', sub_type: 'url', index, parameters: [asText(urlSuffix)] }]),
    ...replyPayloads.map(({ index: place, payload }) => ({
      type: 'button',
      sub_type: 'quick_reply',
      index: typeof index === 'string' ? String(place) : place,
      parameters: [{ type: 'payload', payload }],
    })),
  ];
}

/** The body of Meta's `messages` call, which a Cloud gateway takes as it is. */
export function cloudMessage({ to, code, template, correlationId }: OutboundMessage): object {
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to,
    type: 'template',
    template: {
      name: template?.name,
      language: { code: template?.language },
      components: templateParameters({ code, template }),
    },
    biz_opaque_callback_data: correlationId,
  };
}
