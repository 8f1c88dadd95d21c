import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatorUnderTest, WABA } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
});

afterEach(() => simulator.stop());

async function list(query = '') {
  return (await simulator.graph('GET', `${WABA}/message_templates${query}`)).json;
}

describe('what Graph stores', () => {
  it('is preset text and a URL button in place of the OTP button', async () => {
    const { id } = (await simulator.createTemplate({ name: 'otp', language: 'en' })).json;

    expect((await simulator.graph('GET', id)).json).toEqual({
      name: 'otp',
      parameter_format: 'POSITIONAL',
      language: 'en',
      status: 'APPROVED',
      category: 'AUTHENTICATION',
      id,
      components: [
        {
          type: 'BODY',
          text: '*{{1}}* is your verification code. For your security, do not share this code.',
          add_security_recommendation: true,
          example: { body_text: [['123456']] },
        },
        { type: 'FOOTER', text: 'This code expires in 5 minutes.', code_expiration_minutes: 5 },
        {
          type: 'BUTTONS',
          buttons: [
            {
              type: 'URL',
              text: 'Copy Code',
              url: 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code_expiration_minutes=5&code=otp{{1}}',
              example: [
                'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code_expiration_minutes=5&code=otp123456',
              ],
            },
          ],
        },
      ],
    });
  });

  it('leaves the minutes out of the URL when there is no footer, and localises the button', async () => {
    const components = [
      { type: 'BODY' },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ];
    await simulator.createTemplate({ language: 'es_MX', components });

    const [template] = (await list()).data;

    expect(template.components).toHaveLength(2);
    expect(template.components[0].text).toBe('Tu código de verificación es *{{1}}*.');
    expect(template.components[1].buttons[0]).toMatchObject({
      text: 'Copiar código',
      url: 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}',
    });
  });

  it('carries the app of a one-tap button in the URL', async () => {
    const supported_apps = [{ package_name: 'com.example.app', signature_hash: 'K8a/AINcGX7' }];
    const button = { type: 'OTP', otp_type: 'ONE_TAP', supported_apps };
    await simulator.createTemplate({
      components: [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [button] }],
    });

    const [template] = (await list()).data;

    expect(template.components[1].buttons[0].url).toContain(
      'package_name=com.example.app&signature_hash=K8a%2FAINcGX7',
    );
  });
});

describe('listing', () => {
  it('pages by cursors until `next` is absent', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await simulator.createTemplate({ name });
    const names: string[] = [];
    let path: string | undefined = `/v23.0/${WABA}/message_templates?limit=2&fields=name`;
    let pages = 0;
    while (path) {
      const { json } = await simulator.call('GET', path, undefined, {
        authorization: 'Bearer simulator-access-token',
      });
      expect(json.paging.cursors).toEqual({ before: expect.any(String), after: expect.any(String) });
      names.push(...json.data.map(({ name }: { name: string }) => name));
      path = json.paging.next?.replace(simulator.url, '');
      pages += 1;
    }

    expect([pages, names]).toEqual([3, ['e', 'd', 'c', 'b', 'a']]);
  });

  it('spells cursors as Graph does', async () => {
    await simulator.createTemplate();
    expect((await list()).paging).toEqual({ cursors: { before: 'MAZDZD', after: 'MAZDZD' } });
  });

  it('selects fields, always with the id, and refuses unknown ones', async () => {
    await simulator.createTemplate();

    const [template] = (await list('?fields=status,quality_score{score,date}')).data;
    expect(Object.keys(template).sort()).toEqual(['id', 'quality_score', 'status']);
    expect((await list('?fields=colour')).error).toMatchObject({ code: 100 });
  });

  it('filters', async () => {
    await simulator.createTemplate({ name: 'one' });
    await simulator.createTemplate({ name: 'two', language: 'es' });
    const names = async (query: string) => (await list(query)).data.map(({ name }: { name: string }) => name);

    expect(await names('?name=two')).toEqual(['two']);
    expect(await names('?language=en_US')).toEqual(['one']);
    expect(await names('?status=pending')).toEqual([]);
    expect(await names('?category=authentication&name_or_content=verifica')).toEqual(['two', 'one']);
  });
});

describe('many languages at once', () => {
  const request = {
    name: 'login_code',
    languages: ['en_US', 'es_ES', 'fr'],
    category: 'AUTHENTICATION',
    components: [
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 10 },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ],
  };
  const upsert = (change = {}) =>
    simulator.graph('POST', `${WABA}/upsert_message_templates`, { ...request, ...change });

  it('creates what is missing and updates what exists', async () => {
    const { id } = (await simulator.createTemplate()).json;

    const { status, json } = await upsert();

    expect(status).toBe(200);
    expect(json.data.map(({ language }: { language: string }) => language)).toEqual(['en_US', 'es_ES', 'fr']);
    expect(json.data[0].id).toBe(id);
    expect((await list('?language=en_US')).data[0].components[1].text).toBe(
      'This code expires in 10 minutes.',
    );
  });

  it.each([
    ['language', { language: 'fr' }],
    [
      'own button texts',
      {
        components: [
          request.components[0],
          { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Go' }] },
        ],
      },
    ],
    ['an unknown language', { languages: ['en_US', 'xx'] }],
    ['no languages', { languages: [] }],
  ])('refuses %s and creates nothing', async (_what, change) => {
    expect((await upsert(change)).status).toBe(400);
    expect((await list()).data).toEqual([]);
  });
});

describe('previews', () => {
  const preview = async (query: string) =>
    (await simulator.graph('GET', `${WABA}/message_template_previews?category=AUTHENTICATION&${query}`)).json
      .data;

  it('show every part asked for, in the languages asked for', async () => {
    const query =
      'languages=en_US,es_ES&add_security_recommendation=true&code_expiration_minutes=10&button_types=OTP';
    expect(await preview(query)).toEqual([
      {
        body: '*{{1}}* is your verification code. For your security, do not share this code.',
        buttons: [{ autofill_text: 'Autofill', text: 'Copy code' }],
        footer: 'This code expires in 10 minutes.',
        language: 'en_US',
      },
      {
        body: 'Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.',
        buttons: [{ autofill_text: 'Autocompletar', text: 'Copiar código' }],
        footer: 'Este código caduca en 10 minutos.',
        language: 'es_ES',
      },
    ]);
  });

  it('show all languages when none is named, and English where there is no translation', async () => {
    const all = await preview('');
    expect(all.length).toBeGreaterThan(90);
    expect(all.find(({ language }: { language: string }) => language === 'zu').body).toContain(
      'is your verification code',
    );
  });
});
