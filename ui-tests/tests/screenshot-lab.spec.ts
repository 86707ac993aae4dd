// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { picture, together } from '../support/pictures';
import { previewNewest } from '../support/timeline';

test('a picture of two people in one notebook', async ({
  server,
  ada,
  grace
}, testInfo) => {
  await together(server, ada, grace);
  await picture(ada, 'two-people.png', testInfo);
});

test('a picture of people, and of a version beside the notebook', async ({
  server,
  ada,
  grace
}, testInfo) => {
  await together(server, ada, grace, 'lake');
  await ada.command('collaboration:show-people');
  await expect(ada.page.locator('.jp-Collaborator')).toHaveCount(1);
  await previewNewest(ada, await grace.name());
  const changed = ada.page.locator('.jp-VersionCell.jp-mod-different');
  await expect(changed.first()).toBeVisible();
  await ada.page.getByRole('button', { name: 'Next difference' }).click();
  await expect(changed.first()).toContainText('Changed');
  await picture(ada, 'history.png', testInfo);
});
