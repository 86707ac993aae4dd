// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('what one types into a code cell appears at the other, both ways', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1\n', 'y = 2\n'));
  await Promise.all([ada.open(name), grace.open(name)]);

  await ada.typeInCell(0, 'from_ada = "é 👩‍🔬"');
  await expect(grace.cellEditor(0)).toContainText('from_ada = "é 👩‍🔬"');

  await grace.typeInCell(1, 'from_grace = 2');
  await expect(ada.cellEditor(1)).toContainText('from_grace = 2');

  const sources = await ada.sources();
  expect(sources).toHaveLength(2);
  expect(await grace.sources()).toEqual(sources);
});

test('two people type into one cell at once, and nothing is lost or doubled', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('one\ntwo'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.enterCell(0);
  await ada.page.keyboard.press('Control+Home');
  await grace.enterCell(0);

  const typed = 'abcdefghijklmnopqrstuvwxyz0123456789';
  await Promise.all([
    ada.page.keyboard.type(typed, { delay: 15 }),
    grace.page.keyboard.type(typed.toUpperCase(), { delay: 15 })
  ]);

  const both = [`${typed}one\ntwo${typed.toUpperCase()}`];
  await expect.poll(() => ada.sources()).toEqual(both);
  await expect.poll(() => grace.sources()).toEqual(both);
});
