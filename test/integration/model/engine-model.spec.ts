import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutant, MUTANTS } from '../../faults/mutants/index.js';
import { privateRedis, type PrivateService } from '../../support/services.js';
import { openRedis, REQUEST_OPTIONS, untilReady } from '#platform/redis';
import { anyOperation, type Operation } from './operations.js';
import { ModelRun } from './model-run.js';

const SEED = Number(process.env['MODEL_SEED'] ?? 20261120);
/** All of them by `npm run test:model`; a part of them in every run of the suite. */
const OPERATIONS = process.env['MODEL_FULL'] === '1' ? 100_000 : 20_000;
const PER_RUN = 50;
/** A planted fault is caught within this many operations; the real scripts pass all of them. */
const OPERATIONS_FOR_A_MUTANT = 90_000;

/** The shipped scripts on real Redis against the rules, written apart. A failure shrinks to a readable case. */
describe('STD-19 the engine against its reference', () => {
  let server: PrivateService;
  let redis: ReturnType<typeof openRedis>;

  beforeAll(async () => {
    server = await privateRedis();
    redis = openRedis(server.url, REQUEST_OPTIONS);
    await untilReady(redis, 5_000);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.dispose();
  });

  it(`agrees in ${OPERATIONS} random operations`, async () => {
    const { failed, counterexample, error } = await compare(OPERATIONS / PER_RUN, undefined);
    expect(failed ? `seed ${SEED}: ${JSON.stringify(counterexample)}\n${error}` : 'agreed').toBe('agreed');
  }, 180_000);

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'notices when %s',
    async (_name, mutant) => {
      const { failed } = await compare(OPERATIONS_FOR_A_MUTANT / PER_RUN, mutant, true);
      expect(failed).toBe(true);
    },
    120_000,
  );

  function compare(
    runs: number,
    mutant: Mutant | undefined,
    stopEarly = false,
  ): Promise<{ failed: boolean; counterexample: unknown; error: unknown }> {
    const property = fc.asyncProperty(
      fc.array(anyOperation(mutant?.near), { minLength: PER_RUN, maxLength: PER_RUN, size: 'max' }),
      async (operations: Operation[]) => {
        const run = new ModelRun(redis, mutant);
        await run.compare(operations);
      },
    );
    return fc
      .check(property, { seed: SEED, numRuns: runs, endOnFailure: stopEarly })
      .then(({ failed, counterexample, errorInstance }) => ({
        failed,
        counterexample,
        error: errorInstance,
      }));
  }
});
