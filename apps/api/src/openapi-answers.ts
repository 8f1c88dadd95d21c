import type { Challenge, ChallengeState } from '#challenges';
import { KINDS } from '#generators';
import { AUDIT_ACTIONS, EVENT_CATALOGUE } from '#journal';
import { SENDER_STEPS, type TemplateStatus } from '#providers';
import { SCOPES } from '#tenants';
import { ERROR_CATALOGUE } from '#platform/errors';
import type { Reference, Schema } from './openapi-types.js';

// As keys, so that the compiler misses one that is new.
const STATUSES = Object.keys({
  pending: 1,
  approving: 1,
  approved: 1,
  expired: 1,
  locked: 1,
  canceled: 1,
  denied: 1,
  undeliverable: 1,
  refused: 1,
} satisfies Record<ChallengeState, 1>);
const MESSAGE_STATUSES = Object.keys({
  queued: 1,
  sending: 1,
  accepted: 1,
  sent: 1,
  delivered: 1,
  read: 1,
  failed: 1,
  unknown: 1,
  dropped: 1,
} satisfies Record<Challenge['messages'][number]['state'], 1>);
const TEMPLATE_STATUSES = Object.keys({
  pending: 1,
  approved: 1,
  rejected: 1,
  paused: 1,
  disabled: 1,
  deleted: 1,
} satisfies Record<TemplateStatus, 1>);

/** Every member is always there, but for those named in `optional`. */
function record(
  properties: Record<string, Schema | Reference>,
  optional: readonly string[] = [],
  extra: Schema = {},
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false, ...extra };
}

const ref = (name: string): Reference => ({ $ref: `#/components/schemas/${name}` });
const list = (items: Schema | Reference): Schema => ({ type: 'array', items });
const text = (example: string): Schema => ({ type: 'string', example });
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });
const count = (example: number): Schema => ({ type: 'integer', minimum: 0, example });
const flag: Schema = { type: 'boolean' };
const time: Schema = { type: 'string', format: 'date-time', example: '2026-02-06T01:44:37.020Z' };
const id = (prefix: string): Schema => ({
  type: 'string',
  pattern: `^${prefix}_[0-9a-z]{26}$`,
  example: `${prefix}_0123456789abcdefghjkmnpqrs`,
});
const anything: Schema = { type: 'object', additionalProperties: true };

/** The dialect's envelope; `explain` says what happened where there are no data, or warns where there are. */
function envelope(data?: Schema | Reference): Schema {
  return data ? record({ meta: ref('MessangiMeta'), data }) : record({ meta: ref('MessangiMeta') });
}

const TEMPLATE = {
  id: id('tpl'),
  account: id('acc'),
  name: text('login_code'),
  category: oneOf('AUTHENTICATION', 'UTILITY'),
  createdAt: time,
  languages: list(ref('TemplateLanguage')),
};

const ENDPOINT = {
  id: id('whe'),
  url: text('https://shop.example/countersign'),
  description: text('orders, production'),
  events: list(text('challenge.*')),
  format: { ...text('cloudevents'), description: 'Whose words: ours, or those of a dialect.' },
  generator: { ...id('gen'), description: 'Whose `callbackUrl` it is.' },
  enabled: flag,
  disabledAt: time,
  disabledBecause: oneOf('manual', 'gone', 'failing'),
  failingSince: time,
  createdAt: time,
};
const ENDPOINT_OPTIONAL = ['description', 'generator', 'disabledAt', 'disabledBecause', 'failingSince'];

const DELIVERY = {
  id: id('whd'),
  endpoint: id('whe'),
  event: text('evt_0123456789abcdefghjkmnpqrs-2'),
  type: text('challenge.approved'),
  state: oneOf('pending', 'delivered', 'failed'),
  attempts: { ...count(1), description: 'Since it was last begun: a replay begins anew.' },
  nextAttemptAt: time,
  createdAt: time,
  endedAt: time,
};
const DELIVERY_OPTIONAL = ['nextAttemptAt', 'endedAt'];
const API_KEY = {
  id: id('key'),
  name: text('checkout service'),
  mode: oneOf('live', 'test'),
  scopes: list(oneOf(...SCOPES)),
  networks: list(text('10.20.0.0/16')),
  createdAt: time,
  expiresAt: time,
  revokedAt: time,
  lastUsedAt: { ...time, description: 'To the hour.' },
};
const hash: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const mark: Schema = {
  type: 'string',
  pattern: '^(sha256|hmac-sha256:[0-9a-z]{1,4}):[0-9a-f]{64}$',
  description: 'Of what was there and of what is: equal states have equal marks.',
};

