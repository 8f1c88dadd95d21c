import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePhone } from '#platform/phone';
import { type House, openHouse, until } from '../../support/house.js';
import {
  expectRefusal,
  expectUntouched,
  fastest,
  nextReceiver,
  openChallenge,
  type OpenChallenge,
  type Refusal,
} from './refusals.js';

const phone = (code = 'invalid_phone'): Refusal => ({
  status: 422,
  code: 'receiver.invalid_phone',
  field: ['#/receiver', code],
});
const field = (pointer: string, code: string): Refusal => ({
  status: 422,
  code: 'request.invalid',
  field: [pointer, code],
});
const email: Refusal = {
  status: 422,
  code: 'receiver.invalid_email',
  field: ['#/receiver', 'invalid_email'],
};
const barred: Refusal = { status: 403, code: 'receiver.number_class_not_allowed' };

let house: House;
let generator: string;
let open: OpenChallenge;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
  open = await openChallenge(house, generator);
});
afterAll(() => house.close());

describe('receivers that are refused', () => {
  const fullWidth = [...'+14155552671'].map((sign) =>
    sign === '+' ? sign : String.fromCharCode(sign.charCodeAt(0) + 0xfee0),
  );
  const rows: [id: string, what: string, receiver: unknown, refusal: Refusal][] = [
    ['BI-10', 'none', undefined, field('#/receiver', 'required')],
    ['BI-10', 'empty', '', phone()],
    ['BI-10', 'null', null, field('#/receiver', 'null_not_allowed')],
    ['BI-10', 'a number', 14155552671, field('#/receiver', 'string_required')],
    ['BI-10', 'a list', ['+14155552671'], field('#/receiver', 'string_required')],
    ['BI-10', 'an object', { e164: '+14155552671' }, field('#/receiver', 'string_required')],
    ['BI-11', 'Arabic-Indic digits', '+١٤١٥٥٥٥٢٦٧١', phone()],
    ['BI-11', 'full-width digits', fullWidth.join(''), phone()],
    ['BI-11', 'one full-width digit', '+1415555267１', phone()],
    ['BI-12', 'no plus', '14155552671', phone()],
    ['BI-12', 'an international prefix', '0014155552671', phone()],
    ['BI-12', 'two pluses', '++14155552671', phone()],
    ['BI-12', 'a tel: address', 'tel:+14155552671', phone()],
    ['BI-12', 'letters', '+1415FLOWERS', phone()],
    ['BI-13', 'an extension', '+14155552671;ext=1', phone('extension_not_allowed')],
    ['BI-13', 'an extension, short', '+14155552671 x1', phone('extension_not_allowed')],
    ['BI-14', 'a newline behind', '+14155552671\n', phone()],
    ['BI-14', 'a header behind', '+14155552671\r\nEvil: 1', phone()],
    ['BI-14', 'a space that does not break', '+1\u00a04155552671', phone()],
    ['BI-14', 'a space without width', '+1415\u200b5552671', phone()],
    ['BI-14', 'a change of direction', '\u202e+14155552671', phone()],
    ['BI-14', 'NUL', '+14155552671\u0000', { status: 422, code: 'request.forbidden_character' }],
    ['BI-15', 'a digit too few', '+1415555267', phone()],
    ['BI-15', 'a digit too many', '+141555526711', phone()],
    ['BI-15', 'a country that is none', '+999123456789', phone()],
    ['BI-16', 'premium rate', '+19005551234', barred],
    ['BI-16', 'international premium rate', '+979123456789', barred],
    ['BI-16', 'satellite', '+881612345678', barred],
    ['BI-16', 'toll-free', '+18005551234', barred],
    ['BI-18', '10 KB', `+${'1'.repeat(10_000)}`, field('#/receiver', 'too_long')],
    ['BI-21', 'an e-mail address where the step is WhatsApp', 'ana@example.com', phone()],
    ['BI-21', 'an e-mail address with a header', 'a@x.com\r\nBcc:y@z.com', email],
    ['BI-21', 'two e-mail addresses', 'ana@example.com,bob@example.com', email],
    ['BI-21', 'an e-mail address in another script', 'ana@éxample.com', phone()],
    [
      'BI-21',
      'an e-mail address of 255 characters',
      `${'a'.repeat(243)}@example.com`,
      field('#/receiver', 'too_long'),
    ],
    ['BI-22', 'an e-mail address that looks like a number', '+14155552671@example.com', phone()],
  ];

  it.each(rows)('%s %s', async (_id, _what, receiver, refusal) => {
    const sent = [receiver]
      .flat()
      .map((value) => (typeof value === 'string' ? value.trim() : (JSON.stringify(value) ?? '')));
    const told = sent
      .filter((value) => value.length > 4)
      .flatMap((value) => [value.slice(0, 64), ...(value.match(/\d{6,}/g) ?? [])]);
    await expectUntouched(house, async () => {
      const native = await house.call('POST', '/v1/challenges', { generator, receiver });
      expectRefusal('native', native, refusal, told);
      const messangi = await house.call('POST', `/eyriesgate/v1/2fa/${open.number}/codes`, {
        channel: 'WHATSAPP',
        receiver,
      });
      expectRefusal('messangi', messangi, refusal, told);
    });
  });

  it('BI-13 and BI-11 cannot reach a second counter: spellings of one number share one challenge', async () => {
    const receiver = nextReceiver();
    const spelled = `${receiver.slice(0, 3)} (${receiver.slice(3, 5)}) ${receiver.slice(5, 9)}-${receiver.slice(9)}`;
    const [first, second] = [
      await house.call('POST', '/v1/challenges', { generator, receiver }),
      await house.call('POST', '/v1/challenges', { generator, receiver: spelled }),
    ];
    expect(second.json.id).toBe(first.json.id);
  });

  it('BI-17 a country the account may not send to', async () => {
    const account = `/v1/accounts/${house.demo.accountId}`;
    const refusal = { status: 403, code: 'receiver.destination_not_allowed' };
    expect((await house.call('PATCH', account, { countries: ['MX'] })).status).toBe(200);
    await expectUntouched(house, async () => {
      const receiver = '+14155552671';
      expectRefusal('native', await house.call('POST', '/v1/challenges', { generator, receiver }), refusal, [
        receiver,
      ]);
      const body = { channel: 'WHATSAPP', receiver };
      const messangi = await house.call('POST', `/eyriesgate/v1/2fa/${open.number}/codes`, body);
      expectRefusal('messangi', messangi, refusal, [receiver]);
    });
    expect((await house.call('POST', '/v1/challenges', { generator, receiver: nextReceiver() })).status).toBe(
      201,
    );
    expect((await house.call('PATCH', account, { countries: ['*'] })).status).toBe(200);
  });

  it('BI-18 judges a number of 10 KB in less than 1 ms', async () => {
    const long = `+${'1'.repeat(10_000)}`;
    expect(await fastest(5, () => Promise.resolve(parsePhone(long)))).toBeLessThan(1);
  });
});

