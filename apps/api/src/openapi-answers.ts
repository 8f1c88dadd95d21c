import type { Challenge, ChallengeState } from '#challenges';
import type { TemplateStatus } from '#providers';
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
    },
    ['channelClass', 'testNumber'],
  ),
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
      kind: oneOf('code'),
      generator: id('gen'),
      generatorVersion: count(1),
      mode: oneOf('live', 'test'),
      purpose: text('authentication'),
      receiver: text('+52550•••0000'),
      testNumber: flag,
      language: text('es_MX'),
      metadata: anything,
      openedAt: time,
      expiresAt: time,
      resendAfter: time,
      endedAt: time,
      attemptsRemaining: count(5),
      sends: count(1),
      messages: list(ref('Message')),
    },
    ['reason', 'testNumber', 'language', 'metadata', 'resendAfter', 'endedAt', 'attemptsRemaining'],
  ),
  Message: record(
    {
      number: count(1),
      channel: text('whatsapp'),
      status: oneOf(...MESSAGE_STATUSES),
      attempts: count(1),
      duplicatePossible: flag,
      reason: text('131026'),
    },
    ['reason'],
  ),
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
      reason: text('superseded'),
    },
    [
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
      'reason',
    ],
  ),
  Generator: record(
    {
      id: id('gen'),
      number: { ...count(250), description: 'Messangi’s id of it.' },
      name: text('login'),
      version: count(1),
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
      metadata: anything,
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
            fallbackAfterSeconds: count(30),
            onUnknown: oneOf('resend', 'failover', 'hold'),
          },
          ['template', 'wording', 'fallbackAfterSeconds', 'onUnknown'],
        ),
      ),
      createdAt: time,
      warnings: list(text('…')),
    },
    ['purposes', 'riskAcceptedBy', 'alternative', 'callbackUrl', 'metadata', 'warnings'],
  ),
  TestNumber: record({ id: id('tsn'), receiver: text('+1202555****'), endsAt: time, createdAt: time }),
  Template: record({
    id: id('tpl'),
    account: id('acc'),
    name: text('login_code'),
    category: oneOf('AUTHENTICATION'),
    createdAt: time,
    languages: list(
      record(
        {
          language: text('en'),
          status: oneOf(...TEMPLATE_STATUSES),
          reason: text('INVALID_FORMAT'),
          externalId: text('3752812345987345'),
          addSecurityRecommendation: flag,
          codeExpirationMinutes: count(10),
          copyCodeButtonText: text('Copy code'),
          ttlSeconds: { type: 'integer', example: 600 },
        },
        ['reason', 'codeExpirationMinutes', 'copyCodeButtonText', 'ttlSeconds'],
      ),
    ),
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
  Diagnosis: record({
    ok: flag,
    findings: list(
      record({
        check: oneOf('credentials', 'permissions', 'expiry', 'sender', 'reachable'),
        ok: flag,
        detail: text('The token is valid.'),
      }),
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
  MessangiGenerator: record({
    id: count(250),
    codeLength: count(6),
    expirationMinutes: count(15),
    channels: list(
      record({
        placeholder: text('code'),
        address: text('584111111111'),
        templateId: text('3752812345987345'),
        type: oneOf('WHATSAPP'),
      }),
    ),
  }),
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
export const ANSWERS: Record<string, { description: string; schema: Schema | Reference }> = {
  challengesOpen: { description: 'Opened; the message is on its way.', schema: ref('OpenedChallenge') },
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
  challengesCheck: { description: 'Right or wrong, the answer was compared.', schema: ref('CheckedAnswer') },
  challengesResend: { description: 'Another message is on its way.', schema: ref('OpenedChallenge') },
  challengesCancel: { description: 'It is canceled.', schema: ref('CanceledChallenge') },
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
  templatesCreate: { description: 'Submitted to the provider.', schema: ref('Template') },
  templatesList: { description: 'All of them, newest first.', schema: items('Template') },
  templatesGet: { description: 'The template.', schema: ref('Template') },
  templatesSync: { description: 'The template as the provider has it now.', schema: ref('Template') },
  accountsCreate: { description: 'Created.', schema: ref('Account') },
  accountsList: { description: 'All of them.', schema: items('Account') },
  accountsGet: { description: 'The account.', schema: ref('Account') },
  accountsUpdate: { description: 'The account as it is now.', schema: ref('Account') },
  accountsTest: { description: 'What was looked at, and what is missing.', schema: ref('Diagnosis') },
  limitsGet: { description: 'Every limit as it holds.', schema: ref('Limits') },
  limitsUpdate: { description: 'Every limit as it holds now.', schema: ref('Limits') },
  limitsListEvents: { description: 'A page, newest first.', schema: items('LimitEvent') },
  switchesPut: { description: 'Switched off.', schema: ref('Switch') },
  switchesList: { description: 'Those in force, newest first.', schema: items('Switch') },
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
