// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How the pictures of the documentation are taken: as the browser tests run, one after the other.
 */

import config from './playwright.config';

export default {
  ...config,
  workers: 1,
  testDir: './screenshots',
  projects: ['lab', 'notebook'].map(application => ({
    name: application,
    use: { application }
  }))
};
