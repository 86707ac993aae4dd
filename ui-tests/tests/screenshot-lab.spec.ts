// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { test } from '../support/fixtures';
import { picture, together } from '../support/pictures';

test('a picture of two people in one notebook', async ({
  server,
  ada,
  grace
}, testInfo) => {
  await together(server, ada, grace);
  await picture(ada, 'two-people.png', testInfo);
});
