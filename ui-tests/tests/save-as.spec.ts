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

// F6 F7
test("'save as' goes on while other documents are saved, and over an open one", async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(150_000);
  const first = server.write(file('txt'), 'first\n');
  const other = server.write(`other-${first}`, 'other\n');
  const copy = `copy-of-${first}`;
  await Promise.all([ada.open(first), grace.open(other)]);
  await ada.openBeside(other);
  await ada.openBeside(first);
  const name = ada.dialogs.locator('input').first();
  const accept = ada.dialogs.locator('.jp-mod-accept');

  // The other document is saved while the dialog is open.
  await ada.startCommand('docmanager:save-as');
  await expect(name).toBeVisible();
  await grace.typeInFile('typed ');
  await expect.poll(() => server.read(other)).toContain('typed ');
  await expect.poll(() => ada.isOpen(other, 'typed ')).toBe(true);
  expect(await ada.currentPath()).toBe(first);
  await name.fill(copy);
  await accept.click();
  await expect.poll(() => ada.currentPath()).toBe(copy);
  expect(server.read(copy)).toBe('first\n');

  // Over the other document, which both have open.
  await ada.startCommand('docmanager:save-as');
  await name.fill(other);
  await accept.click();
  await expect(ada.dialogs).toContainText('already exists');
  await ada.dialogs.getByRole('button', { name: 'Overwrite' }).click();
  await expect.poll(() => ada.currentPath()).toBe(other);
  await expect.poll(() => grace.text()).toBe('first\n');
  await expect(grace.status).toHaveText('Live · saved');
  await expect(grace.notification('was deleted')).toHaveCount(0);
  await expect(ada.dialogs).toHaveCount(0);
  await grace.typeInFile('grace ');
  await expect.poll(() => server.read(other)).toContain('grace ');
  await expect.poll(() => ada.isOpen(other, 'grace ')).toBe(true);
  expect(server.read(first)).toBe('first\n');
});
