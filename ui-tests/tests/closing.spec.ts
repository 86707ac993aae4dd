// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test, testAlone, withPerson } from '../support/fixtures';

/** What a browser without a database lacks. */
const WITHOUT_DATABASE =
  "Object.defineProperty(window, 'indexedDB', { value: undefined });";

// F5 [S7]
test('a document that is closed right after typing is saved without a question', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const text = server.write(file('txt'), 'begin\n');
  for (let round = 1; round <= 3; round++) {
    await ada.open(name);
    await ada.typeInCell(0, '0');
    await ada.closeCurrent();
    await ada.open(text);
    await ada.typeInFile('!');
    await ada.closeCurrent();
    await expect(ada.dialogs).toHaveCount(0);
    const zeros = '0'.repeat(round);
    await expect.poll(() => server.read(name)).toContain(`x = 1${zeros}"`);
    await expect
      .poll(() => server.read(text).split('!').length - 1)
      .toBe(round);
  }
});

// F5 [S7]
testAlone(
  'closing a document without the server says what is kept',
  async ({ server, file, ada }) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('txt'), 'begin\n');
    await ada.open(name);
    await server.stop('SIGKILL');
    await ada.typeInFile('typed ');
    await expect.poll(() => ada.pendingChanges()).toBeGreaterThan(0);
    await expect(ada.status).toContainText('kept in this browser', {
      timeout: 60_000
    });
    await ada.closeCurrent({ wait: false });
    await expect(ada.dialogs).toContainText('This browser keeps');
    await ada.page.getByRole('button', { name: 'Cancel' }).click();
    expect(await ada.text()).toContain('typed ');
    await ada.closeCurrent({ wait: false });
    await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
    await server.start();
    await ada.open(name);
    await expect.poll(() => ada.text()).toContain('typed ');
    await expect.poll(() => server.read(name)).toContain('typed ');
  }
);

// F3 [S6] [S7]
testAlone(
  'a browser that cannot keep changes says so and asks before it is closed',
  async ({ browser, server, file }, testInfo) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('txt'), 'begin\n');
    await withPerson(browser, server, 'Ada', testInfo, async ada => {
      await ada.context.addInitScript(WITHOUT_DATABASE);
      await ada.open(name);
      await server.stop('SIGKILL');
      await ada.typeInFile('typed ');
      await expect(ada.status).toContainText('in this tab only', {
        timeout: 60_000
      });
      const asked = ada.page.waitForEvent('dialog');
      void ada.page.close({ runBeforeUnload: true });
      const dialog = await asked;
      expect(dialog.type()).toBe('beforeunload');
      await dialog.dismiss();
      await ada.closeCurrent({ wait: false });
      await expect(ada.dialogs).toContainText('lost if you close');
      await ada.page.getByRole('button', { name: 'Cancel' }).click();
      await server.start();
      await expect
        .poll(() => server.read(name), { timeout: 60_000 })
        .toContain('typed ');
      await expect(ada.status).toHaveText('Live · saved');
    });
  }
);

// [S7]
test('a page that the server has everything of is left without a question', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('txt'), 'begin\n');
  await ada.open(name);
  let asked = 0;
  ada.page.on('dialog', dialog => {
    asked += 1;
    void dialog.accept();
  });
  await ada.typeInFile('typed');
  const closed = ada.page.waitForEvent('close');
  await ada.page.close({ runBeforeUnload: true });
  await closed;
  expect(asked).toBe(0);
  await expect.poll(() => server.read(name)).toContain('typed');
});

// F4 [S6]
testAlone(
  'what a guest typed is offered to the guest under the next name',
  async ({ browser, server, file }, testInfo) => {
    testAlone.setTimeout(180_000);
    const name = server.write(file('ipynb'), notebook('x = 1'));
    await withPerson(browser, server, 'Guest', testInfo, async guest => {
      await guest.open(name);
      await guest.kernelReady();
      const before = await guest.username();
      await server.stop('SIGKILL');
      await guest.typeInCell(0, '234');
      await expect.poll(() => guest.keptChanges()).toBeGreaterThan(0);
      await expect(guest.status).toContainText('kept in this browser', {
        timeout: 60_000
      });
      await guest.page.goto('about:blank');
      await guest.context.clearCookies();
      await server.start();
      await guest.open(name);
      expect(await guest.username()).not.toBe(before);
      expect(await guest.sources()).toEqual(['x = 1']);
      await expect(guest.notification('Recovered changes')).toBeVisible();
      await guest.notificationButton('Add to Document').click();
      await expect.poll(() => guest.sources()).toEqual(['x = 1234']);
      await expect(guest.notification('Recovered changes')).toHaveCount(0);
      await expect.poll(() => server.read(name)).toContain('x = 1234');
      await guest.page.reload();
      await guest.documentReady(name);
      await expect(guest.status).toHaveText('Live · saved');
      await expect(guest.notification('Recovered changes')).toHaveCount(0);
      expect(await guest.sources()).toEqual(['x = 1234']);
    });
  }
);
