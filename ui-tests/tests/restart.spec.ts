// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { attachLog, expect, Server, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test.use({
  // A server of its own: this one is killed.
  server: async ({}, use, testInfo) => {
    const server = new Server('lab');
    await server.start();
    await use(server);
    await attachLog(server, testInfo);
    await server.dispose();
  }
});

test('the server is killed and comes back under both, who go on', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(150_000);
  const name = server.write(
    file('ipynb'),
    notebook('begin', 'other', 'x = one')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, ' before');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['begin before', 'other', 'x = one']);
  await expect
    .poll(() => grace.sources())
    .toEqual(['begin before', 'other', 'x = one']);

  await server.stop('SIGKILL');
  await ada.typeInCell(0, ' during');
  await grace.typeInCell(1, ' during');
  await expect
    .poll(() => ada.sources())
    .toEqual(['begin before during', 'other', 'x = one']); // [M10]
  // Both replace the same word, and neither sees it of the other. F30 [S4]
  for (const [person, word] of [
    [ada, 'Ada'],
    [grace, 'Grace']
  ] as const) {
    await person.enterCell(2);
    await person.page.keyboard.press('Shift+Control+ArrowLeft');
    await person.page.keyboard.type(word);
  }
  await server.start();

  const word = async () => (await ada.sources())[2];
  await expect
    .poll(async () => (await word()).split('\n').sort(), { timeout: 60_000 })
    .toEqual(['x = Ada', 'x = Grace']);
  const all = ['begin before during', 'other during', await word()];
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources(), { timeout: 60_000 }).toEqual(all);
    await expect(person.notificationButton('Review…')).toBeVisible();
  }
  await ada.notificationButton('Review…').click();
  await ada.dialogs.getByRole('button', { name: 'Keep the other' }).click();
  await expect.poll(word).toMatch(/^x = (Ada|Grace)$/);
  const kept = await word();

  await ada.typeInCell(0, ' after');
  await expect
    .poll(() => grace.sources())
    .toEqual(['begin before during after', 'other during', kept]);
  await grace.typeInCell(1, ' after');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['begin before during after', 'other during after', kept]);
});
