// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Takes the pictures of what people see, for the documentation: `make screenshots`.
 */

import { notebook } from '../support/documents';
import {
  type Person,
  type Server,
  expect,
  testAlone as test,
  withPerson
} from '../support/fixtures';
import { picture, together } from '../support/pictures';
import { previewNewest } from '../support/timeline';

const THEMES = { light: 'JupyterLab Light', dark: 'JupyterLab Dark' };

test.use({
  viewport: { width: 1280, height: 720 },
  serverArgs: ['--YDocExtension.document_save_delay=None']
});

for (const [theme, title] of Object.entries(THEMES)) {
  test(`every state, ${theme}`, async ({
    application,
    browser,
    server,
    ada,
    grace
  }, testInfo) => {
    test.setTimeout(300_000);
    const take = (person: Person, state: string, ...how: ['allow'] | []) =>
      picture(person, `${state}-${application}-${theme}.png`, testInfo, ...how);
    await together(server, ada, grace);
    await setTheme(ada, title);
    await setTheme(grace, title);
    await save(ada);

    await ada.cell(2).locator('.jp-remote-cursor').hover({ force: true });
    await take(ada, 'people');

    const share = ada.page
      .locator('.jp-Toolbar')
      .getByRole('button', { name: 'Share' })
      .filter({ visible: true });
    await share.click();
    await expect(ada.dialogs).toContainText('plots.ipynb');
    await take(ada, 'share');
    await ada.escapeDialog();

    if (application === 'lab') {
      await ada.command('collaboration:show-people');
      await expect(ada.page.locator('.jp-Collaborator')).toHaveCount(1);
      await ada.page.locator('.jp-DocumentStatusItem-text').click();
      await expect(ada.page.locator('.jp-ConnectionDetails')).toBeVisible();
      await take(ada, 'people-online');
      await ada.page.keyboard.press('Escape');
      await ada.command('filebrowser:activate');
    }

    await ada.command('collaboration:show-authors');
    await expect(ada.page.locator('.jp-AuthorMark').first()).toBeVisible();
    await take(ada, 'authors');
    await ada.command('collaboration:show-authors');

    await previewNewest(ada, await grace.name());
    const changed = ada.page.locator('.jp-VersionCell.jp-mod-different');
    await expect(changed.first()).toBeVisible();
    await take(ada, 'history');

    await showConflict(server, ada, grace);
    await take(ada, 'conflict');
    await ada.notificationButton('Review…').click();
    await expect(ada.page.locator('.jp-ConflictsDialog')).toBeVisible();
    await take(ada, 'conflict-decided-at-once');
    await ada.page
      .locator('.jp-ConflictsDialog')
      .getByRole('button', { name: 'Keep both' })
      .click();

    await grace.enterCell(0);
    await ada.selectCell(0);
    await ada.command('notebook:delete-cell');
    await expect(grace.page.locator('.jp-DeletedCellNotice')).toContainText(
      `${await ada.name()} deleted the cell`
    );
    await take(grace, 'deleted-cell');

    server.setRoles({ vera: 'viewer' });
    await withPerson(browser, server, 'Vera', testInfo, async vera => {
      await vera.page.setViewportSize({ width: 1280, height: 720 });
      await vera.open('conflict.ipynb');
      await setTheme(vera, title);
      await expect(vera.viewingMark).toBeVisible();
      await take(vera, 'viewer');
    });
    server.setRoles({});

    await showVisit(server, ada, grace);
    await take(grace, 'since-your-visit', 'allow');

    await server.stop('SIGKILL');
    await ada.typeInCell(0, '  # typed offline');
    // Notebook 7 has no status bar.
    const inToolbar = ada.page.locator('.jp-ConnectionToolbarItem');
    await expect(inToolbar.filter({ visible: true })).toContainText('Offline', {
      timeout: 60_000
    });
    if (application === 'lab') {
      await expect(ada.status).toContainText('kept in this browser');
    }
    await take(ada, 'offline');
  });
}

/** Show a person's page in a theme. */
async function setTheme(person: Person, theme: string): Promise<void> {
  await person.commandWith('apputils:change-theme', { theme });
  await expect(person.page.locator('body')).toHaveAttribute(
    'data-jp-theme-name',
    theme
  );
}

/** Change on disk what was just typed. */
async function showConflict(
  server: Server,
  ada: Person,
  grace: Person
): Promise<void> {
  const name = 'conflict.ipynb';
  server.write(name, notebook('lr = 0.1', 'steps = 100', 'train(lr, steps)'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '5');
  await expect.poll(async () => (await grace.sources())[0]).toBe('lr = 0.15');
  server.write(name, server.read(name).replace('lr = 0.1', 'lr = 0.12'));
  await expect(ada.notificationButton('Review…')).toBeVisible({
    timeout: 30_000
  });
  await expect
    .poll(async () => (await ada.sources())[0])
    .toBe('lr = 0.15\nlr = 0.12');
  await save(ada);
}

/**
 * Save a document: the server does not by itself, so that disk changes meet unsaved typing.
 *
 * A kernel adds its language to the notebook once it has started, perhaps after the first save.
 */
async function save(person: Person): Promise<void> {
  await expect(async () => {
    await person.command('docmanager:save');
    if (person.server.application === 'lab') {
      await expect(person.status).toHaveText('Live · saved', { timeout: 2000 });
    }
  }).toPass({ timeout: 30_000 });
}

/** Change a notebook while somebody is not in it. */
async function showVisit(
  server: Server,
  ada: Person,
  grace: Person
): Promise<void> {
  const name = 'visited.ipynb';
  server.write(name, notebook('x = 1', 'print(x)'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await save(grace);
  await grace.page.goto('about:blank');
  await ada.typeInCell(0, '234');
  await ada.page.keyboard.press('Control+s');
  await expect.poll(() => server.read(name)).toContain('x = 1234');
  await grace.open(name);
  // The notification slides in: it can be clicked once it is there.
  await grace.notificationButton('Show Changes').click({ trial: true });
}
