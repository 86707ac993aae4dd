// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { cellsOnDisk, notebook } from '../support/documents';
import { expect, testAlone as test } from '../support/fixtures';

test.use({
  serverArgs: ['--ServerApp.contents_manager_class=read_only.ReadOnly']
});

// F22 [M2]
test('a document whose file is read-only can be edited and run, and not saved', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('print(42)'));
  server.write('read-only', '');
  await Promise.all([ada.open(name), grace.open(name)]);
  const why = 'The file is read-only: you can edit and run it, but not save.';
  for (const person of [ada, grace]) {
    await expect(person.viewingMark).toHaveAttribute('title', why);
  }
  await ada.typeInCell(0, ' # x');
  await expect.poll(() => grace.sources()).toEqual(['print(42) # x']);
  await grace.kernelReady();
  await grace.enterCell(0);
  await grace.page.keyboard.press('Shift+Enter');
  await expect.poll(() => ada.printed(0), { timeout: 40_000 }).toBe('42\n');
  await expect(ada.status).toHaveText('Not saved: the file is read-only');
  await ada.page.keyboard.press('Control+s');
  await expect(ada.notification(why)).toBeVisible();
  await expect(ada.dialogs).toHaveCount(0);
  expect(cellsOnDisk(server, name)).toEqual(['print(42)']);

  server.remove('read-only');
  for (const person of [ada, grace]) {
    await expect(person.viewingMark).toHaveCount(0);
  }
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['print(42) # x', '']);
  await expect(ada.status).toHaveText('Live · saved');
});

// F22 [M2]
test('changes of a read-only file are saved as a copy, or discarded', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin');
  server.write('read-only', '');
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInFile(' and end');
  await expect.poll(() => grace.text()).toBe('begin and end');
  await ada.page.keyboard.press('Control+s');
  await ada.notificationButton('Save a copy…').click();
  // The copy may be written; earlier, the document itself would be saved.
  server.remove('read-only');
  await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
  const copy = name.replace('.txt', '-copy.txt');
  // A new file is there before its text is.
  await expect
    .poll(() => server.exists(copy) && server.read(copy))
    .toBe('begin and end');
});
