'use strict';

const js = require('@eslint/js');
const globals = require('globals');
const stylistic = require('@stylistic/eslint-plugin');

// Rules for the whole program; `library` has those for the library only.
const everywhere = {
  'curly': ['error', 'multi-line'],
  'eqeqeq': ['error', 'always', { null: 'ignore' }],
  'no-implicit-globals': 'error',
  'no-restricted-properties': ['error', { object: 'process', property: 'binding', message: 'Only public modules of Node.' }],
  'no-shadow-restricted-names': 'error',
  'no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_', caughtErrors: 'none' }],
  'no-useless-return': 'error',
  'no-var': 'error',
  'object-shorthand': ['error', 'methods'],
  'prefer-const': ['error', { destructuring: 'all' }],
  // raw bytes of the protocol are matched on purpose
  'no-control-regex': 'off',
  'no-empty': ['error', { allowEmptyCatch: true }],
  '@stylistic/eol-last': 'error',
  '@stylistic/no-multiple-empty-lines': ['error', { max: 1 }],
  '@stylistic/no-tabs': 'error',
  '@stylistic/no-trailing-spaces': 'error',
  '@stylistic/quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: 'always' }],
  '@stylistic/semi': ['error', 'always'],
};

// Globals that a program may replace: the library reads them when it is loaded, from lib/globals/primordials.js.
const replaceable = Object.keys({ ...globals.builtin, ...globals.node })
  .filter((name) => !['require', 'module', 'exports', '__dirname', '__filename', 'undefined', 'NaN', 'Infinity'].includes(name))
  .map((name) => ({ name, message: 'Take it from lib/globals/primordials.js.' }));

const library = {
  'max-lines': ['error', 700],
  'no-console': 'error',
  'prefer-rest-params': 'error',
};

module.exports = [
  { ignores: ['target/', 'dist/', '.cache/', '**/node_modules/', 'npm/', '**/*.node', '__test__/fixtures/', '__test__/apps/next/app/', 'fuzz/target/', 'fuzz/corpus/', 'fuzz/artifacts/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,cjs,mjs}'],
    plugins: { '@stylistic': stylistic },
    languageOptions: { ecmaVersion: 2022, globals: globals.node },
    rules: everywhere,
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { strict: ['error', 'global'] },
  },
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' } },
  { files: ['lib/**'], rules: library },
  { files: ['lib/**/*.js'], ignores: ['lib/globals/primordials.js'], rules: { 'no-restricted-globals': ['error', 'globalThis', ...replaceable] } },
];
