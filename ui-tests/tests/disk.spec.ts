// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';

// [F4] [F12]
test('the file changes on disk, and the caret stays on its text', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'one\ntwo\nthree\n');
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.fileEditor.click();
  await ada.page.keyboard.press('Control+Home');
  await ada.page.keyboard.press('ArrowDown');
  await ada.page.keyboard.press('End');
  await ada.page.keyboard.type('!');
  await expect.poll(() => server.read(name)).toBe('one\ntwo!\nthree\n');
  await expect(ada.status).toHaveText('Live · saved');

  server.write(name, 'zero\none and a half\ntwo!\nthree, four\n');
  await expect
    .poll(() => ada.text(), { timeout: 30_000 })
    .toBe('zero\none and a half\ntwo!\nthree, four\n');
  await ada.page.keyboard.type('?');
  const text = 'zero\none and a half\ntwo!?\nthree, four\n';
  await expect.poll(() => grace.text()).toBe(text);
  await expect.poll(() => server.read(name)).toBe(text);
  for (const person of [ada, grace]) {
    await expect(person.dialogs).toHaveCount(0);
  }
});

// [F8]
test('the file is deleted, and saved again when the user wants it', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('txt'), 'begin');
  await ada.open(name);
  await ada.typeInFile(' more');
  await expect.poll(() => server.read(name)).toBe('begin more');

  server.remove(name);
  await ada.page.keyboard.type(' and more');
  await expect(ada.status).toHaveText(/Not saved: .*deleted/, {
    timeout: 30_000
  });
  await expect(ada.dialogs).toHaveCount(0);
  expect(server.exists(name)).toBe(false);
  await ada.page.keyboard.type('.');

  await ada.notificationButton('Save it again').click();
  await expect(ada.status).toHaveText('Live · saved');
  await expect.poll(() => server.read(name)).toBe('begin more and more.');
});
