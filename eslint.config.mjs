import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Every ban says what breaks without it and what to use instead. */
const bannedSyntax = [
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Math.random is predictable: use node:crypto randomInt/randomBytes (STD-02).',
  },
  {
    selector: "CallExpression[callee.name='fetch']",
    message: 'fetch has no pool, deadline or SSRF guard: use #platform/http-client.',
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'process.env is read once, in libs/platform/config: inject Config.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Ask the injected Clock, so that tests can move time.',
  },
];

/** What builds a connection, a queue or a pool. As types they are welcome everywhere. */
const builtInPlatform = [
  {
    name: 'bullmq',
    importNames: ['Queue', 'Worker', 'QueueEvents', 'FlowProducer', 'JobScheduler'],
    allowTypeImports: true,
    message:
      'A queue built elsewhere misses our prefix, retention and shutdown: inject Queues of #platform/queue.',
  },
  {
    name: '@nestjs/bullmq',
    importNames: ['BullModule', 'InjectQueue', 'BullRegistrar'],
    allowTypeImports: true,
    message:
      'A queue built elsewhere misses our prefix, retention and shutdown: inject Queues of #platform/queue.',
  },
  {
    name: 'typeorm',
    importNames: ['DataSource'],
    allowTypeImports: true,
    message:
      'A second pool misses the time limits and the 503 of the first: inject Database of #platform/database.',
  },
];

/** Node's own, asked of Node. */
const nodeGlobals = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.countersign/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A Nest module is a class that only carries its decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // `noUncheckedIndexedAccess` makes an index provably present only by assertion.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': ['error', ...bannedSyntax],
      eqeqeq: 'error',
    },
  },
  {
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['libs/platform/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths: builtInPlatform }] },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts', '**/*.fixtures.ts', '*.config.ts'],
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    files: ['libs/platform/config/**', 'libs/platform/clock/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { ...nodeGlobals, module: 'writable', require: 'readonly' } },
  },
);
