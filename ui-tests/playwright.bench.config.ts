// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How the benchmarks in a browser run: as the tests do, and print their figures.
 */

import { defineConfig } from '@playwright/test';

import config from './playwright.config';

export default defineConfig({
  ...config,
  workers: 1,
  testDir: './bench',
  testMatch: '*.bench.ts',
  outputDir: './bench-results',
  // A trace looks at the whole page after each step, which takes longer than what is measured.
  use: { ...config.use, screenshot: 'off', trace: 'off' }
});