describe('fields of a new challenge that are refused', () => {
  const receiver = '+525512348888';
  const rows: [id: string, what: string, fields: object, refusal: Refusal][] = [
    ['BI-19', 'a channel nobody has', { channel: 'fax' }, field('#/channel', 'not_allowed')],
    ['BI-19', 'a channel in capitals', { channel: 'WHATSAPP' }, field('#/channel', 'format')],
    ['BI-19', 'channels as a list', { channel: ['sms', {}] }, field('#/channel', 'string_required')],
    [
      'BI-19',
      'twenty channels',
      { channel: Array(20).fill('whatsapp') },
      field('#/channel', 'string_required'),
    ],
    ['BI-19', 'channels, plural', { channels: ['whatsapp'] }, field('#/channels', 'unknown_field')],
    ...['sms', 'email', 'voice'].map(
      (channel) =>
        [
          'BI-20',
          `${channel}, which this build does not carry`,
          { channel },
          { status: 409, code: 'channel.not_configured' },
        ] as [string, string, object, Refusal],
    ),
    [
      'BI-23',
      'a lifetime of its own: the generator has it',
      { lifeSeconds: 300 },
      field('#/lifeSeconds', 'unknown_field'),
    ],
    ['BI-23', 'a ttl', { ttl: 0 }, field('#/ttl', 'unknown_field')],
    ['BI-24', 'a length of its own', { codeLength: 3 }, field('#/codeLength', 'unknown_field')],
    ['BI-25', 'attempts of its own', { maxAttempts: 0 }, field('#/maxAttempts', 'unknown_field')],
    ['BI-26', 'an unknown field', { foo: 'xyzzy' }, field('#/foo', 'unknown_field')],
    ['BI-26', 'a status of its own', { status: 'approved' }, field('#/status', 'unknown_field')],
    ['BI-26', 'another tenant', { tenant_id: 'ten_xyzzy' }, field('#/tenant_id', 'unknown_field')],
    ['BI-26', 'a field called like a method', { toString: 'xyzzy' }, field('#/toString', 'unknown_field')],
    ['BI-27', 'a locale with a dash', { language: 'xx-YY' }, field('#/language', 'format')],
    ['BI-27', 'a path', { language: '../../etc/passwd' }, field('#/language', 'format')],
    ['BI-27', 'a language of 1 KB', { language: 'e'.repeat(1_024) }, field('#/language', 'format')],
    ['BI-27', 'a language that is a list', { language: ['en'] }, field('#/language', 'string_required')],
    [
      'BI-28',
      'template variables, which an authentication template has not',
      { variables: { name: 'xyzzy' } },
      field('#/variables', 'unknown_field'),
    ],
    ...['123', '12345a', '１２３４５６', '1'.repeat(64)].map(
      (code) =>
        [
          'BI-29',
          `a code of its own (${code.slice(0, 8)}), which this generator does not take`,
          { code },
          { status: 403, code: 'challenge.caller_code_not_allowed' },
        ] as [string, string, object, Refusal],
    ),
    [
      'BI-73',
      '51 keys of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, 1])) },
      field('#/metadata', 'metadata'),
    ],
    [
      'BI-73',
      'a key of 65 characters',
      { metadata: { ['k'.repeat(65)]: 1 } },
      field('#/metadata', 'metadata'),
    ],
    ['BI-73', 'an empty key', { metadata: { '': 1 } }, field('#/metadata', 'metadata')],
    [
      'BI-73',
      'a value of 513 characters',
      { metadata: { a: 'v'.repeat(513) } },
      field('#/metadata', 'metadata'),
    ],
    ['BI-73', 'metadata inside metadata', { metadata: { a: { b: 1 } } }, field('#/metadata', 'metadata')],
    ['BI-73', 'a list in metadata', { metadata: { a: [1] } }, field('#/metadata', 'metadata')],
    ['BI-73', 'metadata that is a list', { metadata: ['a'] }, field('#/metadata', 'metadata')],
    ['BI-73', 'metadata that is text', { metadata: 'a' }, field('#/metadata', 'metadata')],
    [
      'BI-73',
      'null in metadata',
      { metadata: { 'a/b': null } },
      field('#/metadata/a~1b', 'null_not_allowed'),
    ],
    ['BI-44', 'a context that is empty', { context: {} }, field('#/context', 'context')],
    ['BI-44', 'a context of numbers', { context: { amount: 120 } }, field('#/context', 'context')],
    [
      'BI-44',
      'a context of eleven',
      { context: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`k${at}`, 'v'])) },
      field('#/context', 'context'),
    ],
  ];

  it.each(rows)('%s %s', async (_id, _what, fields, refusal) => {
    await expectUntouched(house, async () => {
      const answer = await house.call('POST', '/v1/challenges', { generator, receiver, ...fields });
      expectRefusal('native', answer, refusal, [
        receiver,
        'xyzzy',
        'passwd',
        '12345a',
        '１２３４５６',
        'v'.repeat(20),
      ]);
    });
  });

  it('BI-73 a number beyond every number', async () => {
    const body = `{"generator":"${generator}","receiver":"${receiver}","metadata":{"a":1e400}}`;
    await expectUntouched(house, async () =>
      expectRefusal(
        'native',
        await house.call('POST', '/v1/challenges', body),
        field('#/metadata', 'metadata'),
        [receiver],
      ),
    );
  });

  it('BI-73 takes 50 keys of 64 characters, a value of 512, and keeps them', async () => {
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`k${at}`.padEnd(64, 'x'), 'v'.repeat(at === 0 ? 512 : 9)]),
    );
    const opened = await house.call('POST', '/v1/challenges', {
      generator,
      receiver: nextReceiver(),
      metadata,
    });
    expect(opened.status, opened.text).toBe(201);
    expect((await house.call('GET', `/v1/challenges/${opened.json.id}`)).json.metadata).toEqual(metadata);
  });

  it('BI-71 keeps metadata named like methods as the data they are', async () => {
    const metadata = '{"toString":1,"hasOwnProperty":1,"then":{},"valueOf":"x","toJSON":true,"length":-1}';
    const opened = await house.call(
      'POST',
      '/v1/challenges',
      `{"generator":"${generator}","receiver":"${nextReceiver()}","metadata":${metadata}}`,
    );
    expect(opened.status, opened.text).toBe(201);
    const read = (): ReturnType<House['call']> => house.call('GET', `/v1/challenges/${opened.json.id}`);
    expect((await read()).json.metadata).toEqual(JSON.parse(metadata));
    await until(read, (answer) => answer.json.messages[0].status === 'delivered');
  });

  it('BI-71 tells the mistake beside such metadata, and only that', async () => {
    const body = `{"generator":"${generator}","receiver":"${receiver}","metadata":{"toString":1,"then":{}},"channel":5}`;
    const answer = await house.call('POST', '/v1/challenges', body);
    expectRefusal('native', answer, field('#/channel', 'string_required'), [receiver]);
    expect(answer.json.errors).toHaveLength(1);
  });

  it('BI-27 a language the template has not falls back to the generator’s', async () => {
    const opened = await house.call('POST', '/v1/challenges', {
      generator,
      receiver: nextReceiver(),
      language: 'xx_YY',
    });
    expect(opened.status).toBe(201);
    expect((await house.call('GET', `/v1/challenges/${opened.json.id}`)).json.language).toBe('en');
  });

  it('BI-28 a generator of another tenant, and one that is nobody’s, are told alike', async () => {
    const other = await house.newTenantKey('opening-other');
    const headers = { authorization: `Bearer ${other.key}` };
    await expectUntouched(house, async () => {
      const foreign = await house.call('POST', '/v1/challenges', { generator, receiver }, headers);
      expectRefusal('native', foreign, { status: 404, code: 'generator.not_found' }, [generator, receiver]);
      for (const unknown of [
        'gen_00000000000000000000000000',
        `gen_${open.id.slice(4)}`,
        'x',
        '../../x',
        generator.toUpperCase(),
      ]) {
        const answer = await house.call('POST', '/v1/challenges', { generator: unknown, receiver });
        expect(masked(answer.text)).toBe(masked(foreign.text));
      }
      const path = `/eyriesgate/v1/2fa/${open.number}/codes`;
      const messangi = await house.call('POST', path, { channel: 'WHATSAPP', receiver }, headers);
      expectRefusal('messangi', messangi, { status: 404, code: 'generator.not_found' }, [receiver]);
    });
  });
});

