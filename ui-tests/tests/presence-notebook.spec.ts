// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { test } from '../support/fixtures';
import { findAndFollow, meetOnline, runAndAsk } from '../support/presence';

test.use({ application: 'notebook' });

test('people find each other, and follow', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await findAndFollow(server, file('ipynb'), ada, grace, testInfo);
});

test('who runs a cell is seen, and whose input it waits for', async ({
  server,
  file,
  ada,
  grace
}) => {
  await runAndAsk(server, file('ipynb'), ada, grace);
});

test('who is online is shown with what they have open', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await meetOnline(
    server,
    [file('ipynb'), file('ipynb')],
    ada,
    grace,
    testInfo
  );
});
