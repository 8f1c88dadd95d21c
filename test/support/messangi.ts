// What the Messangi specs share: a client that knows the paths and nothing else, and the documented bodies.
import { randomBytes } from 'node:crypto';
import { type Answer, ask, type House, until } from './house.js';

export const GENERATORS = '/eyriesgate/v1/2fa';
export const TEMPLATES = '/balerion/v2/whatsapp/templates';

/** A language of a template as the documentation writes it. `minutes` adds the footer. */
export function language(code: string, minutes?: number, body: object = { securityRecomendation: true }) {
  return {
    language: code,
    components: [
      { type: 'BODY', ...body },
      ...(minutes === undefined ? [] : [{ type: 'FOOTER', expirationMinutes: minutes }]),
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' }] },
    ],
  };
}

export function templateBody(...templateLanguages: object[]) {
  return { name: `spec_${randomBytes(6).toString('hex')}`, category: 'AUTHENTICATION', templateLanguages };
}

export function generatorBody(templateId: string, rules: object = {}, channel: object = {}) {
  return {
    codeLength: 6,
    expirationMinutes: 15,
    channels: [{ type: 'WHATSAPP', address: '584111111111', templateId, placeholder: 'code', ...channel }],
    ...rules,
  };
}

/** A caller of the dialect: one key, one spelling of the paths. */
export class MessangiClient {
  constructor(
    private readonly house: House,
    readonly key = house.demo.apiKey,
    private readonly generators = GENERATORS,
    private readonly templates = TEMPLATES,
  ) {}

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(method, this.house.api.url + path, body, { authorization: `Bearer ${this.key}` });
  }

  createTemplate(body: unknown, query = `?wabaId=${this.house.demo.wabaId}`): Promise<Answer> {
    return this.call('POST', `${this.templates}${query}`, body);
  }

  listTemplates(name: string): Promise<Answer> {
    return this.call('GET', `${this.templates}?wabaId=${this.house.demo.wabaId}&name=${name}`);
  }

  /** Creates a template and waits for its approval; answers the templateId of each language. */
  async approvedTemplate(...languages: object[]): Promise<string[]> {
    const body = templateBody(...languages);
    const created = await this.createTemplate(body);
    if (created.status !== 200) throw new Error(`template: ${created.text}`);
    await until(
      () => this.listTemplates(body.name),
      ({ json }) =>
        json.data[0].templateLanguages.every((entry: { status: string }) => entry.status === 'APPROVED'),
      20_000,
    );
    return created.json.data.templateLanguages.map((entry: { id: string }) => entry.id);
  }

  createGenerator(body: unknown): Promise<Answer> {
    return this.call('POST', this.generators, body);
  }

  async newGenerator(templateId: string, rules?: object): Promise<number> {
    const created = await this.createGenerator(generatorBody(templateId, rules));
    if (created.status !== 200) throw new Error(`generator: ${created.text}`);
    return created.json.data.id;
  }

  generator(method: string, id: number | string, body?: unknown): Promise<Answer> {
    return this.call(method, `${this.generators}/${id}`, body);
  }

  send(generator: number | string, receiver: string, channel = 'WHATSAPP'): Promise<Answer> {
    return this.call('POST', `${this.generators}/${generator}/codes`, { channel, receiver });
  }

  async requestId(generator: number, receiver: string): Promise<string> {
    const sent = await this.send(generator, receiver);
    if (sent.status !== 200) throw new Error(`send: ${sent.text}`);
    return sent.json.data.requestId;
  }

  act(generator: number | string, body: object): Promise<Answer> {
    return this.call('PATCH', `${this.generators}/${generator}/codes`, body);
  }

  status(generator: number, requestId: string): Promise<Answer> {
    return this.act(generator, { action: 'status', requestId });
  }

  verify(generator: number, requestId: string, code: string): Promise<Answer> {
    return this.act(generator, { action: 'verify', requestId, code });
  }

  cancel(generator: number, requestId: string): Promise<Answer> {
    return this.act(generator, { action: 'cancel', requestId });
  }
}

/** The code of the n-th message on the receiver's phone. */
export async function codeOnPhone(house: House, receiver: string, nth = 1): Promise<string> {
  const messages = await until(
    () => house.simulated(receiver),
    (found) => found.length >= nth,
  );
  return messages[nth - 1]!.code;
}

/** A code of the same length that is not this one. */
export function otherThan(code: string): string {
  return code.slice(0, -1) + String((Number(code.at(-1)) + 1) % 10);
}
