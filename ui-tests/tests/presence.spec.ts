// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { seesNoBarrier } from '../support/accessibility';
import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { picture } from '../support/pictures';
import { findAndFollow, meetOnline, runAndAsk } from '../support/presence';

test('people find each other, and follow', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await findAndFollow(server, file('ipynb'), ada, grace, testInfo);
});

test('who runs a cell is seen, and whose input it waits for', async ({
  server,
  file,
  ada,
  grace
}) => {
  await runAndAsk(server, file('ipynb'), ada, grace);
});

test('who is online is shown with what they have open', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  const names: [string, string] = [file('ipynb'), file('ipynb')];
  await meetOnline(server, names, ada, grace, testInfo);
  // A click opens what she looks at, and goes where she is.
  await ada.page.locator('.jp-Collaborator-document', { hasText: names[1] }).click();
  await expect(ada.cell(14).locator('.jp-CellPresence')).toBeVisible();

  // Who is followed is followed into other documents.
  await ada.command('collaboration:follow');
  await expect(ada.page.locator('.jp-FollowFrame')).toBeVisible();
  await grace.openBeside(names[0]);
  await expect.poll(() => ada.currentPath()).toBe(names[0]);
  await expect(ada.page.locator('.jp-FollowFrame')).toContainText('Grace');
});

test('the status tells more of the connection', async ({
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  await ada.page.locator('.jp-DocumentStatusItem-text').click();
  const details = ada.page.locator('.jp-ConnectionDetails');
  await expect(details).toContainText(/Answer of the server\d+ ms/);
  await expect(details).toContainText('Kept: 90 days in detail');
  await expect(details).toContainText(name);
  await seesNoBarrier(ada, '.jp-ConnectionDetails');
  await picture(ada, 'connection-lab.png', testInfo);
  const before = ada.sockets.length;
  await details.getByRole('button', { name: 'Reconnect Now' }).click();
  await expect.poll(() => ada.sockets.length).toBe(before + 1);
  await expect(ada.status).toContainText('Live');
  await ada.page.keyboard.press('Escape');
  await expect(details).toHaveCount(0);
});
