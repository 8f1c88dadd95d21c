import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorUnderTest } from '../simulator.fixtures.js';

function buttons(...list: unknown[]) {
  return { type: 'BUTTONS', buttons: list };
}

describe('creating a utility template', () => {
  let simulator: SimulatorUnderTest;

  beforeAll(async () => {
    simulator = await SimulatorUnderTest.start();
  });

  afterAll(() => simulator.stop());

  const text = 'Someone signed in as {{1}} from {{2}} just now.';
  const example = { body_text: [['ana', 'Lima']] };

  const rules: [rule: string, components: unknown, subcode: number | undefined][] = [
    ['a body without examples', [{ type: 'BODY', text }], 2388043],
    [
      'a parameter at the end',
      [{ type: 'BODY', text: 'Your name here is {{1}}', example: { body_text: [['x']] } }],
      2388299,
    ],
    [
      'more parameters than words',
      [{ type: 'BODY', text: 'a {{1}}{{2}}{{3}} b', example: { body_text: [['1', '2', '3']] } }],
      2388293,
    ],
    ['a body over 1024 characters', [{ type: 'BODY', text: 'x'.repeat(1025) }], 2388040],
    [
      'an OTP button',
      [{ type: 'BODY', text, example }, buttons({ type: 'OTP', otp_type: 'COPY_CODE' })],
      undefined,
    ],
  ];

  it.each(rules)('refuses %s', async (_rule, components, subcode) => {
    const { status, json } = await simulator.createTemplate({ category: 'UTILITY', components });

    expect([status, json.error.code, json.error.error_subcode]).toEqual([400, 100, subcode]);
  });

  it('takes body, quick replies, a link and a phone number', async () => {
    const list = [
      { type: 'QUICK_REPLY', text: 'It was me' },
      { type: 'URL', text: 'Review', url: 'https://example.com/{{1}}', example: ['https://example.com/1'] },
      { type: 'PHONE_NUMBER', text: 'Call us', phone_number: '+584111111111' },
    ];

    const components = [{ type: 'BODY', text, example }, buttons(...list)];
    const answer = await simulator.createTemplate({ name: 'alert', category: 'UTILITY', components });

    expect(answer.json).toMatchObject({ status: 'APPROVED', category: 'UTILITY' });
  });
});