/** The bodies that are answered, by name. A test holds real answers against them. */
export const SCHEMAS: Record<string, Schema> = {
  OpenedChallenge: record(
    {
      id: id('chl'),
      status: oneOf('pending'),
      channel: text('whatsapp'),
      expiresAt: time,
      resendAfter: time,
      attemptsRemaining: count(5),
      sends: count(1),
      channelClass: oneOf('restricted'),
      testNumber: flag,
      matchNumber: { ...text('47'), description: 'Of a link: for the asking browser to show.' },
      bindUrl: {
        ...text('https://countersign.example/p/b/chl_…'),
        description: 'Of a link with returnUrl: the page for the asking browser.',
      },
    },
    ['channelClass', 'testNumber', 'matchNumber', 'bindUrl'],
  ),
  OpenedInbound: record(
    {
      id: id('chl'),
      status: oneOf('pending'),
      kind: oneOf('inbound'),
      token: text('K7QMD-4XWRE'),
      links: record(
        {
          whatsapp: text('https://wa.me/584111111111?text=…'),
          sms: text('sms:+584111111111?body=…'),
          smsApple: text('sms:+584111111111&body=…'),
          viber: text('viber://chat?number=%2B584111111111&draft=…'),
          line: text('https://line.me/R/oaMessage/%40shop/?…'),
          zalo: text('https://zalo.me/4183'),
          kakao: text('https://pf.kakao.com/_shop/chat'),
        },
        ['whatsapp', 'sms', 'smsApple', 'viber', 'line', 'zalo', 'kakao'],
      ),
      qrSvg: { ...text('<svg …>'), description: 'An SVG element that opens the first chat of the plan.' },
      matchNumber: { ...text('47'), description: 'Shown beside the code; the chat asks for it. Of a login.' },
      pageUrl: text('https://countersign.example/p/i/chl_0123456789abcdefghjkmnpqrs.…'),
      expiresAt: time,
      attemptsRemaining: count(2),
    },
    ['matchNumber'],
  ),
  ExchangedApproval: record(
    {
      status: oneOf('pending', 'approved'),
      receivedAt: time,
      receiver: text('+525500000000'),
      channel: text('whatsapp'),
      assurance: oneOf('low', 'medium'),
    },
    ['receivedAt', 'receiver', 'channel', 'assurance'],
  ),
  Consent: record(
    {
      id: id('chl'),
      generator: id('gen'),
      generatorVersion: count(1),
      mode: oneOf('live', 'test'),
      receiver: text('+52550•••0000'),
      channel: text('whatsapp'),
      assurance: oneOf('low', 'medium'),
      messageId: text('wamid.…'),
      wording: text('The shop may write to me about offers, at most once a week.'),
      wordingHash: { ...text('9f86d081…'), description: 'SHA-256 of the wording in UTF-8, hex.' },
      language: text('es_MX'),
      givenAt: time,
      withdrawnAt: time,
      withdrawalMessageId: text('wamid.…'),
    },
    ['receiver', 'language', 'withdrawnAt', 'withdrawalMessageId'],
  ),
  IssuedExchange: record({
    token: text('chl_0123456789abcdefghjkmnpqrs.Jk0Yc2V2ZW50ZWVuIGJ5dA'),
    expiresAt: time,
  }),
  CanceledChallenge: record({
    status: oneOf('canceled'),
    attemptsRemaining: count(4),
    expiresAt: time,
    resendAfter: time,
    sends: count(1),
  }),
  CheckedAnswer: record(
    {
      status: oneOf(...STATUSES),
      valid: flag,
      attemptsRemaining: count(4),
      expiresAt: time,
      resendAfter: time,
      sends: count(1),
      detail: text('The transaction or sign-in could not be confirmed with this answer.'),
    },
    ['detail'],
  ),
  Challenge: record(
    {
      id: id('chl'),
      status: oneOf(...STATUSES),
      reason: text('superseded'),
      kind: oneOf(...KINDS),
      generator: id('gen'),
      generatorVersion: count(1),
      mode: oneOf('live', 'test'),
      purpose: text('authentication'),
      receiver: text('+52550•••0000'),
      received: record({ at: time, channel: text('whatsapp'), assurance: oneOf('low', 'medium') }),
      testNumber: flag,
      language: text('es_MX'),
      metadata: anything,
      openedAt: time,
      expiresAt: time,
      resendAfter: time,
      endedAt: time,
      attemptsRemaining: count(5),
      sends: count(1),
      decision: { ...oneOf('yes', 'no'), description: 'What the receiver of a question replied.' },
      decidedVia: oneOf('button', 'quote', 'text'),
      decidedOn: text('whatsapp'),
      assurance: oneOf('low', 'medium'),
      shown: {
        ...text('dEz1q8…'),
        description:
          'SHA-256, base64url, over the lines id, amount, currency, payee and then the text that they had read.',
      },
      messages: list(ref('Message')),
    },
    [
      'reason',
      'receiver',
      'received',
      'testNumber',
      'language',
      'metadata',
      'resendAfter',
      'endedAt',
      'attemptsRemaining',
      'decision',
      'decidedVia',
      'decidedOn',
      'assurance',
      'shown',
    ],
  ),
  Erasure: record({ id: id('era'), status: oneOf('pending', 'done'), requestedAt: time, completedAt: time }, [
    'completedAt',
  ]),
  Message: record(
    {
      number: count(1),
      channel: text('whatsapp'),
      status: oneOf(...MESSAGE_STATUSES),
      attempts: count(1),
      duplicatePossible: flag,
      reason: text('131026'),
      price: ref('Price'),
    },
    ['reason', 'price'],
  ),
  Price: record({
    micros: { ...count(12_500), description: 'What the provider charges, in millionths of the currency.' },
    currency: text('EUR'),
  }),
  Transition: record(
    {
      sequence: count(1),
      type: text('message.delivered'),
      at: time,
      message: count(1),
      channel: text('whatsapp'),
      account: id('acc'),
      attempt: count(1),
      duplicatePossible: flag,
      providerMessageId: text('wamid.…'),
      route: text('fallback:failed'),
      follows: count(1),
      failures: count(1),
      disclosedTo: id('key'),
      replaces: id('chl'),
      decidedVia: oneOf('button', 'quote', 'text'),
      shown: text('dEz1q8…'),
      assurance: oneOf('low', 'medium'),
      price: ref('Price'),
      reason: text('superseded'),
    },
    [
      'decidedVia',
      'shown',
      'message',
      'channel',
      'account',
      'attempt',
      'duplicatePossible',
      'providerMessageId',
      'route',
      'follows',
      'failures',
      'disclosedTo',
      'replaces',
      'assurance',
      'price',
      'reason',
    ],
  ),
  Generator: record(
    {
      id: id('gen'),
      number: { ...count(250), description: 'Messangi’s id of it.' },
      name: text('login'),
      version: count(1),
      kind: oneOf(...KINDS),
      link: record(
        {
          displayName: text('The Shop'),
          redirectUrls: list(text('https://shop.example/login')),
          exchange: flag,
        },
        ['redirectUrls', 'exchange'],
      ),
      confirm: record(
        {
          wording: {
            type: 'object',
            additionalProperties: { type: 'string' },
            example: { en: 'Did you pay {{amount}} {{currency}} to {{payee}}?' },
          },
          parameters: list(oneOf('amount', 'currency', 'payee', 'minutes')),
          askAgain: count(2),
          expectsAnswer: flag,
        },
        ['wording'],
      ),
      inbound: record(
        {
          purpose: oneOf('login', 'consent'),
          consentText: text('The shop may write to me about offers, at most once a week.'),
          confirmInChat: flag,
        },
        ['consentText', 'confirmInChat'],
      ),
      codeLength: count(6),
      alphabet: oneOf('numeric', 'alphanumeric'),
      lifeSeconds: count(600),
      maxAttempts: count(5),
      resend: record({
        code: oneOf('same', 'rotate'),
        coolDownSeconds: list(count(30)),
        maxMessages: count(5),
      }),
      revealCode: flag,
      strictApproval: flag,
      profile: oneOf('default', 'nist', 'asvs-l2', 'psd2'),
      purposes: list(text('authentication')),
      callerCodes: flag,
      riskAcceptedBy: text('Risk committee, minutes of 2026-03-02'),
      alternative: text('passkeys'),
      callbackUrl: text('https://shop.example/countersign'),
      callbackFormat: {
        ...text('messangi'),
        description: 'Of a generator that was saved through a dialect: whose words its call-backs speak.',
      },
      metadata: anything,
      routing: oneOf('preference', 'conversion'),
      channels: list(
        record(
          {
            channel: text('whatsapp'),
            sender: text('584111111111'),
            template: id('tpl'),
            wording: record(
              { subject: text('Your sign-in code'), text: text('{{code}} is your code to sign in.') },
              ['subject'],
            ),
            language: text('en'),
            webOtpDomain: text('shop.example'),
            androidAppHash: text('K8a/AINcGX7'),
            fallbackAfterSeconds: count(30),
            onUnknown: oneOf('resend', 'failover', 'hold'),
          },
          ['template', 'wording', 'webOtpDomain', 'androidAppHash', 'fallbackAfterSeconds', 'onUnknown'],
        ),
      ),
      createdAt: time,
      warnings: list(text('…')),
    },
    [
      'link',
      'confirm',
      'inbound',
      'purposes',
      'riskAcceptedBy',
      'alternative',
      'callbackUrl',
      'callbackFormat',
      'metadata',
      'warnings',
    ],
  ),
  TestNumber: record({ id: id('tsn'), receiver: text('+1202555****'), endsAt: time, createdAt: time }),
  ApiKey: record(API_KEY, ['revokedAt', 'lastUsedAt']),
  MadeApiKey: record(
    {
      ...API_KEY,
      key: {
        ...text('csk_test_…'),
        description: 'What a caller sends as its bearer token. It is in no other answer.',
      },
    },
    ['revokedAt', 'lastUsedAt'],
  ),
  AuditEvent: record(
    {
      id: text('4711'),
      seq: { ...count(17), minimum: 1, description: 'Its place in the chain.' },
      at: time,
      actor: { ...text('key_0123456789abcdefghjkmnpqrs'), description: 'A key’s id, `cli` or `system`.' },
      action: oneOf(...AUDIT_ACTIONS),
      subject: text('gen_0123456789abcdefghjkmnpqrs'),
      before: mark,
      after: mark,
      requestId: text('mla1b2c3-4d'),
      hash: { ...hash, description: 'SHA-256 over the hash before it and this event.' },
    },
    ['seq', 'before', 'after', 'requestId', 'hash'],
  ),
  AuditKey: record({ kid: text('k1'), publicKey: { type: 'string', pattern: '^[\\w-]{43}$' } }),
  Template: record(TEMPLATE),
  SavedTemplate: record({ ...TEMPLATE, warnings: list(text('en: ttlSeconds lets a message arrive …')) }, [
    'warnings',
  ]),
  TemplateLanguage: record(
    {
      language: text('en'),
      status: oneOf(...TEMPLATE_STATUSES),
      reason: text('INVALID_FORMAT'),
      quality: oneOf('high', 'medium', 'low', 'unknown'),
      providerCategory: {
        ...text('MARKETING'),
        description: 'What the provider files it under, where that is another category.',
      },
      externalId: text('3752812345987345'),
      checkedAt: { ...time, description: 'When the provider last spoke of it.' },
      addSecurityRecommendation: flag,
      codeExpirationMinutes: count(10),
      otpType: oneOf('COPY_CODE', 'ONE_TAP', 'ZERO_TAP'),
      copyCodeButtonText: text('Copy code'),
      autofillButtonText: text('Autofill'),
      supportedApps: list(
        record({ packageName: text('com.example.app'), signatureHash: text('K8a/AINcGX7') }),
      ),
      zeroTapTermsAccepted: flag,
      header: text('Your card'),
      body: text('Hi {{1}}, your card has been sent to you today.'),
      samples: list(text('Nick')),
      footer: text('Shop'),
      buttons: list(
        record(
          {
            type: oneOf('QUICK_REPLY', 'PHONE_NUMBER', 'URL'),
            text: text('Contact Us'),
            phoneNumber: text('+441123456789'),
            url: text('https://shop.example/orders/{{1}}'),
            example: text('https://shop.example/orders/A-17'),
          },
          ['phoneNumber', 'url', 'example'],
        ),
      ),
      ttlSeconds: { type: 'integer', example: 600 },
    },
    [
      'reason',
      'quality',
      'providerCategory',
      'addSecurityRecommendation',
      'codeExpirationMinutes',
      'otpType',
      'copyCodeButtonText',
      'autofillButtonText',
      'supportedApps',
      'zeroTapTermsAccepted',
      'header',
      'body',
      'samples',
      'footer',
      'buttons',
      'ttlSeconds',
    ],
  ),
  TemplatePreview: record(
    {
      language: text('en'),
      header: text('Your card'),
      body: text('*{{1}}* is your verification code.'),
      footer: text('This code expires in 10 minutes.'),
      buttons: list(text('Copy code')),
      source: oneOf('provider', 'preset', 'content'),
      textLanguage: { ...text('en'), description: 'Of the text, where none in the language is known.' },
    },
    ['header', 'footer', 'textLanguage'],
  ),
  TemplateAdoption: record({
    adopted: list(ref('Template')),
    changed: { ...count(1), description: 'Languages of which something else was written down.' },
    skipped: list(
      record({
        name: text('summer_sale'),
        language: text('en'),
        category: text('MARKETING'),
        why: oneOf('category', 'content', 'name'),
      }),
    ),
  }),
  TemplateEvent: record({
    id: text('42'),
    at: time,
    type: oneOf(
      'template.approved',
      'template.rejected',
      'template.paused',
      'template.disabled',
      'template.deleted',
      'template.quality_changed',
      'template.recategorised',
    ),
    subject: id('tpl'),
    data: anything,
  }),
  Account: record(
    {
      id: id('acc'),
      name: text('whatsapp-main'),
      provider: text('meta-cloud'),
      channels: list(text('whatsapp')),
      simulator: { ...flag, description: 'Its base URL is that of the simulator.' },
      config: { ...anything, description: 'Secrets show their last four characters only.' },
      countries: list(text('MX')),
      senders: list(
        record(
          {
            id: id('snd'),
            channel: text('whatsapp'),
            address: text('584111111111'),
            externalId: text('200000000000001'),
          },
          ['externalId'],
        ),
      ),
      webhook: {
        type: 'object',
        description: 'What to paste at the provider.',
        properties: { url: text('https://countersign.example/webhooks/meta-cloud/acc_…') },
        required: ['url'],
        additionalProperties: { type: 'string' },
      },
    },
    ['webhook'],
  ),
  Sender: record(
    {
      id: id('snd'),
      account: id('acc'),
      provider: text('meta-cloud'),
      channel: text('whatsapp'),
      address: text('584111111111'),
      externalId: text('200000000000001'),
      administered: { ...flag, description: 'False where nothing about it can be set up.' },
      registered: flag,
      verified: flag,
      seenAt: { ...time, description: 'When the provider last told the two before.' },
      name: text('Countersign demo'),
      quality: oneOf('high', 'medium', 'low', 'unknown'),
      messagesPerSecond: count(80),
      pinSetAt: time,
      pinDueAt: { ...time, description: '90 days after it was set.' },
      pinStored: flag,
      registrationCalls: record({ left: count(10), nextAt: time }, ['nextAt']),
      missing: list(oneOf(...SENDER_STEPS)),
      unknown: list(oneOf(...SENDER_STEPS)),
    },
    [
      'externalId',
      'registered',
      'verified',
      'seenAt',
      'name',
      'quality',
      'messagesPerSecond',
      'pinSetAt',
      'pinDueAt',
      'pinStored',
      'registrationCalls',
      'missing',
      'unknown',
    ],
  ),
  ProviderNumber: record(
    {
      externalId: text('200000000000001'),
      address: text('584111111111'),
      name: text('Countersign demo'),
      registered: flag,
      verified: flag,
    },
    ['name', 'registered', 'verified'],
  ),
  Event: record({
    id: text('42'),
    at: time,
    type: text('sender.pin_set'),
    subject: text('snd_0123456789abcdefghjkmnpqrs'),
    data: anything,
  }),
  Diagnosis: record({
    ok: flag,
    findings: list(
      record(
        {
          check: oneOf('credentials', 'permissions', 'expiry', 'sender', 'reachable'),
          ok: flag,
          detail: text('The token is valid.'),
          expiresAt: { type: 'integer', description: 'Of `expiry`: epoch milliseconds.' },
        },
        ['expiresAt'],
      ),
    ),
  }),
  Limits: record(
    {
      limits: list(
        record({
          limit: text('sends.ip'),
          requirement: text('FR-04'),
          counts: text('messages asked for from one IPv4 address or one IPv6 /64'),
          mode: oneOf('enforce', 'shadow', 'off'),
          windows: list(record({ most: count(10), seconds: count(600), maximum: count(1000) })),
          changeable: flag,
        }),
      ),
      voiceCountries: list(text('MX')),
      budgets: list(
        record(
          {
            channel: text('whatsapp'),
            period: oneOf('day', 'month'),
            unit: oneOf('messages', 'money'),
            currency: text('USD'),
            most: count(10_000),
            assumedMicros: count(50_000),
          },
          ['channel', 'currency', 'assumedMicros'],
        ),
      ),
      score: anything,
    },
    ['score'],
  ),
  LimitEvent: record({
    id: text('42'),
    at: time,
    type: text('limit.refused'),
    times: count(1),
    data: { type: 'object', additionalProperties: { type: 'string' } },
  }),
  Switch: record(
    {
      id: id('swi'),
      scope: oneOf('global', 'tenant', 'channel', 'country', 'prefix', 'account'),
      target: text('MX'),
      reason: text('pumping seen since noon'),
      until: time,
      createdAt: time,
    },
    ['target', 'until'],
  ),
  CloudEvent: record(
    {
      specversion: oneOf('1.0'),
      id: { ...text('evt_0123456789abcdefghjkmnpqrs-2'), description: 'Of a delivery also its webhook-id.' },
      source: text('https://countersign.example'),
      type: { ...oneOf(...Object.keys(EVENT_CATALOGUE)), example: 'challenge.approved' },
      subject: text('chl_0123456789abcdefghjkmnpqrs'),
      time,
      datacontenttype: oneOf('application/json'),
      dataschema: text('urn:countersign:event:challenge.approved:1'),
      tenant: id('ten'),
      data: { ...anything, description: 'By type: docs/events.md.' },
    },
    [],
    { description: 'CloudEvents 1.0, in the structured form.' },
  ),
  WebhookEndpoint: record(ENDPOINT, ENDPOINT_OPTIONAL),
  NewWebhookEndpoint: record({ ...ENDPOINT, secret: text('whsec_…') }, ENDPOINT_OPTIONAL),
  WebhookSecret: record(
    {
      secret: text('whsec_…'),
      setAt: time,
      previousUntil: { ...time, description: 'Until then the one before signs beside it.' },
    },
    ['previousUntil'],
  ),
  WebhookDelivery: record(DELIVERY, DELIVERY_OPTIONAL),
  LoggedWebhookDelivery: record(
    {
      ...DELIVERY,
      log: list(
        record(
          {
            number: count(1),
            at: time,
            milliseconds: count(87),
            status: { type: 'integer', example: 204 },
            reason: text('timeout'),
          },
          ['status', 'reason'],
        ),
      ),
      contentType: text('application/cloudevents+json; charset=utf-8'),
      body: { ...text('{"specversion":"1.0", …}'), description: 'As it would be posted now; 8 KB at most.' },
    },
    [...DELIVERY_OPTIONAL, 'contentType', 'body'],
  ),
  FieldError: record(
    {
      pointer: {
        ...text('#/receiver'),
        description: 'JSON pointer into the body, or a query parameter’s name.',
      },
      code: text('required'),
      detail: text('receiver is required'),
    },
    ['detail'],
  ),
  Problem: record(
    {
      type: text('urn:countersign:error:challenge.not_found'),
      title: text('There is no such challenge.'),
      status: { type: 'integer', minimum: 400, maximum: 599, example: 404 },
      detail: { type: 'string' },
      code: { ...oneOf(...Object.keys(ERROR_CATALOGUE)), example: 'challenge.not_found' },
      requestId: text('mla1b2c3-4d'),
      errors: list(ref('FieldError')),
    },
    ['detail', 'requestId', 'errors'],
    {
      additionalProperties: true,
      description:
        'RFC 9457. Further members belong to the code, such as `state` and `reason` of an ended challenge.',
    },
  ),

  MessangiMeta: record(
    {
      timestamp: { type: 'integer', description: 'Epoch milliseconds.', example: 1707177081141 },
      transactionId: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}$', example: '395b2ac9-1046' },
      explain: text('valid code'),
    },
    ['explain'],
  ),
  MessangiFailure: record({
    meta: ref('MessangiMeta'),
    errors: record({
      reason: text('invalid code'),
      details: {
        type: 'object',
        properties: { code: text('CODE_INVALID'), fields: list(ref('FieldError')) },
        required: ['code'],
        additionalProperties: true,
        example: { code: 'CODE_INVALID', attemptsRemaining: 4 },
      },
    }),
  }),
  MessangiGenerator: record(
    {
      id: count(250),
      codeLength: count(6),
      expirationMinutes: count(15),
      channels: list(
        record(
          {
            placeholder: text('code'),
            address: text('584111111111'),
            templateId: text('3752812345987345'),
            shortcode: text('50001'),
            from: text('codes@example.com'),
            text: text('Your code is {{code}}'),
            type: oneOf('WHATSAPP', 'SMS', 'EMAIL'),
          },
          ['address', 'templateId', 'shortcode', 'from', 'text'],
        ),
      ),
      callbackUrl: text('https://shop.example/countersign'),
    },
    ['callbackUrl'],
  ),
  MessangiTemplate: record({
    wabaId: {
      description: 'A number, as documented; text when it is beyond what a number can hold.',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
      example: 11234567232528,
    },
    name: text('elipackage_authentication'),
    category: oneOf('AUTHENTICATION'),
    templateLanguages: list(
      record(
        {
          id: { ...text('37587656784131'), description: 'The templateId of a generator.' },
          language: text('en'),
          status: oneOf(...TEMPLATE_STATUSES.map((status) => status.toUpperCase())),
          rejectedReason: text('INVALID_FORMAT'),
          components: list(anything),
        },
        ['status', 'rejectedReason'],
      ),
    ),
  }),
  MessangiStatus: record({
    id: count(534),
    userID: text('+525500000000'),
    token: {
      type: 'string',
      nullable: true,
      example: null,
      description: 'The code, for a test key on the simulator or where revealCode allows it; null otherwise.',
    },
    requestID: { type: 'string', format: 'uuid' },
    expirationDate: { ...text('2026-02-06T01:44:37.020949'), description: 'UTC, microseconds, no zone.' },
    validationDate: { type: 'string', nullable: true, example: null },
    validationChannel: oneOf('WHATSAPP', 'SMS', 'EMAIL'),
    status: oneOf('PENDING', 'VALIDATED', 'EXPIRED', 'CANCELED', 'FAILED'),
  }),
};

