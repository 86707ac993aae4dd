// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('what one types into a Markdown cell appears at the other, and is rendered', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('md:# Lake\n\nWater', 'pass')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await expect(grace.cell(0).locator('h1')).toContainText('Lake');

  await ada.typeInCell(0, ' and **air**');
  await expect
    .poll(() => grace.sources())
    .toEqual(['# Lake\n\nWater and **air**', 'pass']);
  await expect(grace.cell(0).locator('strong')).toHaveText('air');

  await grace.typeInCell(0, ' at once');
  await expect(ada.cellEditor(0)).toContainText('**air** at once');
});
