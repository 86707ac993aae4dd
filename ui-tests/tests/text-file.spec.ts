// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';

test('what one types into a text file appears at the other, and in the file', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'first line\n');
  await Promise.all([ada.open(name), grace.open(name)]);

  await ada.typeInFile('ada: thé ☕ ');
  await expect(grace.fileEditor).toContainText('ada: thé ☕');
  await grace.typeInFile('grace: お茶');
  await expect(ada.fileEditor).toContainText('grace: お茶');

  const whole = 'first line\nada: thé ☕ grace: お茶';
  expect(await ada.text()).toBe(whole);
  expect(await grace.text()).toBe(whole);
  await expect.poll(() => server.read(name)).toBe(whole);
});
