// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { test } from '../support/fixtures';
import { stayUndisturbed } from '../support/undisturbed';

test.use({ application: 'notebook' });

test('what others do elsewhere disturbs nobody', async ({
  server,
  file,
  ada,
  grace
}) => {
  await stayUndisturbed(server, file('ipynb'), ada, grace);
});
