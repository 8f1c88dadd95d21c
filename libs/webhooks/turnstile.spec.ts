import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.js';

/** Work that goes on until it is told to end. */
function held(): { work: () => Promise<string>; end: (error?: Error) => void } {
  let end!: (error?: Error) => void;
  const over = new Promise<string>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve('over'));
  });
  return { work: () => over, end };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  it('lets in as many as it may, the next in the order they came, and turns away who finds no place', async () => {
    const turnstile = new Turnstile(2, 3);
    const begun: number[] = [];
    const all = Array.from({ length: 6 }, (_, at) => ({ at, ...held() }));
    const results = all.map(({ at, work }) =>
      turnstile.pass(1, () => {
        begun.push(at);
        return work();
      }),
    );
    await turn();
    expect(begun).toEqual([0, 1]);
    expect(await results[5]).toBeUndefined();
    all[1]!.end();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    for (const { end } of all) end();
    expect(await Promise.all(results.slice(0, 5))).toEqual(Array(5).fill({ done: 'over' }));
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('frees the place of work that failed', async () => {
    const turnstile = new Turnstile(1, 1);
    const [first, second] = [held(), held()];
    const failed = turnstile.pass(1, first.work);
    const next = turnstile.pass(1, second.work);
    first.end(new Error('no Redis'));
    second.end();
    await expect(failed).rejects.toThrow('no Redis');
    expect(await next).toEqual({ done: 'over' });
    expect(await turnstile.pass(1, async () => 'free')).toEqual({ done: 'free' });
  });

  it('lets nobody past one who waits for more places', async () => {
    const turnstile = new Turnstile(4, 10);
    const begun: string[] = [];
    const enter = (
      name: string,
      places: number,
      { work }: { work: () => Promise<string> },
    ): Promise<unknown> =>
      turnstile.pass(places, () => {
        begun.push(name);
        return work();
      });
    const [small, large, late] = [held(), held(), held()];
    const all = [enter('small', 1, small), enter('large', 4, large), enter('late', 1, late)];
    await turn();
    expect(begun).toEqual(['small']);
    small.end();
    await turn();
    expect(begun).toEqual(['small', 'large']);
    large.end();
    late.end();
    await Promise.all(all);
    expect(begun).toEqual(['small', 'large', 'late']);
  });
});
