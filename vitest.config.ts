// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { resolve } from 'node:path';

import { defineConfig } from 'vitest/config';

const source = (name: string): string =>
  resolve(import.meta.dirname, 'packages', name, 'src/index.ts');

// Another Yjs than the one of node_modules: see scripts/yjs_versions.py.
const { YJS } = process.env;

export default defineConfig({
  resolve: {
    // The sources are tested, not what was built last.
    alias: {
      '@jupyter/collaboration': source('collaboration'),
      '@jupyter/docprovider': source('docprovider'),
      ...(YJS ? { yjs: YJS } : {})
    }
  },
  test: {
    include: ['packages/*/test/**/*.spec.{ts,tsx}'],
    environment: 'jsdom',
    setupFiles: ['packages/vitest.setup.ts'],
    server: {
      // Packages of JupyterLab import each other without file extensions.
      deps: {
        inline: [
          /@jupyter/,
          /@jupyterlab/,
          /@lumino/,
          /y-protocols/,
          /lib0/,
          /^yjs/
        ]
      }
    }
  }
});
