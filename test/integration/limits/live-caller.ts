// A backend with a live key, as the specs of limits need it: it knows the codes it is allowed to see, and guesses wrong.
import { setTimeout as wait } from 'node:timers/promises';
import { SCOPES } from '#tenants';
import { Partitions } from '#platform/partitions';
import { parsePhone } from '#platform/phone';
import { type Answer, type House, until } from '../../support/house.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let receivers = 0;

export class LiveCaller {
  private constructor(
    readonly house: House,
    readonly generator: string,
    private readonly key: string,
  ) {}

  static async of(house: House, rules: Record<string, unknown> = {}): Promise<LiveCaller> {
    const generator = await house.newGenerator({ revealCode: true, ...rules });
    return new LiveCaller(house, generator, await house.newKey('live', SCOPES));
  }

  /** A Mexican mobile number nobody was sent anything at. */
  newReceiver(): string {
    return `+52551${String(4_000_000 + ++receivers)}`;
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.house.call(method, path, body, { authorization: `Bearer ${this.key}` });
  }

  /** Each `about` is a question of its own, so that no live challenge is in the way. */
  open(receiver: string, about: string, more: Record<string, unknown> = {}): Promise<Answer> {
    const { generator } = this;
    return this.call('POST', '/v1/challenges', { generator, receiver, context: { about }, ...more });
  }

  resend(opened: Answer): Promise<Answer> {
    return this.call('POST', `/v1/challenges/${opened.json.id}/resend`);
  }

  async check(opened: Answer, about: string, right: boolean): Promise<Answer> {
    const { json } = await this.call('GET', `/v1/challenges/${opened.json.id}/code`);
    const code = right ? json.code : json.code === '111111' ? '222222' : '111111';
    return this.call('POST', `/v1/challenges/${opened.json.id}/check`, { code, context: { about } });
  }

  /** A guess whose challenge may have ended. */
  guess(opened: Answer, about: string): Promise<Answer> {
    return this.call('POST', `/v1/challenges/${opened.json.id}/check`, {
      code: '000000',
      context: { about },
    });
  }

  /** The receiver's list in history, once it holds what `done` looks for. */
  async history(receiver: string, done: (items: Answer['json'][]) => boolean): Promise<Answer['json'][]> {
    const look = async (): Promise<Answer['json'][]> =>
      (await this.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}&limit=100`)).json
        .items ?? [];
    return until(look, done);
  }

  async timeline(id: string, done: (items: Answer['json'][]) => boolean): Promise<Answer['json'][]> {
    const look = async (): Promise<Answer['json'][]> =>
      (await this.call('GET', `/v1/challenges/${id}/timeline`)).json.items ?? [];
    return until(look, done);
  }

  /** Key of the receiver's record. */
  recordKey(receiver: string): string {
    const { house } = this;
    const to = parsePhone(receiver);
    if (typeof to === 'string') throw new Error(to);
    const partitions = house.api.app.get(Partitions, { strict: false });
    const { partition, ref } = partitions.locate(to.canonical);
    return `${partitions.tag(partition)}lim:${ref}`;
  }

  /** As if the receiver had given so many wrong answers in a row: the field is described in `record.lua`. */
  async setFailures(receiver: string, failures: number, sentBefore = Buffer.alloc(0)): Promise<void> {
    const tenant = this.house.demo.tenantId.slice('ten_'.length);
    const record = Buffer.concat([Buffer.from([0, failures, 0, 0, 0]), sentBefore]);
    await this.house.redis.hset(this.recordKey(receiver), tenant, record);
    await this.house.redis.expire(this.recordKey(receiver), 3_600);
  }

  /** How many messages the provider was handed, once that is `least` and has stopped growing. */
  async delivered(receiver: string, least = 0): Promise<number> {
    let before = -1;
    for (;;) {
      const now = (await this.house.simulated(receiver)).length;
      if (now === before && now >= least) return now;
      before = now;
      await wait(150);
    }
  }
}
