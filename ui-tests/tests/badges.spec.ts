// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('who is in the document is shown in its toolbar, until they leave', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  const [adaIs, graceIs] = [await ada.name(), await grace.name()];

  await expect(ada.badge(graceIs).first()).toBeVisible();
  await expect(grace.badge(adaIs).first()).toBeVisible();

  await grace.leave();
  await expect(ada.badge(graceIs)).toHaveCount(0);
});

test('a person who is alone sees nothing of others, and no notice', async ({
  server,
  file,
  ada
}) => {
  const { page } = ada;
  await ada.open(server.write(file('ipynb'), notebook('x = 1', 'y = 2')));
  await ada.typeInCell(0, '23');
  await expect(ada.status).toHaveText('Live · saved');
  for (const part of [
    '.jp-UsersItem-badge',
    '.jp-CellPresence',
    '.jp-EdgePresence',
    '[class*="jp-remote-"]',
    '.jp-ViewingItem',
    '.jp-ConnectionToolbarItem',
    '.jp-Timeline',
    '.jp-Dialog',
    '.Toastify__toast'
  ]) {
    await expect(page.locator(part).filter({ visible: true })).toHaveCount(0);
  }
  const toolbar = page.locator('.jp-NotebookPanel-toolbar');
  await expect(toolbar.getByRole('button', { name: 'Share' })).toBeVisible();
});

// F8 [M6] [P3]
test('the badge of a page that is hidden for minutes stays, idle', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin\n');
  await ada.page.clock.install();
  await Promise.all([ada.open(name), grace.open(name)]);
  const badge = ada.page.locator('.jp-toolbar-users-item .jp-UsersItem-badge');
  await expect(badge).toHaveCount(1);
  await ada.page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() =>
      seen.push(
        document.querySelectorAll('.jp-toolbar-users-item .jp-UsersItem-badge')
          .length
      )
    ).observe(document.body, { childList: true, subtree: true });
  });
  // No timer of a frozen page runs; three minutes pass in the other one.
  const session = await grace.context.newCDPSession(grace.page);
  await grace.page.bringToFront();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  for (let second = 0; second < 180; second += 5) {
    await ada.page.clock.runFor(5000);
    await expect(ada.status).toHaveText('Live · saved');
  }
  const counts = await ada.page.evaluate(
    () => (window as unknown as { seen: number[] }).seen
  );
  expect(counts.filter(count => count !== 1)).toEqual([]);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await grace.typeInFile('back');
  await ada.page.clock.runFor(1000);
  await expect.poll(() => ada.text()).toContain('back');
});
