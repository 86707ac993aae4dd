// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How the tests in Firefox run: as the browser tests do, in a Firefox of the system, which
 * Playwright drives by WebDriver BiDi.
 *
 * `make test-firefox` sets `FIREFOX_PATH`, which `scripts/firefox-bidi` starts.
 */

import * as path from 'node:path';

import config from './playwright.config';

const { actionTimeout, viewport } = config.use ?? {};

export default {
  ...config,
  testDir: './firefox',
  use: {
    actionTimeout,
    viewport,
    browserName: 'firefox',
    channel: 'moz-firefox',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: path.resolve(__dirname, '../scripts/firefox-bidi')
    }
  }
};
