// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, testAlone as test } from '../support/fixtures';

test.use({
  serverArgs: ['--ServerApp.contents_manager_class=read_only.ReadOnly']
});

// [M2]
test('a file that cannot be written is viewed by everybody, until it can', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin');
  server.write('read-only', '');
  await Promise.all([ada.open(name), grace.open(name)]);
  const why = 'The file cannot be written, so nobody can change it.';
  for (const person of [ada, grace]) {
    await expect(person.viewingMark).toHaveAttribute('title', why);
    await expect(person.page.getByText('is read-only')).toHaveCount(0);
    await person.typeInFile('no');
    expect(await person.text()).toBe('begin');
  }
  await ada.page.keyboard.press('Control+s');
  await expect(ada.notification(why)).toBeVisible();

  server.remove('read-only');
  for (const person of [ada, grace]) {
    await expect(person.viewingMark).toHaveCount(0);
  }
  await ada.typeInFile(' and end');
  await expect.poll(() => grace.text()).toBe('begin and end');
  await expect.poll(() => server.read(name)).toBe('begin and end');
});
