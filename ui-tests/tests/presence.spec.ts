// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { seesNoBarrier } from '../support/accessibility';
import { notebook } from '../support/documents';
import { expect, test, withPerson } from '../support/fixtures';
import { picture } from '../support/pictures';
import { findAndFollow, meetOnline, runAndAsk } from '../support/presence';
import { previewNewest } from '../support/timeline';

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
  await ada.page
    .locator('.jp-Collaborator-document', { hasText: names[1] })
    .click();
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
  await expect(details).toContainText(/Latency\d+ ms/);
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

test('everything can be read in the dark theme, by three people', async ({
  browser,
  server,
  file,
  ada,
  grace
}, testInfo) => {
  const name = server.write(
    file('ipynb'),
    notebook('md:# Together', 'x = 1', 'y = 2')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await withPerson(browser, server, 'Linus', testInfo, async linus => {
    await linus.open(name);
    await grace.typeInCell(1, ' + 1');
    await linus.typeInCell(1, ' + 2');
    await ada.commandWith('apputils:change-theme', {
      theme: 'JupyterLab Dark'
    });
    const mark = ada.cell(1).locator('.jp-CellPresence');
    await expect(mark).toHaveAttribute(
      'aria-label',
      /Grace.*Linus|Linus.*Grace/
    );
    await expect(ada.page.locator('.jp-UsersItem-button')).toHaveCount(2);
    await ada.command('collaboration:show-people');
    await expect(ada.page.locator('.jp-Collaborator')).toHaveCount(2);
    await previewNewest(ada);
    await expect(ada.page.locator('.jp-VersionCell')).toHaveCount(3);
    await picture(ada, 'dark-lab.png', testInfo);
    await seesNoBarrier(
      ada,
      '.jp-RTCPanel',
      '.jp-toolbar-users-item',
      '.jp-Timeline',
      '.jp-VersionPreview'
    );
  });
});

test('names at carets are shown as the user has set it', async ({
  server,
  file,
  ada,
  grace
}) => {
  // [P1]
  const plugin = '@jupyter/collaboration-extension:presence';
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await grace.open(name);
  const label = ada.page.locator('.jp-remote-cursor-name');
  try {
    await server.set(plugin, { labels: 'never' });
    await ada.open(name);
    await grace.typeInCell(0, '23');
    await expect(label).toHaveCount(1);
    await expect(label).toBeHidden();
    await server.set(plugin, { labels: 'always' });
    await ada.open(name);
    await expect(label).toBeVisible();
  } finally {
    await server.set(plugin, {});
  }
});
