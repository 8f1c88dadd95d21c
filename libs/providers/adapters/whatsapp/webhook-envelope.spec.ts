import { describe, expect, it } from 'vitest';
import type { AccountNotice, InboundNotice } from '../../message-provider.js';
import { parseEnvelope } from './webhook-envelope.js';

const WABA = '102290129340398';
const NUMBER = '15550783881';

function change(field: string, value: unknown, id: unknown = WABA): Record<string, unknown> {
  return {
    object: 'whatsapp_business_account',
    entry: [{ id, time: 1750030073, changes: [{ field, value }] }],
  };
}

type News = Omit<AccountNotice, 'kind'>;

/** Meta's own samples, where its pages have one. */
const NEWS: [what: string, field: string, value: Record<string, unknown>, told: News][] = [
  [
    'a ban',
    'account_update',
    { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE', waba_ban_date: 'April 17, 2025' } },
    { event: 'account.banned', data: { reason: 'DISABLED_UPDATE', state: 'DISABLE' } },
  ],
  [
    'a ban to come',
    'account_update',
    { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'SCHEDULE_FOR_DISABLE' } },
    { event: 'account.restricted', data: { reason: 'DISABLED_UPDATE', state: 'SCHEDULE_FOR_DISABLE' } },
  ],
  [
    'the end of a ban',
    'account_update',
    { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } },
    { event: 'account.reinstated', data: { reason: 'DISABLED_UPDATE', state: 'REINSTATE' } },
  ],
  [
    'an account that is gone',
    'account_update',
    { event: 'ACCOUNT_DELETED' },
    { event: 'account.banned', data: { reason: 'ACCOUNT_DELETED' } },
  ],
  [
    'a violation',
    'account_update',
    { event: 'ACCOUNT_VIOLATION', violation_info: { violation_type: 'SCAM' } },
    { event: 'account.restricted', data: { reason: 'ACCOUNT_VIOLATION', violation: 'SCAM' } },
  ],
  [
    'a restriction, in a list',
    'account_update',
    {
      event: 'ACCOUNT_RESTRICTION',
      restriction_info: [
        { restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING', expiration: '1750116480' },
      ],
    },
    {
      event: 'account.restricted',
      data: { reason: 'ACCOUNT_RESTRICTION', restriction: 'RESTRICTED_BIZ_INITIATED_MESSAGING' },
    },
  ],
  [
    'a restriction that says nothing more',
    'account_update',
    { event: 'ACCOUNT_RESTRICTION' },
    { event: 'account.restricted', data: { reason: 'ACCOUNT_RESTRICTION' } },
  ],
  [
    'a PIN that somebody wants to reset',
    'security',
    { display_phone_number: NUMBER, event: 'PIN_RESET_REQUEST', requester: '61555822107539' },
    { event: 'sender.pin_reset_requested', sender: NUMBER, data: { requester: '61555822107539' } },
  ],
  [
    'a number that is written for people',
    'security',
    { display_phone_number: '+1 (555) 078-3881', event: 'PIN_RESET_REQUEST' },
    { event: 'sender.pin_reset_requested', sender: NUMBER },
  ],
  [
    'more throughput',
    'phone_number_quality_update',
    {
      display_phone_number: NUMBER,
      event: 'THROUGHPUT_UPGRADE',
      current_limit: 'TIER_UNLIMITED',
      old_limit: 'TIER_100K',
      max_daily_conversations_per_business: 'TIER_100K',
    },
    {
      event: 'sender.throughput_changed',
      sender: NUMBER,
      messagesPerSecond: 1_000,
      data: {
        reason: 'THROUGHPUT_UPGRADE',
        limit: 'TIER_UNLIMITED',
        previousLimit: 'TIER_100K',
        dailyConversations: 'TIER_100K',
      },
    },
  ],
  ...(['FLAGGED', 'UNFLAGGED'] as const).map((event): (typeof NEWS)[number] => [
    `quality: ${event}`,
    'phone_number_quality_update',
    { display_phone_number: NUMBER, event, current_limit: 'TIER_1K' },
    { event: 'sender.quality_changed', sender: NUMBER, data: { reason: event, limit: 'TIER_1K' } },
  ]),
  ...(['UPGRADE', 'DOWNGRADE', 'ONBOARDING'] as const).map((event): (typeof NEWS)[number] => [
    `a daily limit: ${event}`,
    'phone_number_quality_update',
    { display_phone_number: NUMBER, event, current_limit: 'TIER_10K', old_limit: 'TIER_1K' },
    {
      event: 'account.capability_changed',
      sender: NUMBER,
      data: { reason: event, limit: 'TIER_10K', previousLimit: 'TIER_1K' },
    },
  ]),
  [
    'what the business may do',
    'business_capability_update',
    { max_daily_conversations_per_business: 2000, max_phone_numbers_per_waba: 25 },
    { event: 'account.capability_changed', data: { dailyConversations: 2000, phoneNumbers: 25 } },
  ],
  [
    'what the business may do, as older webhooks spell it',
    'business_capability_update',
    { max_daily_conversation_per_phone: -1, max_phone_numbers_per_business: 2 },
    { event: 'account.capability_changed', data: { dailyConversations: -1, phoneNumbers: 2 } },
  ],
];