const items = (name: string): Schema => record({ items: list(ref(name)) });

/** What a call that succeeds answers, by operationId. */
interface Answer {
  description: string;
  /** JSON unless said. */
  type?: string;
  schema: Schema | Reference;
}

export const ANSWERS: Record<string, Answer> = {
  challengesOpen: {
    description: 'Opened; the message is on its way, or the person is awaited.',
    schema: { oneOf: [ref('OpenedChallenge'), ref('OpenedInbound')] },
  },
  consentsList: {
    description: 'A page, newest first.',
    schema: record({ items: list(ref('Consent')), nextCursor: text('…') }, ['nextCursor']),
  },
  consentsExport: {
    description: 'Each consent on a line of its own, newest first, receivers in clear.',
    type: 'application/x-ndjson',
    schema: { type: 'string' },
  },
  keysCreate: { description: 'Made; its text is shown this once.', schema: ref('MadeApiKey') },
  keysList: { description: 'All of them, oldest first.', schema: items('ApiKey') },
  keysGet: { description: 'The key.', schema: ref('ApiKey') },
  keysRotate: { description: 'The new key; its text is shown this once.', schema: ref('MadeApiKey') },
  auditList: { description: 'A page, newest first.', schema: items('AuditEvent') },
  auditExport: {
    description:
      'One JSON object a line: a head, rows and checkpoints in order, a signed end. See docs/audit.md.',
    schema: { type: 'string' },
    type: 'application/x-ndjson',
  },
  auditKeys: { description: 'Those of the ring, the one that signs first.', schema: items('AuditKey') },
  challengesList: {
    description: 'A page, newest first.',
    schema: record({ items: list(ref('Challenge')), nextCursor: text('…') }, ['nextCursor']),
  },
  challengesGet: { description: 'The challenge as it is now.', schema: ref('Challenge') },
  challengesTimeline: {
    description: 'Every transition, the first one first.',
    schema: record({ items: list(ref('Transition')) }),
  },
  challengesCode: { description: 'The code.', schema: record({ code: text('123456') }) },
  exchangesIssue: {
    description:
      'The token, which only this answer shows; or, of the kind inbound, nothing yet or who it was.',
    schema: { oneOf: [ref('IssuedExchange'), ref('ExchangedApproval')] },
  },
  exchangesRedeem: { description: 'The challenge that it stood for.', schema: ref('Challenge') },
  challengesCheck: { description: 'Right or wrong, the answer was compared.', schema: ref('CheckedAnswer') },
  challengesResend: { description: 'Another message is on its way.', schema: ref('OpenedChallenge') },
  challengesCancel: { description: 'It is canceled.', schema: ref('CanceledChallenge') },
  erasuresErase: { description: 'Taken; the worker does it.', schema: ref('Erasure') },
  erasuresGet: { description: 'How far it is.', schema: ref('Erasure') },
  receiversUnblock: {
    description: 'What counts in a row begins again.',
    schema: record({
      purpose: text('authentication'),
      failuresInARow: count(0),
      failuresForgotten: count(100),
    }),
  },
  generatorsCreate: { description: 'Created.', schema: ref('Generator') },
  generatorsList: { description: 'All of them, newest first.', schema: items('Generator') },
  generatorsGet: { description: 'The generator.', schema: ref('Generator') },
  generatorsUpdate: { description: 'Its new version.', schema: ref('Generator') },
  testNumbersAdd: { description: 'Added.', schema: ref('TestNumber') },
  testNumbersList: { description: 'All of them, newest first.', schema: items('TestNumber') },
  templatesCreate: { description: 'Submitted to the provider.', schema: ref('SavedTemplate') },
  templatesImport: { description: 'Submitted to the provider.', schema: ref('SavedTemplate') },
  templatesEdit: { description: 'Submitted to the provider again.', schema: ref('SavedTemplate') },
  templatesAdopt: { description: 'What is ours now.', schema: ref('TemplateAdoption') },
  templatesPreview: { description: 'Each language.', schema: items('TemplatePreview') },
  templatesPreviewOf: { description: 'Each language.', schema: items('TemplatePreview') },
  templatesListEvents: { description: 'A page, newest first.', schema: items('TemplateEvent') },
  templatesList: { description: 'All of them, newest first.', schema: items('Template') },
  templatesGet: { description: 'The template.', schema: ref('Template') },
  templatesSync: { description: 'The template as the provider has it now.', schema: ref('Template') },
  accountsCreate: { description: 'Created.', schema: ref('Account') },
  accountsList: { description: 'All of them.', schema: items('Account') },
  accountsGet: { description: 'The account.', schema: ref('Account') },
  accountsUpdate: { description: 'The account as it is now.', schema: ref('Account') },
  accountsListEvents: { description: 'A page, newest first.', schema: items('Event') },
  sendersList: {
    description: 'All of them; with `account` the other numbers of the provider as well.',
    schema: record({ items: list(ref('Sender')), others: list(ref('ProviderNumber')) }, ['others']),
  },
  sendersGet: { description: 'The sender, and what is missing.', schema: ref('Sender') },
  sendersSetPin: { description: 'The sender with its PIN set.', schema: ref('Sender') },
  sendersRequestCode: { description: 'A code is on its way to the number.', schema: ref('Sender') },
  sendersVerifyCode: { description: 'The sender, verified.', schema: ref('Sender') },
  sendersRegister: { description: 'The sender, registered.', schema: ref('Sender') },
  sendersDeregister: { description: 'The sender, no longer registered.', schema: ref('Sender') },
  sendersListEvents: { description: 'A page, newest first.', schema: items('Event') },
  accountsTest: { description: 'What was looked at, and what is missing.', schema: ref('Diagnosis') },
  limitsGet: { description: 'Every limit as it holds.', schema: ref('Limits') },
  limitsUpdate: { description: 'Every limit as it holds now.', schema: ref('Limits') },
  limitsListEvents: { description: 'A page, newest first.', schema: items('LimitEvent') },
  switchesPut: { description: 'Switched off.', schema: ref('Switch') },
  switchesList: { description: 'Those in force, newest first.', schema: items('Switch') },
  eventsList: {
    description: 'A page, oldest first; `next` is where to go on, `more` whether there is more already.',
    schema: record({ items: list(ref('CloudEvent')), next: text('4711'), more: flag }),
  },
  webhookEndpointsCreate: {
    description: 'Created; the secret is shown this once.',
    schema: ref('NewWebhookEndpoint'),
  },
  webhookEndpointsList: { description: 'All of them, newest first.', schema: items('WebhookEndpoint') },
  webhookEndpointsGet: { description: 'The endpoint.', schema: ref('WebhookEndpoint') },
  webhookEndpointsUpdate: { description: 'The endpoint as it is now.', schema: ref('WebhookEndpoint') },
  webhookEndpointsRotateSecret: { description: 'The new secret.', schema: ref('WebhookSecret') },
  webhookEndpointsTest: { description: 'On its way.', schema: ref('WebhookDelivery') },
  webhookEndpointsReplay: {
    description: 'On their way; with `next` there are more.',
    schema: record({ replayed: count(2), next: text('4711') }, ['next']),
  },
  webhookEndpointsListDeliveries: { description: 'A page, newest first.', schema: items('WebhookDelivery') },
  webhookDeliveriesGet: { description: 'The delivery.', schema: ref('LoggedWebhookDelivery') },
  webhookDeliveriesReplay: { description: 'On its way again.', schema: ref('WebhookDelivery') },
  callbackSecretGet: { description: 'The secret.', schema: ref('WebhookSecret') },
  callbackSecretRotate: { description: 'The new secret.', schema: ref('WebhookSecret') },
  messangi2faCreate: { description: 'Created.', schema: envelope(ref('MessangiGenerator')) },
  messangi2faList: { description: 'All of them.', schema: envelope(list(ref('MessangiGenerator'))) },
  messangi2faGet: { description: 'The generator.', schema: envelope(ref('MessangiGenerator')) },
  messangi2faUpdate: {
    description: 'The generator as it is now.',
    schema: envelope(ref('MessangiGenerator')),
  },
  messangi2faDelete: { description: 'Deleted.', schema: envelope() },
  messangi2faSend: {
    description: 'The code is on its way.',
    schema: envelope(record({ requestId: { type: 'string', format: 'uuid' } })),
  },
  messangi2faAct: {
    description: '`status` answers data; `verify` and `cancel` say in meta.explain that it was done.',
    schema: { oneOf: [envelope(ref('MessangiStatus')), envelope()] },
  },
  messangiTemplatesCreate: { description: 'Submitted.', schema: envelope(ref('MessangiTemplate')) },
  messangiTemplatesList: { description: 'All of them.', schema: envelope(list(ref('MessangiTemplate'))) },
};
