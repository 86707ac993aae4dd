// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people work together in Firefox.
 *
 * Each has a Firefox of their own: of all windows of one, a single one has the keyboard, and
 * JupyterLab has no current document in the others.
 */

import { cellsOnDisk, notebook } from '../support/documents';
import { expect, test as base, withPerson } from '../support/fixtures';

const test = base.extend({
  grace: async (
    { playwright, browserName, channel, launchOptions, server },
    use,
    testInfo
  ) => {
    const options = { ...launchOptions, channel };
    const browser = await playwright[browserName].launch(options);
    await withPerson(browser, server, 'Grace', testInfo, use);
    await browser.close();
  }
});

// [P1] [S1]
test('two people edit a notebook, see each other, and it is saved', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  expect(await ada.document()).toMatchObject({ collaborative: true });
  await Promise.all([
    ada.typeInCell(0, '23456789'),
    grace.typeInCell(1, '3456789')
  ]);
  const sources = ['x = 123456789', 'y = 23456789'];
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(sources);
    await expect(person.remoteCursors.first()).toBeVisible();
    await expect(person.status).toHaveText('Live · saved');
  }
  await expect(ada.badge(await grace.name()).first()).toBeVisible();
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(sources);
});

// [F2]
test('two people edit a text file, and one saves it', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin\n');
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInFile('by Ada');
  await expect.poll(() => grace.text()).toBe('begin\nby Ada');
  await grace.fileEditor.click();
  await grace.page.keyboard.press('Control+Home');
  await grace.page.keyboard.type('by Grace, ');
  const text = 'by Grace, begin\nby Ada';
  await expect.poll(() => ada.text()).toBe(text);
  await ada.page.keyboard.press('Control+s');
  await expect.poll(() => server.read(name)).toContain('by Grace, begin');
});

// [S6]
test('what is typed during an outage arrives when the server is back', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin\n');
  await Promise.all([ada.open(name), grace.open(name)]);
  await expect(ada.status).toHaveText('Live · saved');
  await server.stop();
  await ada.typeInFile('typed offline');
  await expect(ada.status).toContainText('kept in this browser', {
    timeout: 60_000
  });
  await server.start();
  await expect(ada.status).toHaveText('Live · saved', { timeout: 60_000 });
  await expect
    .poll(() => grace.text(), { timeout: 60_000 })
    .toBe('begin\ntyped offline');
});
