// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { Person } from '../support/fixtures';
import { expect, testAlone } from '../support/fixtures';

const UNSAVED = 'Live · not saved, since autosave is off';

/** Press a button of the dialog that is open. */
async function choose(person: Person, label: string): Promise<void> {
  await person.dialogs.getByRole('button', { name: label }).click();
  await expect(person.dialogs).toHaveCount(0);
}

// F21 [F13] [S7]
testAlone(
  'with autosave off nothing is written unless somebody saves or wants autosave',
  async ({ server, file, ada, grace }) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('txt'), 'begin\n');
    const other = server.write(`other-${name}`, 'other\n');
    await grace.open(other);
    await ada.open(name);
    // 'Autosave Documents' in the Settings menu.
    await ada.command('docmanager:toggle-autosave');
    await ada.typeInFile('ada ');
    await expect(ada.status).toHaveText(UNSAVED);
    // Longer than the server lets an edit of another document wait.
    await grace.typeInFile('grace ');
    await expect.poll(() => server.read(other)).toContain('grace ');
    expect(server.read(name)).toBe('begin\n');
    await ada.command('docmanager:save');
    expect(server.read(name)).toBe('begin\nada ');
    await expect(ada.status).toHaveText('Live · saved');

    await ada.typeInFile('lost ');
    await expect(ada.status).toHaveText(UNSAVED);
    await ada.closeCurrent({ wait: false });
    await expect(ada.dialogs).toContainText('Save changes');
    await choose(ada, 'Discard');
    await expect.poll(() => ada.path()).toBeUndefined();
    await ada.open(name);
    await expect.poll(() => ada.text()).toBe('begin\nada ');
    await expect(ada.status).toHaveText('Live · saved');

    await ada.typeInFile('kept ');
    await expect(ada.status).toHaveText(UNSAVED);
    ada.page.on('dialog', dialog => void dialog.accept());
    await ada.page.reload();
    await ada.documentReady(name);
    await expect(ada.notification('not in its file yet')).toBeVisible();
    expect(server.read(name)).toBe('begin\nada ');
    await ada.notificationButton('Save').click();
    await expect.poll(() => server.read(name)).toContain('kept ');
    await expect(ada.notification('not in its file yet')).toHaveCount(0);

    // Ada's page keeps the setting, which is in one file for all who use this server.
    await server.set('@jupyterlab/docmanager-extension:plugin', {});
    await grace.page.reload();
    await grace.open(name);
    await expect(ada.status).toContainText('saved automatically for Grace');
    await ada.typeInFile('together ');
    await expect.poll(() => server.read(name)).toContain('together ');
  }
);