describe('news of an account', () => {
  it.each(NEWS)('%s', (_what, field, value, told) => {
    expect(parseEnvelope(change(field, value), { wabaId: WABA })).toEqual({
      notices: [{ kind: 'account', ...told }],
      ignored: 0,
      malformed: 0,
    });
  });

  it('ATK-15 of another account under the same app is not believed', () => {
    for (const [, field, value] of NEWS) {
      for (const other of ['102290129340399', undefined, null, Number(WABA)]) {
        expect(parseEnvelope(change(field, value, other ?? null), { wabaId: WABA })).toEqual({
          notices: [],
          ignored: 1,
          malformed: 0,
        });
      }
    }
  });

  it.each([
    ['an event that is no word', 'account_update', { event: 'You, are banned.' }],
    ['no event', 'account_update', {}],
    ['a ban without its state', 'account_update', { event: 'DISABLED_UPDATE' }],
    ['no event', 'security', { display_phone_number: NUMBER }],
    ['an event in a list', 'phone_number_quality_update', { event: ['FLAGGED'] }],
    ['no limit', 'business_capability_update', { max_daily_conversations_per_business: {} }],
  ])('%s in %s is malformed', (_what, field, value) => {
    expect(parseEnvelope(change(field, value))).toEqual({ notices: [], ignored: 0, malformed: 1 });
  });

  it.each([
    ['account_update', { event: 'PARTNER_ADDED' }],
    ['account_update', { event: 'VOLUME_BASED_PRICING_TIER_UPDATE' }],
    ['account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: '__proto__' } }],
    ['security', { event: 'PIN_CHANGED' }],
    ['phone_number_quality_update', { event: 'hasOwnProperty' }],
    ['account_alerts', { alert_type: 'x' }],
    ['constructor', { event: 'DISABLED_UPDATE' }],
  ])('BI-75 %s %j is counted and ignored', (field, value) => {
    expect(parseEnvelope(change(field, value))).toEqual({ notices: [], ignored: 1, malformed: 0 });
  });

  it('sentences, controls and nested values never come out', () => {
    for (const odd of ['a b', 'x\u0000', '', 'y'.repeat(65), {}, [], true, null, 1.5, 1e300]) {
      for (const [, field, value, { event }] of NEWS) {
        for (const name of Object.keys(value).filter((each) => each !== 'event')) {
          const { notices } = parseEnvelope(change(field, { ...value, [name]: odd }));
          for (const notice of notices as AccountNotice[]) {
            expect([event, 'account.restricted']).toContain(notice.event);
            expect(notice.sender ?? NUMBER).toBe(NUMBER);
            for (const word of Object.values(notice.data ?? {}))
              expect(String(word)).toMatch(/^[\w.:-]{1,64}$/);
          }
        }
      }
    }
  });
});

describe('what a person writes or presses', () => {
  const metadata = { display_phone_number: NUMBER, phone_number_id: '106540352242922' };
  const base = { from: '16505551234', id: 'wamid.IN', timestamp: '1749416383' };
  const messages = (items: unknown, more: object = { metadata }): unknown =>
    change('messages', { messaging_product: 'whatsapp', ...more, messages: items });
  const told = (more: Partial<InboundNotice>): InboundNotice => ({
    kind: 'inbound',
    providerMessageId: 'wamid.IN',
    channel: 'whatsapp',
    from: '+16505551234',
    sender: '106540352242922',
    ...more,
  });

  it.each<[string, object, Partial<InboundNotice>]>([
    ['a text', { type: 'text', text: { body: 'STOP' } }, { text: 'STOP' }],
    [
      'a text that answers a message',
      { type: 'text', text: { body: 'Y' }, context: { from: NUMBER, id: 'wamid.OURS' } },
      { text: 'Y', inReplyTo: 'wamid.OURS' },
    ],
    [
      'a button of a template',
      {
        type: 'button',
        button: { payload: 'DID_NOT_REQUEST_CODE', text: 'I did not' },
        context: { id: 'wamid.OURS' },
      },
      { text: 'I did not', payload: 'DID_NOT_REQUEST_CODE', inReplyTo: 'wamid.OURS' },
    ],
    [
      'an interactive button',
      { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } } },
      { text: 'Yes', payload: 'y' },
    ],
    [
      'a row of a list',
      {
        type: 'interactive',
        interactive: { type: 'list_reply', list_reply: { id: 'r', title: 'Row', description: 'd' } },
      },
      { text: 'Row', payload: 'r' },
    ],
    [
      'somebody without a number',
      { from: 'US.13491208655302741918', type: 'text', text: { body: 'hi' } },
      { from: 'US.13491208655302741918', text: 'hi' },
    ],
    [
      'a changed number',
      { type: 'system', system: { type: 'user_changed_number', wa_id: '1' } },
      { changed: true },
    ],
    [
      'words from a phone that nobody has looked at',
      { type: 'text', text: { body: 'Y' }, identity: { acknowledged: false, hash: 'a' } },
      { text: 'Y', changed: true },
    ],
    [
      'somebody whose id has a member of its own',
      { from: undefined, from_user_id: 'US.13491208655302741918', type: 'text', text: { body: 'hi' } },
      { from: 'US.13491208655302741918', text: 'hi' },
    ],
  ])('%s', (_what, message, expected) => {
    expect(parseEnvelope(messages([{ ...base, ...message }]))).toEqual({
      notices: [told(expected)],
      ignored: 0,
      malformed: 0,
    });
  });

  it('a text of any length is cut where WhatsApp itself would', () => {
    const [notice] = parseEnvelope(
      messages([{ ...base, type: 'text', text: { body: 'x'.repeat(100_000) } }]),
    ).notices;
    expect((notice as InboundNotice).text).toHaveLength(4_096);
  });

  it.each([
    ['an image', { type: 'image', image: { id: '1' } }],
    ['news of a group', { type: 'system', system: { type: 'group_update' } }],
    ['what is said in a group', { type: 'text', text: { body: 'Y' }, group_id: 'HxFY1u' }],
    ['what WhatsApp cannot show', { type: 'unsupported', errors: [{ code: 131051 }] }],
    ['another interactive', { type: 'interactive', interactive: { type: 'nfm_reply' } }],
    ['__proto__', { type: '__proto__' }],
  ])('BI-75 %s is counted and ignored', (_what, message) => {
    expect(parseEnvelope(messages([{ ...base, ...message }]))).toEqual({
      notices: [],
      ignored: 1,
      malformed: 0,
    });
  });

  it('BI-76 one that cannot be read does not take the others with it', () => {
    const good = { ...base, type: 'text', text: { body: 'a' } };
    const bad = [
      null,
      5,
      { ...good, id: undefined },
      { ...good, from: 5 },
      { ...good, type: undefined },
      { ...good, text: {} },
      { ...base, type: 'button', button: {} },
      { ...base, type: 'interactive' },
    ];
    const found = parseEnvelope(messages([good, ...bad, good]));
    expect(found).toMatchObject({ ignored: 0, malformed: bad.length });
    expect(found.notices).toHaveLength(2);
    expect(parseEnvelope(messages([good], {}))).toEqual({ notices: [], ignored: 0, malformed: 1 });
    expect(parseEnvelope(messages('text'))).toEqual({ notices: [], ignored: 0, malformed: 1 });
  });

  it('errors that are about no message are counted, beside what else a change holds', () => {
    const found = parseEnvelope(
      change('messages', {
        metadata,
        statuses: [{ id: 'wamid.A', status: 'sent' }],
        messages: [{ ...base, type: 'text', text: { body: 'a' } }],
        errors: [{ code: 130429 }, { code: 131000 }],
      }),
    );
    expect(found).toMatchObject({
      notices: [{ kind: 'status', sender: '106540352242922' }, { kind: 'inbound' }],
      ignored: 2,
      malformed: 0,
    });
  });
});
