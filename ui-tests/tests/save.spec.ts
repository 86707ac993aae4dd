// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test('Ctrl-S writes what both see to the file, and asks nothing', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'md:text'));
  await Promise.all([ada.open(name), grace.open(name)]);

  await grace.typeInCell(1, ' by Grace');
  await expect.poll(() => ada.sources()).toEqual(['x = 1', 'text by Grace']);
  await ada.typeInCell(0, '23');
  await ada.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'text by Grace']);

  // Again, and by the other: a save after a save is where 'File Changed' would come up.
  await grace.typeInCell(1, '.');
  await grace.page.keyboard.press('Control+s');
  await ada.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'text by Grace.']);
  for (const person of [ada, grace]) {
    await expect(person.dialogs).toHaveCount(0);
    const cells = (await person.cells()).map(cell => cell.cell_type);
    expect(cells).toEqual(['code', 'markdown']);
    expect(await person.sources()).toEqual(cellsOnDisk(server, name));
  }
});

test('the document is saved by itself when it is quiet', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('txt'), 'begin\n');
  await ada.open(name);
  await ada.typeInFile('and end');
  await expect.poll(() => server.read(name)).toBe('begin\nand end');
  await expect(ada.dialogs).toHaveCount(0);
});
