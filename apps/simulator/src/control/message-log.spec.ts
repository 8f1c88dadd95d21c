import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeComponents, codeMessage, SimulatorUnderTest } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
});

afterEach(() => simulator.stop());

function template(change: Record<string, unknown>) {
  return { template: { ...codeMessage().template, ...change } };
}

describe('the log', () => {
  it('pages by seq, takes any spelling of a number, and can be cleared', async () => {
    for (const code of ['1', '2', '3']) await simulator.send(template({ components: codeComponents(code) }));
    const codes = async (query: string) =>
      (await simulator.control('GET', `messages?${query}`)).json.messages.map(
        ({ code }: { code: string }) => code,
      );

    expect(await codes('limit=2')).toEqual(['2', '3']);
    expect(await codes('since=1')).toEqual(['2', '3']);
    expect(await codes('since=0&limit=1')).toEqual(['1']);
    expect(await codes(`to=+52 55 1234 5678`.replaceAll(' ', '%20'))).toEqual(['1', '2', '3']);
    expect(await codes('to=15550001111')).toEqual([]);
    expect((await simulator.control('GET', 'messages?limit=0')).status).toBe(400);

    expect((await simulator.control('DELETE', 'messages')).status).toBe(204);
    expect((await simulator.control('GET', 'messages')).json).toEqual({ messages: [], lastSeq: 3 });
  });
});
