// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test.use({ application: 'notebook' });

test('Notebook 7: typing, cursor, badge, running and saving', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('print("hello")', 'md:Some text')
  );
  await Promise.all([ada.open(name), grace.open(name)]);

  const graceIs = await grace.name();
  await expect(ada.badge(graceIs).first()).toBeVisible();
  await ada.typeInCell(0, ' # ada');
  await expect(grace.cellEditor(0)).toContainText('# ada');
  await grace.typeInCell(1, ' by grace');
  await expect
    .poll(() => ada.sources())
    .toEqual(['print("hello") # ada', 'Some text by grace']);

  await grace.kernelReady();
  await grace.enterCell(0);
  await expect(ada.cell(0).locator('.jp-remote-cursor')).toHaveCount(1);
  await grace.page.keyboard.press('Shift+Enter');
  await expect(ada.cell(0).locator('.jp-OutputArea-output')).toContainText(
    'hello',
    { timeout: 40_000 }
  );
  await expect(ada.cell(0).locator('.jp-InputPrompt')).toHaveText('[1]:');

  await ada.enterCell(0);
  await ada.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['print("hello") # ada', 'Some text by grace']);
  await expect(ada.dialogs).toHaveCount(0);

  await grace.leave();
  await expect(ada.badge(graceIs)).toHaveCount(0);
  await expect(ada.remoteCursors).toHaveCount(0);
});

test('Notebook 7: a text file', async ({ server, file, ada, grace }) => {
  const name = server.write(file('txt'), 'first line\n');
  await Promise.all([ada.open(name), grace.open(name)]);

  await ada.typeInFile('ada ');
  await expect(grace.fileEditor).toContainText('ada');
  await grace.typeInFile('grace');
  await expect.poll(() => ada.text()).toBe('first line\nada grace');
  await expect(ada.remoteCursors).toHaveCount(1);
  await expect.poll(() => server.read(name)).toBe('first line\nada grace');
});
