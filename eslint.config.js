// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

const jupyter = require('@jupyter/eslint-plugin');
const typescript = require('@typescript-eslint/eslint-plugin');
const parser = require('@typescript-eslint/parser');

/**
 * Which of our packages a package may import: extension, collaboration,
 * docprovider, in this direction only.
 */
const layers = (files, forbidden) => ({
  files: [`packages/${files}/src/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: forbidden.map(group => ({ group: [group] })) }
    ]
  }
});

module.exports = [
  {
    ignores: [
      '**/lib/**',
      '**/node_modules/**',
      '**/test-results/**',
      '**/playwright-report/**'
    ]
  },
  ...typescript.configs['flat/recommended'],
  ...jupyter.configs.recommended.map(config => ({
    ...config,
    plugins: { jupyter }
  })),
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parser },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true },
          filter: { regex: '^Window$', match: false }
        }
      ],
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { args: 'none', ignoreRestSiblings: true }
      ],
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-arrow-callback': 'error',
      // Plugins are small; splitting them into chunks costs more than it saves.
      'jupyter/prefer-lazy-imports': 'off'
    }
  },
  layers('docprovider', [
    '@jupyter/collaboration',
    '@jupyter/collaboration-extension',
    '@jupyterlab/apputils',
    '@jupyterlab/application',
    '@jupyterlab/ui-components',
    '@lumino/widgets',
    'react'
  ]),
  layers('collaboration', [
    '@jupyter/collaboration-extension',
    '@jupyterlab/application'
  ]),
  {
    files: ['packages/collaboration-extension/src/**/*.ts'],
    rules: {
      // The ids are public: other extensions disable these plugins by them.
      'jupyter/plugin-id-convention': 'off'
    }
  },
  {
    // Short, to be read.
    files: ['docs/examples/**/*.ts'],
    rules: {
      'jupyter/command-described-by': 'off',
      'jupyter/no-untranslated-string': 'off'
    }
  }
];
