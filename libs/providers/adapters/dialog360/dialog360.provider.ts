import { defineProvider, type Finding, type OutboundMessage } from '../../message-provider.js';
import { cloudMessage, templateParameters } from '../whatsapp/template-message.js';
import { baseUrlOf, callDialog360, describeAnswer } from './dialog360-client.js';
import { dialog360Chat } from './dialog360.chat.js';
import { toResult } from './dialog360-results.js';
import { DEFAULT_HEADER, Dialog360Config } from './dialog360.config.js';
import { dialog360Receipts } from './dialog360.receipts.js';
import { dialog360Templates } from './dialog360.templates.js';

/** WhatsApp through 360dialog, in front of Meta's Cloud API or of the On-Premise one. */
export const dialog360 = defineProvider<Dialog360Config>({
  id: 'dialog360',
  channels: ['whatsapp'],
  templateChannels: ['whatsapp'],
  configDto: Dialog360Config,
  secrets: ['apiKey', 'webhookSecrets'],
  // Cloud numbers do, On-Premise ones have no member for it.
  echoesCorrelation: false,
  baseUrl: baseUrlOf,
  complete: (config) => ({ ...config, webhookHeader: config.webhookHeader ?? { name: DEFAULT_HEADER } }),
  webhookSettings: (config) => ({
    header: config.webhookHeader?.name ?? DEFAULT_HEADER,
    configureAt: `${baseUrlOf(config)}/v1/configs/webhook`,
  }),
  receipts: dialog360Receipts,
  chat: dialog360Chat,
  templates: dialog360Templates,

  async send(message, config, context) {
    const [path, body] =
      config.kind === 'cloud'
        ? ['messages', cloudMessage(message)]
        : ['v1/messages', onPremiseMessage(message, config.namespace)];
    const answer = await callDialog360('POST', path, body, config, context, message.deadlineMs);
    return toResult(answer, message.to);
  },

  /** The webhook's settings tell two things in one call: whether the key is believed, and where receipts go. */
  async diagnose(config, _senders, context) {
    const answer = await callDialog360('GET', 'v1/configs/webhook', undefined, config, context);
    if (answer.kind !== 'ok') {
      const detail = `360dialog answered ${describeAnswer(answer)}.`;
      const refused = answer.kind === 'gateway' && (answer.status === 401 || answer.status === 403);
      return [{ check: refused ? 'credentials' : 'reachable', ok: false, detail }];
    }
    const findings: Finding[] = [{ check: 'credentials', ok: true, detail: 'The API key is valid.' }];
    if (context.webhookUrl === undefined) return findings;
    const ok = answer.body['url'] === context.webhookUrl;
    const detail = ok
      ? 'The webhook of the number is this account’s.'
      : 'The webhook of the number is another address: no receipts come here.';
    return [...findings, { check: 'reachable', ok, detail }];
  },
});

/** The On-Premise API takes the receiver as its `wa_id`, and echoes nothing of ours. */
function onPremiseMessage(message: OutboundMessage, namespace: string | undefined): object {
  const { to, template } = message;
  return {
    to: to.replace(/^\+/, ''),
    type: 'template',
    template: {
      namespace,
      name: template?.name,
      language: { code: template?.language, policy: 'deterministic' },
      components: templateParameters(message, 0),
    },
  };
}
