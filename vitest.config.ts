import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  ssr: { resolve: { conditions: ['countersign-source'] } },
  resolve: { conditions: ['countersign-source'] },
  test: {
    include: ['apps/**/*.spec.ts', 'libs/**/*.spec.ts', 'test/**/*.spec.ts'],
    // Minutes of killing and waiting: `npm run test:faults` runs them. What stays is a small run of each kind.
    exclude: [
      '**/node_modules/**',
      'test/faults/full/**',
      ...[
        'chaos',
        'clock-and-keys',
        'disk-full',
        'journal-writer',
        'network',
        'postgres',
        'processes',
        'restore',
      ].map((name) => `test/faults/${name}.spec.ts`),
    ],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['reflect-metadata'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Each of the processes loads Nest, TypeORM and BullMQ once, not a hundred times. What a file leaves behind in its
    // process (an open handle, a changed variable) the next one meets. Three on two processors: specs wait a lot.
    isolate: false,
    maxWorkers: 3,
  },
});
