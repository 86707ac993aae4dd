// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { OUR_ITEMS, seesNoBarrier } from '../support/accessibility';
import { notebook } from '../support/documents';
import { expect, test, testAlone } from '../support/fixtures';
import { picture } from '../support/pictures';

test.use({ application: 'notebook' });
testAlone.use({ application: 'notebook' });

// [P8] [M10]
testAlone(
  'the toolbar says that the server is gone, without taking the keyboard',
  async ({ server, file, ada }, testInfo) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
    await ada.open(name);
    await ada.kernelReady();
    const notice = ada.page.locator(
      '.jp-NotebookPanel-toolbar .jp-ConnectionItem'
    );
    await ada.typeInCell(0, '2');
    await expect(notice).toHaveText('');
    await server.stop('SIGKILL');
    await expect(notice).toHaveText('Offline', { timeout: 60_000 });
    await ada.page.keyboard.type('3');
    expect((await ada.sources())[0]).toBe('x = 123');
    await seesNoBarrier(ada, '.jp-ConnectionItem');
    await picture(ada, 'toolbar-offline-notebook.png', testInfo);
    // More is shown where the user asks for it.
    await notice.getByRole('button').click();
    await expect(ada.page.locator('.jp-ConnectionDetails')).toContainText(
      'Offline'
    );
    await ada.escapeDialog();
    await server.start();
    await expect(notice).toHaveText('', { timeout: 60_000 });
  }
);

// [V10] [P10]
test('the history is shown again after the page was loaded again', async ({
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  const bar = ada.page.locator('.jp-NotebookPanel-toolbar');
  await expect(bar.getByRole('button', { name: 'Share' })).toBeVisible();
  await bar.getByRole('button', { name: 'Version History' }).click();
  const versions = ada.page.locator('.jp-Timeline-item');
  await expect(versions).toHaveCount(1);
  await ada.page.reload();
  await ada.documentReady(name);
  await expect(versions).toHaveCount(1);
  await expect(ada.page.locator('.jp-Timeline-name')).toHaveText(name);
  await seesNoBarrier(ada, '.jp-Timeline', ...OUR_ITEMS);
  await picture(ada, 'history-notebook.png', testInfo);
});
