// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { Browser, Locator, TestInfo } from '@playwright/test';

import { OUR_ITEMS, seesNoBarrier } from '../support/accessibility';
import { notebook } from '../support/documents';
import type { Person, Server } from '../support/fixtures';
import { expect, test, testAlone, withPerson } from '../support/fixtures';
import { picture } from '../support/pictures';

/** The toolbar of the n-th document that is visible. */
function toolbar({ page }: Person, index = 0): Locator {
  return page
    .locator('#jp-main-dock-panel .jp-MainAreaWidget > .jp-Toolbar')
    .filter({ visible: true })
    .nth(index);
}

/** Open a notebook as several people, who leave when `use` is done. */
async function withPeople(
  browser: Browser,
  server: Server,
  name: string,
  nicknames: string[],
  testInfo: TestInfo,
  use: (people: Person[]) => Promise<void>
): Promise<void> {
  const people: Person[] = [];
  const join = async (at: number): Promise<void> => {
    if (at === nicknames.length) {
      return use(people);
    }
    await withPerson(browser, server, nicknames[at], testInfo, async person => {
      await person.open(name);
      people.push(person);
      await join(at + 1);
    });
  };
  await join(0);
}

/** Whether an element is the topmost one in its middle. */
async function isUncovered(locator: Locator): Promise<boolean> {
  return locator.evaluate(node => {
    const { height, left, top, width } = node.getBoundingClientRect();
    const found = document.elementFromPoint(left + width / 2, top + height / 2);
    const root = node.getRootNode();
    const host = root instanceof ShadowRoot ? root.host : node;
    return host.contains(found);
  });
}

/** The prompts that something of others lies over. */
async function coveredPrompts({ page }: Person): Promise<string[]> {
  return page.evaluate(() => {
    const marks = document.querySelectorAll(
      '.jp-CellPresence-chip, .jp-CellPresence-bar, .jp-EdgePresence-person'
    );
    const boxes = [...marks].map(mark => mark.getBoundingClientRect());
    return [...document.querySelectorAll('.jp-InputPrompt')]
      .filter(prompt => {
        const range = document.createRange();
        range.selectNodeContents(prompt);
        return [...range.getClientRects()].some(text =>
          boxes.some(
            box =>
              box.left < text.right &&
              box.right > text.left &&
              box.top < text.bottom &&
              box.bottom > text.top
          )
        );
      })
      .map(({ textContent }) => textContent ?? '');
  });
}

