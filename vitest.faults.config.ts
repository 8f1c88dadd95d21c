import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Every fault, one file at a time: two that starve each other of processors would prove nothing. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