const masked = (text: string): string => text.replace(/"requestId":"[^"]+"/, '');

describe('rules of a generator that are refused', () => {
  const rows: [id: string, name: string, json: string, code: string][] = [
    ...['0', '-1', '5401', '1e400', '"300"', '1.5', 'true', '[300]'].map(
      (json) =>
        [
          'BI-23',
          'lifeSeconds',
          json,
          /^(0|-1)$/.test(json) ? 'too_small' : json === '5401' ? 'too_large' : 'integer_required',
        ] as [string, string, string, string],
    ),
    ['BI-23', 'lifeSeconds', 'null', 'null_not_allowed'],
    ['BI-24', 'codeLength', '3', 'too_small'],
    ['BI-24', 'codeLength', '16', 'too_large'],
    ['BI-24', 'codeLength', '"6"', 'integer_required'],
    ['BI-25', 'maxAttempts', '0', 'too_small'],
    ['BI-25', 'maxAttempts', '11', 'too_large'],
    ['BI-25', 'maxAttempts', 'null', 'null_not_allowed'],
    ['BI-23', 'profile', '"fips"', 'not_allowed'],
    ['BI-44', 'profile', 'null', 'null_not_allowed'],
    ['BI-26', 'id', '"gen_x"', 'unknown_field'],
  ];

  it.each(rows)('%s %s %s', async (_id, name, json, code) => {
    const base = JSON.stringify({
      name: 'refused',
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: open.template }],
    });
    const body = `${base.slice(0, -1)},"${name}":${json}}`;
    await expectUntouched(house, async () => {
      for (const [method, path] of [
        ['POST', '/v1/generators'],
        ['PUT', `/v1/generators/${generator}`],
      ] as const)
        expectRefusal(
          'native',
          await house.call(method, path, body),
          field(`#/${name}`, code),
          ['"fips"'],
          method,
        );
    });
  });

  const messangi: [id: string, name: string, json: string, code: string][] = [
    ...['0', '-1', '91', '1e400', '"15"', '1.5'].map(
      (json) =>
        [
          'BI-23',
          'expirationMinutes',
          json,
          /^(0|-1)$/.test(json) ? 'too_small' : json === '91' ? 'too_large' : 'integer_required',
        ] as [string, string, string, string],
    ),
    ['BI-23', 'expirationMinutes', 'null', 'null_not_allowed'],
    ['BI-24', 'codeLength', '5', 'too_small'],
    ['BI-24', 'codeLength', '11', 'too_large'],
    ['BI-24', 'codeLength', '"6"', 'integer_required'],
    ['BI-19', 'channels', '[]', 'too_few'],
    ['BI-19', 'channels', '[{"type":"WHATSAPP"},{"type":"WHATSAPP"}]', 'too_many'],
    ['BI-26', 'maxAttempts', '99', 'unknown_field'],
  ];

  it.each(messangi)('%s Messangi: %s %s', async (_id, name, json, code) => {
    const fields: Record<string, string> = {
      codeLength: '6',
      expirationMinutes: '10',
      channels: JSON.stringify([
        { type: 'WHATSAPP', address: house.demo.senderAddress, templateId: '1', placeholder: 'code' },
      ]),
      [name]: json,
    };
    const body = `{${Object.entries(fields)
      .map(([key, value]) => `"${key}":${value}`)
      .join(',')}}`;
    await expectUntouched(house, async () => {
      for (const [method, path] of [
        ['POST', '/eyriesgate/v1/2fa'],
        ['PUT', `/eyriesgate/v1/2fa/${open.number}`],
      ] as const)
        expectRefusal('messangi', await house.call(method, path, body), field(`#/${name}`, code), [], method);
    });
  });

  it('BI-28 a template of another tenant, or of nobody', async () => {
    const other = await house.newTenantKey('generator-other');
    const body = (template: string): object => ({
      name: 'refused',
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template }],
    });
    await expectUntouched(house, async () => {
      for (const template of ['tpl_00000000000000000000000000', 'tpl_short', `tpl_${open.id.slice(4)}`])
        expectRefusal(
          'native',
          await house.call('POST', '/v1/generators', body(template)),
          { status: 404, code: 'template.not_found' },
          [template],
        );
      // The sender is looked for first, and it is not theirs either.
      const foreign = await house.call('POST', '/v1/generators', body(open.template), {
        authorization: `Bearer ${other.key}`,
      });
      expectRefusal('native', foreign, field('#/channels/0/sender', 'unknown'), [
        open.template,
        house.demo.senderAddress,
      ]);
    });
  });
});
