// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test("the other's cursor is seen with the name, and goes with the person", async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'md:text'));
  await Promise.all([ada.open(name), grace.open(name)]);
  const graceIs = await grace.name();
  expect(graceIs).not.toBe(await ada.name());

  await grace.typeInCell(0, '23');
  const cursor = ada.cell(0).locator('.jp-remote-cursor');
  await expect(cursor).toHaveCount(1);
  await cursor.hover({ force: true });
  const label = ada.page
    .getByText(graceIs, { exact: true })
    .filter({ visible: true });
  await expect(label.first()).toBeVisible();

  // It goes along when she goes to another cell.
  await grace.enterCell(1);
  await ada.enterCell(1);
  await expect(ada.cell(1).locator('.jp-remote-cursor')).toHaveCount(1);
  await expect(cursor).toHaveCount(0);

  await grace.leave();
  await expect(ada.remoteCursors).toHaveCount(0);
});

test("the other's selection is seen, and goes with the person", async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('first\nsecond\nthird'));
  await Promise.all([ada.open(name), grace.open(name)]);

  await grace.enterCell(0);
  await grace.page.keyboard.press('Shift+ArrowUp');
  await expect(ada.remoteSelections).not.toHaveCount(0);

  await grace.page.keyboard.press('ArrowRight');
  await expect(ada.remoteSelections).toHaveCount(0);

  await grace.page.keyboard.press('Control+Shift+Home');
  await expect(ada.remoteSelections).not.toHaveCount(0);
  await grace.leave();
  await expect(ada.remoteSelections).toHaveCount(0);
});

test('cursors are seen in text files', async ({ server, file, ada, grace }) => {
  const name = server.write(file('py'), 'import this\n');
  await Promise.all([ada.open(name), grace.open(name)]);

  await grace.typeInFile('# hello');
  await expect(ada.remoteCursors).toHaveCount(1);
  await grace.leave();
  await expect(ada.remoteCursors).toHaveCount(0);
});
