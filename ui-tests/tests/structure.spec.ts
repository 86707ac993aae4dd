// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test('cells are inserted, moved, cut, pasted and deleted on both sides at once', async ({
  server,
  file,
  ada,
  grace
}) => {
  const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const name = server.write(file('ipynb'), notebook(...letters));
  await Promise.all([ada.open(name), grace.open(name)]);

  // Ada works at the top, Grace at the bottom, both without waiting for the other.
  await ada.selectCell(0);
  await grace.selectCell(6);
  await Promise.all([
    (async () => {
      await ada.command('notebook:move-cell-down'); // b a c d …
      await ada.insertCell('above', 'new from ada'); // b + a c d …
      await ada.command('notebook:move-cursor-down');
      await ada.command('notebook:move-cursor-down'); // on c
      await ada.command('notebook:delete-cell');
    })(),
    (async () => {
      await grace.command('notebook:cut-cell'); // g; then on h
      await grace.command('notebook:paste-cell-below'); // … f h g
      await grace.insertCell('below', 'new from grace');
      await grace.command('notebook:move-cell-up');
    })()
  ]);

  const kept = ['a', 'b', 'd', 'e', 'f', 'g', 'h'];
  const expected = [...kept, 'new from ada', 'new from grace'].sort();
  await expect.poll(async () => (await ada.sources()).sort()).toEqual(expected);
  await expect
    .poll(async () => await grace.sources())
    .toEqual(await ada.sources());

  await ada.command('docmanager:save');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(await ada.sources());
  expect(await grace.sources()).toEqual(await ada.sources());
  expect(ids(await ada.text())).toEqual(ids(await grace.text()));
  await expect(ada.dialogs).toHaveCount(0);
  await expect(grace.dialogs).toHaveCount(0);
});

test('one deletes a cell that the other types in', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c'));
  await Promise.all([ada.open(name), grace.open(name)]);

  await ada.selectCell(1);
  await grace.enterCell(1);
  await Promise.all([
    grace.page.keyboard.type(' and more', { delay: 15 }),
    ada.command('notebook:delete-cell')
  ]);
  // Where the rest of her typing went depends on when the cell vanished; but both see the same.
  await expect.poll(async () => (await ada.sources()).length).toBe(2);
  await expect
    .poll(async () => JSON.stringify(await grace.sources()))
    .toBe(JSON.stringify(await ada.sources()));

  await ada.typeInCell(0, '!');
  await expect.poll(() => grace.sources()).toEqual(await ada.sources());
});

function ids(text: string): string[] {
  return JSON.parse(text).cells.map((cell: { id: string }) => cell.id);
}
