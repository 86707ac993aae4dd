// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test("'reload from disk' gives both what is in the file", async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);

  server.write(name, notebook('x = 1', 'y = "from the disk"'));
  await ada.startCommand('docmanager:reload');
  // It asks when there is something to lose; both is right.
  const accept = ada.page.locator('.jp-Dialog .jp-mod-accept');
  const reloaded = ['x = 1', 'y = "from the disk"'];
  await expect
    .poll(async () => {
      if (await accept.isVisible()) {
        await accept.click();
      }
      return ada.sources();
    })
    .toEqual(reloaded);
  await expect.poll(() => grace.sources()).toEqual(reloaded);

  await grace.typeInCell(0, '0');
  await expect.poll(() => ada.sources()).toEqual(['x = 10', reloaded[1]]);
  await expect(ada.dialogs).toHaveCount(0);
  await expect(grace.dialogs).toHaveCount(0);
});
