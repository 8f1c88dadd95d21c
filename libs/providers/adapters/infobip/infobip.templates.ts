import {
  asProviderId,
  type AuthenticationContent,
  type ProviderContext,
  type TemplateDraft,
  type TemplateInfo,
  type TemplateResult,
  type Templates,
  type UtilityButton,
  type UtilityContent,
} from '../../message-provider.js';
import { asList, isObject } from '../json.js';
import { callInfobip, describe, type InfobipAnswer, reasonOf } from './infobip-client.js';
import type { InfobipConfig } from './infobip.config.js';
import { readQuality, readTemplateStatus } from './infobip.receipts.js';

const NO_SENDER = 'whatsapp_sender_missing';

export function templatesPath(sender: string, id?: string): string {
  const path = `/whatsapp/2/senders/${encodeURIComponent(sender)}/templates`;
  return id === undefined ? path : `${path}/${encodeURIComponent(id)}`;
}

/** Templates belong to a WhatsApp sender: that of `whatsappSender`. */
export const infobipTemplates: Templates<InfobipConfig> = {
  async create(draft, config, context) {
    const sender = config.whatsappSender;
    if (sender === undefined) return { outcome: 'refused', reason: NO_SENDER };
    const refused = refusalOf(draft);
    if (refused) return refused;
    const { name, language, category } = draft;
    const body = { name, language, category, ...contentOf(draft) };
    return readSaved(
      await callInfobip({ method: 'POST', path: templatesPath(sender), body }, config, context),
    );
  },

  async edit(externalId, draft, config, context) {
    const sender = config.whatsappSender;
    if (sender === undefined) return { outcome: 'refused', reason: NO_SENDER };
    const refused = refusalOf(draft);
    if (refused) return refused;
    const path = templatesPath(sender, externalId);
    const body = { category: draft.category, ...contentOf(draft) };
    return readSaved(await callInfobip({ method: 'PATCH', path, body }, config, context), externalId);
  },

  async list(name, config, context) {
    const sender = config.whatsappSender;
    if (sender === undefined) return { unavailable: NO_SENDER };
    const answer = await callInfobip({ method: 'GET', path: templatesPath(sender) }, config, context);
    if (answer.kind !== 'ok') return { unavailable: describe(answer) };
    const templates = asList(answer.body['templates']).flatMap(readInfo);
    return name === undefined ? templates : templates.filter((template) => template.name === name);
  },

  delete: (name, config, context) => deleteTemplate(name, config, context),
};

async function deleteTemplate(
  name: string,
  config: InfobipConfig,
  context: ProviderContext,
): Promise<{ deleted: true } | { unavailable: string }> {
  if (config.whatsappSender === undefined) return { unavailable: NO_SENDER };
  const path = templatesPath(config.whatsappSender, name);
  const answer = await callInfobip({ method: 'DELETE', path }, config, context);
  return answer.kind === 'ok' ? { deleted: true } : { unavailable: describe(answer) };
}

/** Infobip documents two of the three kinds of code buttons. */
function refusalOf(draft: TemplateDraft): TemplateResult | undefined {
  if (draft.category !== 'AUTHENTICATION') return undefined;
  if (draft.otpType === 'ZERO_TAP')
    return { outcome: 'refused', reason: 'otp_type_not_offered', field: 'otpType' };
  if (draft.otpType === 'ONE_TAP' && draft.supportedApps?.length !== 1)
    return { outcome: 'refused', reason: 'one_supported_app', field: 'supportedApps' };
  return undefined;
}

function contentOf(draft: TemplateDraft): object {
  const { ttlSeconds } = draft;
  return {
    structure: draft.category === 'AUTHENTICATION' ? authenticationStructure(draft) : utilityStructure(draft),
    // -1 is the provider's longest: what it takes when nothing is said.
    ...(ttlSeconds !== undefined &&
      ttlSeconds > 0 && { validityPeriod: { amount: ttlSeconds, timeUnit: 'SECONDS' } }),
  };
}

function authenticationStructure(content: AuthenticationContent): object {
  const { addSecurityRecommendation, codeExpirationMinutes } = content;
  return {
    body: { addSecurityRecommendation },
    ...(codeExpirationMinutes !== undefined && { footer: { codeExpirationMinutes } }),
    buttons: [otpButton(content)],
  };
}

function otpButton({
  otpType,
  copyCodeButtonText,
  autofillButtonText,
  supportedApps,
}: AuthenticationContent): object {
  const text = copyCodeButtonText ?? 'Copy code';
  const app = supportedApps?.[0];
  if (otpType !== 'ONE_TAP' || !app) return { otpType: 'COPY_CODE', text };
  return { otpType, text, autofillText: autofillButtonText ?? 'Autofill', ...app };
}

function utilityStructure({ header, body, samples, footer, buttons }: UtilityContent): object {
  return {
    type: 'TEXT',
    ...(header !== undefined && { header: { format: 'TEXT', text: header } }),
    body: { text: body, ...(samples.length > 0 && { examples: samples }) },
    ...(footer !== undefined && { footer: { text: footer } }),
    ...(buttons.length > 0 && { buttons: buttons.map(utilityButton) }),
  };
}

function utilityButton(button: UtilityButton): object {
  return button.type === 'PHONE_NUMBER'
    ? { ...button, phoneNumber: button.phoneNumber.replace(/^\+/, '') }
    : button;
}

/** The answer to a change may be brief: the id is known then. */
function readSaved(answer: InfobipAnswer, known?: string): TemplateResult {
  if (answer.kind === 'ok') {
    const externalId = asProviderId(answer.body['id']) ?? known;
    if (externalId === undefined) return { outcome: 'unavailable', reason: 'answer_without_id' };
    return { outcome: 'created', externalId, status: readTemplateStatus(answer.body['status']) ?? 'pending' };
  }
  if (answer.kind !== 'error') return { outcome: 'unavailable', reason: describe(answer) };
  const { status, word, field } = answer;
  const reason = reasonOf(word);
  if (status === 409) return { outcome: 'refused', nameTaken: true, reason };
  return status === 400 || status === 422
    ? { outcome: 'refused', reason, ...(field !== undefined && { field }) }
    : { outcome: 'unavailable', reason };
}

/** A row without id, name or language names nothing. */
function readInfo(row: unknown): TemplateInfo[] {
  const externalId = isObject(row) ? asProviderId(row['id']) : undefined;
  if (!isObject(row) || externalId === undefined) return [];
  const { name, language, category } = row;
  if (typeof name !== 'string' || typeof language !== 'string') return [];
  const quality = readQuality(row['quality']);
  return [
    {
      externalId,
      name,
      language,
      category: typeof category === 'string' ? category.toUpperCase() : '',
      status: readTemplateStatus(row['status']) ?? 'pending',
      ...(quality && { quality }),
    },
  ];
}
