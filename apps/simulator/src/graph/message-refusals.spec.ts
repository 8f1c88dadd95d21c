import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeComponents, codeMessage, SENDER, SimulatorUnderTest, WABA } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
});

afterEach(() => simulator.stop());

function template(change: Record<string, unknown>) {
  return { template: { ...codeMessage().template, ...change } };
}

const [bodyPart, buttonPart] = codeComponents('012345');

async function logCount(): Promise<number> {
  return (await simulator.control('GET', 'messages')).json.messages.length;
}

describe('a refusal', () => {
  const text = (value: unknown) => ({ type: 'text', text: value });
  const both = (value: unknown) => [
    { type: 'body', parameters: [text(value)] },
    { ...buttonPart, parameters: [text(value)] },
  ];

  const rows: [
    situation: string,
    change: Record<string, unknown>,
    http: number,
    code: number,
    details?: string,
  ][] = [
    ['no messaging_product', { messaging_product: undefined }, 400, 100],
    ['no receiver', { to: undefined }, 400, 100],
    ['a receiver that is no number', { to: 'somebody' }, 400, 131009],
    ['the sender as receiver', { to: '584111111111' }, 400, 131021],
    ['a business-scoped user id', { to: undefined, recipient: 'US.13491208655302741918' }, 400, 131062],
    ['no language code', template({ language: {} }), 400, 100],
    [
      'an unknown template',
      template({ name: 'x' }),
      404,
      132001,
      'template name (x) does not exist in en_US',
    ],
    [
      'a language that is not stored',
      template({ language: { code: 'en' } }),
      404,
      132001,
      'template name (login_code) does not exist in en',
    ],
    [
      'components beside the template',
      { ...template({ components: undefined }), components: codeComponents('1') },
      400,
      132000,
      'body: number of localizable_params (0) does not match the expected number of params (1)',
    ],
    [
      'two body parameters',
      template({ components: [{ type: 'body', parameters: [text('1'), text('2')] }, buttonPart] }),
      400,
      132000,
      'body: number of localizable_params (2) does not match the expected number of params (1)',
    ],
    [
      'no button',
      template({ components: [bodyPart] }),
      400,
      131008,
      'buttons: Button at index 0 of type Url requires a parameter',
    ],
    [
      'the creation object for a button',
      template({ components: [bodyPart, { type: 'BUTTONS', buttons: [] }] }),
      400,
      131008,
      'buttons: Button at index 0 of type Url requires a parameter',
    ],
    [
      'a button without parameters',
      template({ components: [bodyPart, { ...buttonPart, parameters: [] }] }),
      400,
      131008,
      'buttons: Button at index 0 of type Url requires a parameter',
    ],
    [
      'a coupon button',
      template({ components: [bodyPart, { ...buttonPart, sub_type: 'copy_code' }] }),
      400,
      132018,
      'buttons: Button at index 0 must be of type Url',
    ],
    [
      'a button that is not there',
      template({ components: [bodyPart, { ...buttonPart, index: '1' }] }),
      400,
      132018,
    ],
    [
      'a code of 16 characters',
      template({ components: both('1234567890123456') }),
      400,
      132018,
      'body: Parameter at index 0 exceeds the parameter length limit 15',
    ],
    ['a new line in the code', template({ components: both('12\n34') }), 400, 132018],
    ['five spaces in the code', template({ components: both('1     2') }), 400, 132018],
    [
      'a code that is no text',
      template({ components: [{ type: 'body', parameters: [{ type: 'currency' }] }, buttonPart] }),
      400,
      132012,
    ],
    ['an empty code', template({ components: both('') }), 400, 131008],
    ['a picture', { type: 'image', image: {} }, 400, 131051],
  ];

  it.each(rows)('of %s', async (_situation, change, http, code, details) => {
    const { status, json } = await simulator.send(change);

    expect([status, json.error.code]).toEqual([http, code]);
    expect(json.error).toMatchObject({ type: 'OAuthException', fbtrace_id: expect.any(String) });
    expect(json.error.message).toMatch(new RegExp(`^\\(#${code}\\) `));
    if (details) expect(json.error.error_data).toEqual({ messaging_product: 'whatsapp', details });
    expect(await logCount()).toBe(0);
  });

  it('of an unregistered sender, a template under review, paused, disabled', async () => {
    const code = async () => (await simulator.send()).json.error?.code;
    const { id } = (await simulator.graph('GET', `${WABA}/message_templates`)).json.data[0];
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    await simulator.createTemplate({ language: 'es' });
    expect((await simulator.send(template({ language: { code: 'es' } }))).json.error.code).toBe(132001);

    await simulator.control('POST', `templates/${id}/pause`);
    expect(await code()).toBe(132015);
    await simulator.control('POST', `templates/${id}/pause`);
    await simulator.control('POST', `templates/${id}/pause`);
    expect(await code()).toBe(132016);

    await simulator.graph('POST', `${SENDER}/deregister`);
    expect(await code()).toBe(133010);
  });

  it('keeps the order: rights, registration, template, parameters, rate', async () => {
    await simulator.control('PUT', 'behavior', { rates: { pair: true, perSenderPerSecond: 1 } });
    await simulator.send();
    const wrong = template({ name: 'x', components: [] });
    const refusal = async (change: Record<string, unknown>) => (await simulator.send(change)).json.error.code;

    expect(await refusal({})).toBe(130429);
    expect(await refusal(template({ components: [] }))).toBe(132000);
    expect(await refusal(wrong)).toBe(132001);
    await simulator.graph('POST', `${SENDER}/deregister`);
    expect(await refusal(wrong)).toBe(133010);
    expect(
      (await simulator.graph('POST', `${SENDER}/messages`, codeMessage(), 'wrong')).json.error.code,
    ).toBe(190);
  });
});