// [P2] [P10]
test('people, Share and the history stay in the toolbars of two documents side by side', async ({
  browser,
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const other = server.write(file('txt'), 'begin\n');
  await withPeople(
    browser,
    server,
    name,
    ['Grace', 'Linus', 'Margaret'],
    testInfo,
    async () => {
      await ada.open(name);
      await ada.page.evaluate(
        path =>
          window.jupyterapp.commands
            .execute('docmanager:open', {
              path,
              options: { mode: 'split-right' }
            })
            .then(() => null),
        other
      );
      await ada.page.setViewportSize({ width: 900, height: 600 });
      for (const at of [0, 1]) {
        const bar = toolbar(ada, at);
        for (const label of ['Share', 'Version History']) {
          const button = bar.getByRole('button', { name: label });
          await expect(button).toBeVisible();
          expect(await isUncovered(button)).toBe(true);
        }
      }
      // One badge, and the number of the others.
      const people = toolbar(ada, 0).locator('.jp-toolbar-users-item');
      await expect(people.locator('.jp-UsersItem-button')).toHaveCount(1);
      const more = people.locator('.jp-UsersItem-more');
      await expect(more).toHaveText('+2');
      expect(await isUncovered(more)).toBe(true);
      await picture(ada, 'toolbars-beside.png', testInfo);
      await seesNoBarrier(ada, ...OUR_ITEMS);

      // Escape closes the menu, and the keyboard is where it was.
      await more.click();
      await expect(ada.page.getByText('Follow Linus')).toBeVisible();
      await picture(ada, 'toolbar-menu.png', testInfo);
      await seesNoBarrier(ada, '.lm-Menu');
      await ada.page.keyboard.press('Escape');
      await expect(ada.page.locator('.lm-Menu')).toHaveCount(0);
      await expect(more).toBeFocused();

      // A button is about its own document, not about the current one.
      await ada.page.locator('.jp-FileEditor .cm-content').click();
      await toolbar(ada, 0).getByRole('button', { name: 'Share' }).click();
      await expect(ada.dialogs).toContainText(name);
      await ada.escapeDialog();
      await toolbar(ada, 1)
        .getByRole('button', { name: 'Version History' })
        .click();
      await expect(ada.page.locator('.jp-Timeline-name')).toHaveText(other);

      await people.locator('.jp-UsersItem-button').click();
      await expect.poll(() => ada.currentPath()).toBe(name);
      await expect(ada.notification('It is not known')).toHaveCount(0);

      // With more room, everybody has a badge.
      await ada.command('application:toggle-left-area');
      await ada.command('application:toggle-right-area');
      await ada.page.setViewportSize({ width: 1600, height: 800 });
      await expect(people.locator('.jp-UsersItem-button')).toHaveCount(3);
    }
  );
});

// [P5] [P10]
test('initials at a cell say who is there, and cover nothing', async ({
  browser,
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2', 'z = 3'));
  await withPeople(
    browser,
    server,
    name,
    ['Grace', 'Linus', 'Margaret'],
    testInfo,
    async people => {
      for (const person of people) {
        await person.enterCell(1);
      }
      await ada.open(name);
      const chips = ada.cell(1).locator('.jp-CellPresence-chip');
      await expect(chips).toHaveCount(3);
      // What the pointer finds on the initials of each says who it is.
      const titles = await chips.evaluateAll(nodes =>
        nodes.map(node => {
          const { left, top } = node.getBoundingClientRect();
          const found = document.elementFromPoint(left + 3, top + 7);
          return found?.closest('[title]')?.getAttribute('title');
        })
      );
      expect(titles).toEqual([
        'Grace is in this cell',
        'Linus is in this cell',
        'Margaret is in this cell'
      ]);
      expect(await coveredPrompts(ada)).toEqual([]);
      await picture(ada, 'initials.png', testInfo);
      // As at 200 % zoom, and in Simple mode on a small screen.
      for (const [width, height] of [
        [640, 400],
        [480, 600]
      ]) {
        await ada.page.setViewportSize({ width, height });
        await expect(chips).toHaveCount(3);
        await expect.poll(() => coveredPrompts(ada)).toEqual([]);
        await picture(ada, `initials-${width}.png`, testInfo);
      }
    }
  );
});

// [P8]
test('panels, menus and dialogs can be read in every theme', async ({
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  await expect(ada.status).toHaveText('Live · saved');
  for (const theme of [
    'JupyterLab Light',
    'JupyterLab Dark',
    'JupyterLab Dark High Contrast'
  ]) {
    await ada.commandWith('apputils:change-theme', { theme });
    await expect(ada.page.locator('body')).toHaveAttribute(
      'data-jp-theme-name',
      theme
    );
    await ada.status.click();
    const details = ada.page.locator('.jp-ConnectionDetails');
    await expect(details).toContainText('Live · saved');
    const background = await details.evaluate(
      node => getComputedStyle(node).backgroundColor
    );
    expect(background).toMatch(/^rgb\(/);
    await seesNoBarrier(
      ada,
      '.jp-ConnectionDetails',
      '.jp-DocumentStatusWidget'
    );
    await picture(ada, `connection-${theme}.png`, testInfo);
    await ada.page.keyboard.press('Escape');
    await expect(details).toHaveCount(0);

    await ada.command('collaboration:show-people');
    await ada.command('collaboration:show-timeline');
    const version = ada.page.locator('.jp-Timeline-item').first();
    if ((await version.getAttribute('aria-expanded')) !== 'true') {
      await version.click();
    }
    await seesNoBarrier(
      ada,
      '#jp-collaboration-timeline',
      '.jp-RTCPanel',
      ...OUR_ITEMS
    );
    const more = ada.page.getByRole('button', { name: 'More actions' });
    await more.click();
    await expect(ada.page.locator('.lm-Menu')).toContainText('Download');
    await seesNoBarrier(ada, '.lm-Menu');
    await picture(ada, `history-${theme}.png`, testInfo);
    await ada.page.keyboard.press('Escape');
    await expect(ada.page.locator('.lm-Menu')).toHaveCount(0);
    await expect(more).toBeFocused();
    await toolbar(ada).getByRole('button', { name: 'Share' }).click();
    await expect(ada.dialogs).toContainText(name);
    await seesNoBarrier(ada, '.jp-Dialog');
    await ada.escapeDialog();
  }
});

// [P8] [M10]
testAlone(
  'the toolbar says that the server is gone, without taking the keyboard',
  async ({ server, file, ada }, testInfo) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('txt'), 'begin\n');
    await ada.open(name);
    await ada.command('statusbar:toggle');
    const notice = toolbar(ada).locator('.jp-ConnectionItem');
    await expect(notice).toBeHidden();
    await ada.typeInFile('typed ');
    await server.stop('SIGKILL');
    await expect(notice).toHaveText(/Reconnecting…|Offline/, {
      timeout: 60_000
    });
    await ada.page.keyboard.type('on');
    await expect(ada.fileEditor).toContainText('typed on');
    await expect(notice).toHaveText('Offline', { timeout: 60_000 });
    await seesNoBarrier(ada, '.jp-ConnectionItem');
    await picture(ada, 'toolbar-offline.png', testInfo);
    await server.start();
    await expect(notice).toBeHidden({ timeout: 60_000 });
    await expect.poll(() => server.read(name)).toContain('typed on');
  }
);
