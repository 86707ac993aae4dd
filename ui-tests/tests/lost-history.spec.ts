// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, testAlone as test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

// [S3] [S4]
test('the history is lost under both, who go on with all they typed', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(150_000);
  const name = server.write(file('ipynb'), notebook('begin', 'other'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, ' saved');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['begin saved', 'other']);
  await Promise.all([ada.markPage(), grace.markPage()]);

  // Grace has this as well, and nobody knows whether the file has.
  await ada.typeInCell(0, ' seen');
  await expect
    .poll(() => grace.sources())
    .toEqual(['begin saved seen', 'other']);
  await server.stop('SIGKILL');
  await ada.typeInCell(0, ' by Ada');
  await grace.typeInCell(1, ' by Grace');
  server.loseHistory();
  await server.start();

  const all = ['begin saved seen by Ada', 'other by Grace'];
  await expect.poll(() => ada.sources(), { timeout: 60_000 }).toEqual(all);
  await expect.poll(() => grace.sources(), { timeout: 60_000 }).toEqual(all);
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(all);

  await ada.page.keyboard.type('!');
  await grace.page.keyboard.type('!');
  const more = all.map(source => `${source}!`);
  await expect.poll(() => ada.sources()).toEqual(more);
  await expect.poll(() => grace.sources()).toEqual(more);
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(more);
  for (const person of [ada, grace]) {
    expect(await person.isSamePage()).toBe(true);
    await expect(person.dialogs).toHaveCount(0);
    await expect(person.status).toHaveText('Live · saved');
  }

  // Undo goes on as well, from here.
  await ada.page.keyboard.press('Control+z');
  await expect.poll(() => grace.sources()).toEqual([all[0], more[1]]);
});

// [S4]
test('both sides change the same words, and the user chooses', async ({
  server,
  file,
  ada
}) => {
  test.setTimeout(150_000);
  const name = server.write(file('ipynb'), notebook('x = one', 'y = 1'));
  await ada.open(name);
  await ada.typeInCell(1, '0');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = one', 'y = 10']);
  await expect(ada.status).toHaveText('Live · saved');
  await ada.markPage();

  await server.stop('SIGKILL');
  await ada.enterCell(0);
  await ada.page.keyboard.press('Shift+Control+ArrowLeft');
  await ada.page.keyboard.type('two');
  server.loseHistory();
  server.write(
    name,
    server.read(name).replace('x = one', 'x = three').replace('y = 10', 'y = 2')
  );
  await server.start();

  await expect(ada.notificationButton('Review…')).toBeVisible({
    timeout: 60_000
  });
  await expect(ada.dialogs).toHaveCount(0); // [M10]
  await ada.notificationButton('Review…').click();
  const dialog = ada.page.locator('.jp-ConflictsDialog');
  await expect(dialog.locator('.jp-Conflicts-place')).toHaveText('Cell 1');
  await expect(
    dialog.locator('figure', { hasText: 'Your text' })
  ).toContainText('two');
  await expect(
    dialog.locator('figure', { hasText: 'Text of the others' })
  ).toContainText('three');
  await dialog.getByRole('button', { name: 'Keep mine' }).focus();
  await ada.page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect.poll(() => ada.sources()).toEqual(['x = two', 'y = 2']);
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = two', 'y = 2']);
  expect(await ada.isSamePage()).toBe(true);
});
