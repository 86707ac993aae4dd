// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { seeAuthors } from '../support/authors';
import { test } from '../support/fixtures';
import { previewAndCompare } from '../support/preview';
import { workAndRestore } from '../support/timeline';

test.use({ application: 'notebook' });

test('the history shows who did what, and brings it back', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await workAndRestore(server, file('ipynb'), ada, grace, testInfo);
});

test('a version is looked at beside others, and one cell comes back', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await previewAndCompare(server, file('ipynb'), ada, grace, testInfo);
});

test('text is colored by who wrote it', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await seeAuthors(server, file('ipynb'), ada, grace, testInfo);
});
