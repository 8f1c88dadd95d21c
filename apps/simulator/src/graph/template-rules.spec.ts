import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authTemplate, SimulatorUnderTest, WABA } from '../simulator.fixtures.js';

const body = { type: 'BODY', add_security_recommendation: true };
const footer = { type: 'FOOTER', code_expiration_minutes: 5 };
const app = { package_name: 'com.example.app', signature_hash: 'K8a/AINcGX7' };
const oneTap = { type: 'OTP', otp_type: 'ONE_TAP', supported_apps: [app] };

function buttons(...list: unknown[]) {
  return { type: 'BUTTONS', buttons: list };
}

function withButton(button: unknown) {
  return { components: [body, buttons(button)] };
}

describe('creating an authentication template', () => {
  let simulator: SimulatorUnderTest;

  beforeAll(async () => {
    simulator = await SimulatorUnderTest.start({ approveAfterMs: 60_000 });
  });

  afterAll(() => simulator.stop());

  beforeEach(() => simulator.control('DELETE', 'templates'));

  const accepted: [rule: string, overrides: Record<string, unknown>][] = [
    ['the sample of the contract', {}],
    ['a name of 512 characters', { name: 'a'.repeat(512) }],
    [
      'enums in lower case',
      {
        category: 'authentication',
        components: [
          { type: 'body' },
          { type: 'buttons', buttons: [{ type: 'otp', otp_type: 'copy_code' }] },
        ],
      },
    ],
    ['no footer', { components: [body, buttons({ type: 'OTP', otp_type: 'COPY_CODE' })] }],
    [
      'a footer without minutes',
      { components: [body, { type: 'FOOTER' }, buttons({ type: 'OTP', otp_type: 'COPY_CODE' })] },
    ],
    [
      '90 minutes',
      {
        components: [
          body,
          { type: 'FOOTER', code_expiration_minutes: 90 },
          buttons({ type: 'OTP', otp_type: 'COPY_CODE' }),
        ],
      },
    ],
    [
      'a button text of 25 characters',
      withButton({ type: 'OTP', otp_type: 'COPY_CODE', text: 'x'.repeat(25) }),
    ],
    ['one tap with five apps', withButton({ ...oneTap, supported_apps: Array(5).fill(app) })],
    [
      'zero tap with its terms accepted',
      withButton({ ...oneTap, otp_type: 'ZERO_TAP', zero_tap_terms_accepted: true }),
    ],
    [
      'a package name of 224 characters',
      withButton({ ...oneTap, supported_apps: [{ ...app, package_name: `a.${'b'.repeat(222)}` }] }),
    ],
    ['a time to live of 30 s', { message_send_ttl_seconds: 30 }],
    ['a time to live of 900 s', { message_send_ttl_seconds: 900 }],
    ['a time to live of 30 days, spelled -1', { message_send_ttl_seconds: -1 }],
    ['components as JSON text', { components: JSON.stringify(authTemplate().components) }],
  ];

  it.each(accepted)('takes %s', async (_rule, overrides) => {
    const answer = await simulator.createTemplate(overrides);

    expect(answer.json).toEqual({
      id: expect.stringMatching(/^\d+$/),
      status: 'PENDING',
      category: 'AUTHENTICATION',
    });
    expect(answer.status).toBe(200);
  });

  const otherApp = (change: Record<string, unknown>) =>
    withButton({ ...oneTap, supported_apps: [{ ...app, ...change }] });

  const refused: [rule: string, overrides: Record<string, unknown>, subcode?: number][] = [
    ['no name', { name: undefined }],
    ['an upper-case name', { name: 'Login' }],
    ['a name with a hyphen', { name: 'login-code' }],
    ['a name of 513 characters', { name: 'a'.repeat(513) }],
    ['no language', { language: undefined }],
    ['a language outside the table', { language: 'pt' }],
    ['a language with a hyphen', { language: 'en-US' }],
    ['an unknown category', { category: 'OTP' }],
    ['no components', { components: undefined }],
    ['no body', { components: [buttons({ type: 'OTP', otp_type: 'COPY_CODE' })] }],
    ['two bodies', { components: [body, body, buttons({ type: 'OTP', otp_type: 'COPY_CODE' })] }],
    ['two footers', { components: [body, footer, footer, buttons({ type: 'OTP', otp_type: 'COPY_CODE' })] }],
    [
      'a header',
      { components: [{ type: 'HEADER', format: 'TEXT', text: 'Hi' }, ...authTemplate().components] },
      2388047,
    ],
    [
      'own words in the body',
      { components: [{ ...body, text: 'Your code is {{1}}' }, buttons(oneTap)] },
      2388072,
    ],
    [
      'own words in the footer',
      { components: [body, { ...footer, text: 'Hurry' }, buttons(oneTap)] },
      2388073,
    ],
    [
      'a security flag that is no boolean',
      { components: [{ type: 'BODY', add_security_recommendation: 'yes' }, buttons(oneTap)] },
    ],
    ['0 minutes', { components: [body, { type: 'FOOTER', code_expiration_minutes: 0 }, buttons(oneTap)] }],
    ['91 minutes', { components: [body, { type: 'FOOTER', code_expiration_minutes: 91 }, buttons(oneTap)] }],
    [
      'half a minute',
      { components: [body, { type: 'FOOTER', code_expiration_minutes: 0.5 }, buttons(oneTap)] },
    ],
    ['no buttons', { components: [body] }],
    ['an empty list of buttons', { components: [body, buttons()] }],
    ['two OTP buttons', { components: [body, buttons(oneTap, oneTap)] }],
    ['a button that is not OTP', withButton({ type: 'URL', text: 'Go', url: 'https://example.com' })],
    ['an unknown otp_type', withButton({ type: 'OTP', otp_type: 'THREE_TAP' })],
    [
      'a button text of 26 characters',
      withButton({ type: 'OTP', otp_type: 'COPY_CODE', text: 'x'.repeat(26) }),
      2388040,
    ],
    ['an emoji on the button', withButton({ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy 🔑' }), 2388072],
    [
      'a URL on the button',
      withButton({ type: 'OTP', otp_type: 'COPY_CODE', text: 'https://x.example' }),
      2388072,
    ],
    ['autofill_text on copy code', withButton({ type: 'OTP', otp_type: 'COPY_CODE', autofill_text: 'Fill' })],
    ['an autofill_text of 26 characters', withButton({ ...oneTap, autofill_text: 'x'.repeat(26) }), 2388040],
    ['one tap without apps', withButton({ type: 'OTP', otp_type: 'ONE_TAP' })],
    ['one tap with six apps', withButton({ ...oneTap, supported_apps: Array(6).fill(app) })],
    ['zero tap without terms', withButton({ ...oneTap, otp_type: 'ZERO_TAP' })],
    [
      'zero tap with terms refused',
      withButton({ ...oneTap, otp_type: 'ZERO_TAP', zero_tap_terms_accepted: false }),
    ],
    ['a package name of one segment', otherApp({ package_name: 'example' })],
    ['a package segment that starts with a digit', otherApp({ package_name: 'com.1example' })],
    ['a package name of 225 characters', otherApp({ package_name: `a.${'b'.repeat(223)}` })],
    ['a signature hash of 10 characters', otherApp({ signature_hash: 'K8a/AINcGX' })],
    ['a URL-encoded signature hash', otherApp({ signature_hash: 'K8a%2FAINcGX7' })],
    ['a time to live of 29 s', { message_send_ttl_seconds: 29 }],
    ['a time to live of 901 s', { message_send_ttl_seconds: 901 }],
  ];

  it.each(refused)('refuses %s', async (_rule, overrides, subcode) => {
    const answer = await simulator.createTemplate(overrides);

    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({
      code: 100,
      type: 'OAuthException',
      fbtrace_id: expect.any(String),
    });
    expect(answer.json.error.error_subcode).toBe(subcode);
    expect((await simulator.graph('GET', `${WABA}/message_templates`)).json).toEqual({ data: [] });
  });

  it('takes the app on the button itself up to v20.0 and no later', async () => {
    const template = { ...authTemplate(), ...withButton({ type: 'OTP', otp_type: 'ONE_TAP', ...app }) };
    const path = `${WABA}/message_templates`;
    const headers = { authorization: 'Bearer simulator-access-token' };

    expect((await simulator.call('POST', `/v21.0/${path}`, template, headers)).status).toBe(400);
    expect((await simulator.call('POST', `/v20.0/${path}/`, template, headers)).status).toBe(200);
  });

  it('refuses the same name and language with 2388024, in the full envelope', async () => {
    await simulator.createTemplate();

    const answer = await simulator.createTemplate();

    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      error: {
        message: 'Invalid parameter',
        type: 'OAuthException',
        code: 100,
        error_subcode: 2388024,
        is_transient: false,
        error_user_title: 'Content in This Language Already Exists',
        error_user_msg: expect.stringContaining('en_US'),
        fbtrace_id: expect.stringMatching(/^A[\w-]+$/),
      },
    });
    expect((await simulator.createTemplate({ language: 'en' })).status).toBe(200);
  });

  it('refuses a template beyond the limit of the account with 2388019', async () => {
    await simulator.control('PUT', 'accounts', { wabaId: WABA, templateLimit: 1 });
    await simulator.createTemplate();

    expect((await simulator.createTemplate({ name: 'other' })).json.error.error_subcode).toBe(2388019);
    await simulator.control('PUT', 'accounts', { wabaId: WABA, templateLimit: 6000 });
  });
});
