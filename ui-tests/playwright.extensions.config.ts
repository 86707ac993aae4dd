// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How the tests with other packages run: as the browser tests do, in the environments of
 * `scripts/extension_envs.py`.
 */

import config from './playwright.config';

export default { ...config, testDir: './extensions', workers: 1 };
