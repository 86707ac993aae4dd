// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';

test.use({ application: 'notebook' });

// F13 [F8]
test('the heading and the address follow a rename by somebody else', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const renamed = `né w ${name}`;
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.page.locator('#jp-title').click();
  await ada.dialogs.locator('input').first().fill(renamed);
  await ada.dialogs.locator('.jp-mod-accept').click();
  for (const person of [ada, grace]) {
    await expect.poll(() => person.path()).toBe(renamed);
    const heading = person.page.locator('#jp-title h1');
    await expect(heading).toHaveText(renamed.replace('.ipynb', ''));
    await expect
      .poll(() => decodeURIComponent(person.page.url()))
      .toContain(`/notebooks/${renamed}`);
  }
  await grace.page.reload();
  await grace.documentReady(renamed);
  await grace.typeInCell(0, '2');
  await expect.poll(() => ada.sources()).toEqual(['x = 12']);
});
