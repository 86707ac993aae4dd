// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test('a notebook is renamed while both are in it, and both go on', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const renamed = `renamed-${name}`;
  await Promise.all([ada.open(name), grace.open(name)]);

  await ada.startCommand('docmanager:rename');
  const dialog = ada.page.locator('.jp-Dialog');
  await dialog.locator('input').first().fill(renamed);
  await dialog.locator('.jp-mod-accept').click();
  await expect.poll(() => ada.path()).toBe(renamed);
  expect(server.exists(renamed)).toBe(true);

  await ada.typeInCell(0, '2');
  await expect.poll(() => grace.sources()).toEqual(['x = 12']);
  await grace.typeInCell(0, '3');
  await expect.poll(() => ada.sources()).toEqual(['x = 123']);
  await expect.poll(() => grace.path()).toBe(renamed);
  await expect.poll(() => cellsOnDisk(server, renamed)).toEqual(['x = 123']);

  // The old name does not come back, not even by a save of the one who did not rename.
  await grace.page.keyboard.press('Control+s');
  await grace.typeInCell(0, '4');
  await expect.poll(() => cellsOnDisk(server, renamed)).toEqual(['x = 1234']);
  expect(server.exists(name)).toBe(false);
  await expect(grace.dialogs).toHaveCount(0);
});
