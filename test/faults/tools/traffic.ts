// People who ask for codes and type them in, at a steady rate, and try again when they are told to.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask, type House } from '../../support/house.js';
import type { Oracle } from './oracle.js';

const AGAIN_MS = 250;
const PATIENCE_MS = 90_000;

export interface Traffic {
  /** Lets nobody else in, and waits for those who are. */
  stop(): Promise<void>;
}

let receivers = 0;
/** Canonical, and no two alike in one run. */
export function nextReceiver(): string {
  return `+5255${10_000_000 + receivers++}`;
}

export function startTraffic(
  house: House,
  oracle: Oracle,
  options: { urls: readonly string[]; generator: string; perSecond: number; random: () => number },
): Traffic {
  const { urls, generator, perSecond, random } = options;
  const authorization = `Bearer ${house.demo.apiKey}`;
  const people: Promise<void>[] = [];
  const failures: unknown[] = [];
  let open = true;

  /** Until it is neither refused with 503 nor cut off. A repeat under the same key is the same call. */
  async function insist(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const url = urls[Math.floor(random() * urls.length)]!;
      const headers = { authorization, ...(key && { 'idempotency-key': key }) };
      const answer = await ask(method, url + path, body, headers).catch(() => undefined);
      if (answer) oracle.noteAnswer(answer);
      if (answer && answer.status < 500 && answer.json?.code !== 'idempotency.running') return answer;
      if (performance.now() > end) throw new Error(`${method} was refused for too long: ${answer?.text}`);
      await sleep(AGAIN_MS);
    }
  }

  async function visit(): Promise<void> {
    const receiver = nextReceiver();
    const key = `visit-${receiver}`;
    const id = oracle.noteOpened(
      await insist('POST', '/v1/challenges', { generator, receiver }, key),
      receiver,
    );
    const shown = await insist('GET', `/v1/challenges/${id}/code`);
    if (shown.status !== 200) return;
    const { code } = shown.json as { code: string };
    oracle.noteCode(id, code);
    const mood = random();
    const wrong = code === '000000' ? '000001' : '000000';
    const answers =
      mood < 0.5 ? [code] : mood < 0.8 ? [wrong, code, code] : mood < 0.9 ? Array(7).fill(wrong) : [];
    for (const answer of answers as string[])
      oracle.noteCheck(id, await insist('POST', `/v1/challenges/${id}/check`, { code: answer }));
  }

  const running = (async () => {
    while (open) {
      people.push(visit().catch((error: unknown) => void failures.push(error)));
      await sleep(1_000 / perSecond);
    }
  })();
  return {
    stop: async () => {
      open = false;
      await running;
      await Promise.all(people);
      if (failures.length > 0) throw failures[0];
    },
  };
}
