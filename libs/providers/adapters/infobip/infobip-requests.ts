import type { Channel, OutboundMessage, ProviderContext } from '../../message-provider.js';
import type { InfobipConfig } from './infobip.config.js';

/** Where a message goes and what is said there; or what of the account or the message is missing. */
export type InfobipRequest = { path: string; body: object } | { missing: string; of: 'account' | 'message' };

type Build = (message: OutboundMessage, config: InfobipConfig, reports: Reports) => InfobipRequest;

/** Where reports go, and the id they come back with. */
interface Reports {
  url?: string;
  id: string;
}

export const CHANNELS_OFFERED = [
  'whatsapp',
  'sms',
  'voice',
  'email',
  'viber',
  'line',
  'kakao',
  'zalo',
] as const satisfies readonly Channel[];

const BUILDERS: Record<(typeof CHANNELS_OFFERED)[number], Build> = {
  whatsapp: ({ to, from, template, code }, _config, reports) =>
    template
      ? {
          path: '/whatsapp/1/message/template',
          body: {
            messages: [
              {
                from: from.address,
                to: digitsOf(to),
                content: {
                  templateName: template.name,
                  language: template.language,
                  templateData: template.category === 'UTILITY' ? utilityData(template) : codeData(code),
                },
                callbackData: reports.id,
                ...(reports.url !== undefined && { notifyUrl: reports.url }),
              },
            ],
          },
        }
      : missing('template'),

  sms: (message, _config, reports) =>
    withText(message, (text) => ({
      path: '/sms/3/messages',
      body: platformBody(message, { text }, reports, validityOf(message)),
    })),

  /** From general knowledge of Infobip's voice API: `validityPeriod` counts minutes there. */
  voice: (message, { voice }, reports) =>
    withText(message, (text) => ({
      path: '/tts/3/advanced',
      body: {
        messages: [
          {
            from: message.from.address,
            destinations: [{ to: digitsOf(message.to) }],
            text: text.replaceAll(message.code, spoken(message.code)),
            language: voice?.language ?? 'en',
            ...(voice?.voiceName !== undefined && { voice: { name: voice.voiceName } }),
            callbackData: reports.id,
            ...(reports.url !== undefined && {
              notifyUrl: reports.url,
              notifyContentType: 'application/json',
            }),
            ...(message.lifeMs !== undefined && {
              validityPeriod: Math.max(1, Math.floor(message.lifeMs / 60_000)),
            }),
          },
        ],
      },
    })),

  /** From general knowledge of Infobip's e-mail API. */
  email: (message, _config, reports) =>
    withText(message, (text) => ({
      path: '/email/4/messages',
      body: {
        messages: [
          {
            sender: message.from.address,
            destinations: [{ to: [{ destination: message.to }] }],
            content: {
              subject: message.content?.subject ?? '',
              text,
              ...(message.content?.html !== undefined && { html: message.content.html }),
            },
            webhooks: webhooksOf(reports),
          },
        ],
      },
    })),

  viber: (message, { viber }, reports) => {
    const { templateId, language } = viber ?? {};
    // The account's template is one for codes; what carries none is said in words.
    if (templateId === undefined || message.link || message.code === '')
      return withText(message, (text) => ({
        path: '/viber/2/messages',
        body: platformBody(message, { type: 'TEXT', text }, reports, validityOf(message)),
      }));
    const content = {
      type: 'TEMPLATE',
      templateId,
      parameters: { pin: message.code },
      language: language ?? 'en',
    };
    return {
      path: '/viber/2/messages',
      body: platformBody(message, content, reports, validityOf(message)),
    };
  },

  /** An Official Notification: boxes, no plain text. `altText` is what the notification of the phone says. */
  line: (message, _config, reports) =>
    withText(message, (text) => ({
      path: '/line/1/messages',
      body: platformBody(
        message,
        {
          altText: text,
          contents: {
            body: { type: 'box', layout: 'vertical', contents: [{ type: 'text', text, wrap: true }] },
          },
        },
        reports,
      ),
    })),

  kakao: (message, { kakao }, reports) =>
    kakao
      ? {
          path: '/kakao-alim/1/messages',
          body: platformBody(
            message,
            {
              type: 'TEMPLATE',
              templateCode: kakao.templateCode,
              text: kakao.text.replaceAll('{code}', () => message.code),
            },
            reports,
            validityOf(message),
          ),
        }
      : { missing: 'kakao_settings_missing', of: 'account' },

  zalo: (message, { zalo }, reports) =>
    zalo
      ? {
          path: '/zalo/2/messages',
          body: platformBody(
            message,
            {
              type: 'TEMPLATE',
              templateName: zalo.templateId,
              templateData: { [zalo.codeParameter]: message.code },
            },
            reports,
          ),
        }
      : { missing: 'zalo_settings_missing', of: 'account' },
};

export function requestFor(
  message: OutboundMessage,
  config: InfobipConfig,
  { webhookUrl }: ProviderContext,
): InfobipRequest {
  const build = (BUILDERS as Partial<Record<Channel, Build>>)[message.channel];
  if (!build) return { missing: 'channel_not_offered', of: 'message' };
  const url = config.webhookPerMessage === false ? undefined : webhookUrl;
  return build(message, config, { id: message.correlationId, ...(url !== undefined && { url }) });
}

/** An authentication template takes the code twice: in the text, and in the button that copies it. */
function codeData(code: string): object {
  return { body: { placeholders: [code] }, buttons: [{ type: 'URL', parameter: code }] };
}

/** Buttons stand in the order of the template; a URL with a variable is always the first. */
function utilityData({
  values = [],
  urlSuffix,
  replyPayloads = [],
}: NonNullable<OutboundMessage['template']>): object {
  const buttons = [
    ...(urlSuffix === undefined ? [] : [{ type: 'URL', parameter: urlSuffix }]),
    ...replyPayloads.map(({ payload }) => ({ type: 'QUICK_REPLY', parameter: payload })),
  ];
  return { body: { placeholders: [...values] }, ...(buttons.length > 0 && { buttons }) };
}

/** The form that all newer channels have in common. */
function platformBody(
  { from, to }: OutboundMessage,
  content: object,
  reports: Reports,
  options?: object,
): object {
  return {
    messages: [
      {
        sender: from.externalId ?? from.address,
        destinations: [{ to: digitsOf(to) }],
        content,
        ...(options && { options }),
        webhooks: webhooksOf(reports),
      },
    ],
  };
}

function webhooksOf({ url, id }: Reports): object {
  return { ...(url !== undefined && { delivery: { url } }), callbackData: id };
}

function validityOf({ lifeMs }: OutboundMessage): object | undefined {
  if (lifeMs === undefined) return undefined;
  const amount = Math.max(1, Math.floor(lifeMs / 1_000));
  return { validityPeriod: { amount, timeUnit: 'SECONDS' } };
}

function withText({ content }: OutboundMessage, build: (text: string) => InfobipRequest): InfobipRequest {
  return content ? build(content.text) : missing('content');
}

function missing(what: string): InfobipRequest {
  return { missing: `${what}_missing`, of: 'message' };
}

/** Digits apart, so that they are read one by one: `1, 2, 3`. */
function spoken(code: string): string {
  return [...code].join(', ');
}

function digitsOf(to: string): string {
  return to.replace(/^\+/, '');
}
