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
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A Nest module is a class that only carries its decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // `noUncheckedIndexedAccess` makes an index provably present only by assertion.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': ['error', ...bannedSyntax],
      eqeqeq: 'error',
    },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts', '*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['libs/platform/config/**', 'libs/platform/clock/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', fetch: 'readonly', URL: 'readonly', AbortSignal: 'readonly', Buffer: 'readonly', module: 'writable' } },
  },
);
