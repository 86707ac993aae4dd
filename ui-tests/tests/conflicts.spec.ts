// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { cellsOnDisk, notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';

test.use({ serverArgs: ['--YDocExtension.document_save_delay=None'] });

// [S4] [F4]
test('a change on disk of what was typed is shown to everybody, and one of them decides', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('lr = 0.1', 'y = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '5');
  await expect.poll(() => grace.sources()).toEqual(['lr = 0.15', 'y = 1']);
  server.write(name, server.read(name).replace('lr = 0.1', 'lr = 0.12'));

  for (const person of [ada, grace]) {
    await expect(person.notificationButton('Review…')).toBeVisible({
      timeout: 30_000
    });
    await expect
      .poll(() => person.sources())
      .toEqual(['lr = 0.15\nlr = 0.12', 'y = 1']);
    await expect(person.dialogs).toHaveCount(0);
    const labels = person.cell(0).locator('.jp-ConflictMark-label');
    await expect(labels).toHaveText([
      'Text of this document',
      'Text of the file on disk'
    ]);
  }
  await grace.notificationButton('Review…').click();
  const dialog = grace.page.locator('.jp-ConflictsDialog');
  await expect(dialog.locator('.jp-Conflicts-place')).toHaveText('Cell 1');
  await expect(
    dialog.locator('figure', { hasText: 'Text of the file on disk' })
  ).toContainText('lr = 0.12');
  await expect(
    dialog.locator('figure', { hasText: 'Text of this document' })
  ).toContainText('lr = 0.15');
  await grace.page.screenshot({ path: test.info().outputPath('conflict.png') });
  await dialog.getByRole('button', { name: 'Keep the other' }).click();
  await expect(dialog).toHaveCount(0);
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(['lr = 0.12', 'y = 1']);
    await expect(person.notificationButton('Review…')).toHaveCount(0);
    await expect(person.page.locator('.jp-ConflictMark')).toHaveCount(0);
  }
  await ada.page.keyboard.press('Control+S');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['lr = 0.12', 'y = 1']);
});

// [S4]
test('a conflict in a text file is decided in the text, with the keyboard', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('py'), 'import x\nlr = 0.1\n');
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.fileEditor.getByText('lr').click();
  await ada.page.keyboard.press('End');
  await ada.page.keyboard.type('5');
  await expect.poll(() => grace.text()).toBe('import x\nlr = 0.15\n');
  server.write(name, 'import x\nlr = 0.12\n');

  const mark = ada.fileEditor.getByRole('group', { name: 'Conflict' });
  await expect(mark).toContainText('Text of this document', {
    timeout: 30_000
  });
  await ada.page.screenshot({ path: test.info().outputPath('marks.png') });
  await mark.getByRole('button', { name: 'Keep the other' }).focus();
  await ada.page.keyboard.press('Enter');
  for (const person of [ada, grace]) {
    await expect.poll(() => person.text()).toBe('import x\nlr = 0.12\n');
    await expect(person.page.locator('.jp-ConflictMark')).toHaveCount(0);
    await expect(person.notificationButton('Review…')).toHaveCount(0);
  }
});
