// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people at a file that JupyterLab shows in a viewer. [P10]
 */

import { type TestInfo, expect } from '@playwright/test';

import { seesNoBarrier } from './accessibility';
import type { Person } from './person';
import { picture } from './pictures';
import type { Server } from './server';

/** Files, and what is in them. */
export const VIEWED = [
  ['csv', 'a,b\n1,2\n'],
  ['tsv', 'a\tb\n1\t2\n'],
  ['html', '<!doctype html>\n<title>Hello</title>\n<p>Hello\n']
];

/** See who else is there, share the file, and look at its history. */
export async function seePeopleInViewer(
  server: Server,
  name: string,
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  await Promise.all([ada.openViewer(name), grace.openViewer(name)]);
  const bar = ada.page
    .locator('.jp-Toolbar')
    .filter({ has: ada.page.locator('[data-jp-item-name="users"]') });
  const badge = bar.locator('.jp-UsersItem-badge');
  await expect(badge).toHaveAttribute('aria-label', await grace.name());
  await expect(bar.locator('.jp-UsersItem-button')).toHaveCount(0);
  await picture(ada, `viewer-${server.application}-${name}.png`, testInfo);
  await seesNoBarrier(
    ada,
    ...['users', 'share', 'timeline'].map(
      item => `.jp-Toolbar > [data-jp-item-name="${item}"]`
    )
  );

  await bar.getByRole('button', { name: 'Share' }).click();
  await expect(ada.dialogs).toContainText(name);
  await ada.escapeDialog();
  await bar.getByRole('button', { name: 'Version History' }).click();
  await expect(ada.page.locator('.jp-Timeline-name')).toHaveText(name);
  await expect(ada.page.locator('.jp-Timeline-item')).toHaveCount(1);

  await grace.leave();
  await expect(badge).toHaveCount(0);
}
