import { defineProvider, type Finding, type ProviderContext } from '../../message-provider.js';
import { infobipChat } from './infobip.chat.js';
import { baseUrlOf, callInfobip, describe, type InfobipAnswer } from './infobip-client.js';
import { InfobipConfig } from './infobip.config.js';
import { infobipReceipts, webhookHeaderOf } from './infobip.receipts.js';
import { CHANNELS_OFFERED, requestFor } from './infobip-requests.js';
import { toResult } from './infobip-results.js';
import { infobipTemplates, templatesPath } from './infobip.templates.js';

/** Eight channels through one account at Infobip. */
export const infobip = defineProvider<InfobipConfig>({
  id: 'infobip',
  channels: CHANNELS_OFFERED,
  templateChannels: ['whatsapp'],
  lacks: (channel, config) =>
    (channel === 'kakao' || channel === 'zalo') && !config[channel] ? channel : undefined,
  configDto: InfobipConfig,
  secrets: ['apiKey', 'password', 'webhookSecrets'],
  // Not all do: seen reports name the message only.
  echoesCorrelation: false,
  baseUrl: baseUrlOf,
  webhookSettings: (config) => ({ header: webhookHeaderOf(config) }),
  receipts: infobipReceipts,
  chat: infobipChat,
  templates: infobipTemplates,

  async send(message, config, context) {
    const request = requestFor(message, config, context);
    if ('missing' in request) {
      const failure = request.of === 'account' ? 'account' : 'bug';
      return { outcome: 'rejected', reason: request.missing, failure };
    }
    const { deadlineMs } = message;
    return toResult(await callInfobip({ method: 'POST', ...request, deadlineMs }, config, context));
  },

  async reportConversion(providerMessageId, config, context) {
    const path = `/ct/1/log/end/${encodeURIComponent(providerMessageId)}`;
    const answer = await callInfobip({ method: 'POST', path, body: {} }, config, context);
    return answer.kind === 'ok' ? { told: true } : { unavailable: describe(answer) };
  },

  async diagnose(config, _senders, context) {
    const balance = await callInfobip({ method: 'GET', path: '/account/1/balance' }, config, context);
    const finding = readBalance(balance);
    const sender = config.whatsappSender;
    return finding.ok && sender !== undefined
      ? [finding, await lookAtSender(sender, config, context)]
      : [finding];
  },
});

function readBalance(answer: InfobipAnswer): Finding {
  if (answer.kind === 'ok')
    return { check: 'credentials', ok: true, detail: 'Infobip knows the credentials.' };
  if (answer.kind !== 'error') {
    const detail = `Infobip did not answer as expected: ${describe(answer)}.`;
    return { check: 'reachable', ok: false, detail };
  }
  // A key that may only send is still a key.
  const known = answer.status === 403;
  const detail = known
    ? 'Infobip knows the credentials; they may not read the balance.'
    : `Infobip refused the credentials: ${describe(answer)}.`;
  return { check: 'credentials', ok: known, detail };
}

/** Of other channels' senders there is nothing to ask. */
async function lookAtSender(
  sender: string,
  config: InfobipConfig,
  context: ProviderContext,
): Promise<Finding> {
  const path = templatesPath(sender);
  const answer = await callInfobip({ method: 'GET', path }, config, context);
  const ok = answer.kind === 'ok';
  const detail = ok
    ? `${sender} is a WhatsApp sender of the account.`
    : `The templates of ${sender} could not be read: ${describe(answer)}.`;
  return { check: 'sender', ok, detail };
}
