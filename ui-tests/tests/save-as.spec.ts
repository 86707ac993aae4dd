// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test("'save as' makes a copy, and leaves the other in the first", async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const copy = `copy-of-${name}`;
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.typeInCell(0, '2');
  await expect.poll(() => ada.sources()).toEqual(['x = 12']);
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(['x = 12']);

  await ada.startCommand('docmanager:save-as');
  const dialog = ada.page.locator('.jp-Dialog');
  await dialog.locator('input').first().fill(copy);
  await dialog.locator('.jp-mod-accept').click();
  await expect.poll(() => cellsOnDisk(server, copy)).toEqual(['x = 12']);
  await expect.poll(() => ada.path()).toBe(copy);
  await expect(ada.cellEditor(0)).toContainText('x = 12');

  // From now on they are in two documents.
  await ada.typeInCell(0, ' # copy');
  await expect.poll(() => cellsOnDisk(server, copy)).toEqual(['x = 12 # copy']);
  await grace.typeInCell(0, ' # first');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 12 # first']);
  expect(await ada.sources()).toEqual(['x = 12 # copy']);
  expect(await grace.path()).toBe(name);
  await expect(ada.dialogs).toHaveCount(0);
});
