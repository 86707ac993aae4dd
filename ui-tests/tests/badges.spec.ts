// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('who is in the document is shown in its toolbar, until they leave', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  const [adaIs, graceIs] = [await ada.name(), await grace.name()];

  await expect(ada.badge(graceIs).first()).toBeVisible();
  await expect(grace.badge(adaIs).first()).toBeVisible();

  await grace.leave();
  await expect(ada.badge(graceIs)).toHaveCount(0);
});
