// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { Locator } from '@playwright/test';

import { seesNoBarrier } from '../support/accessibility';
import { cellsOnDisk, notebook } from '../support/documents';
import type { Person, Server } from '../support/fixtures';
import { expect, test } from '../support/fixtures';
import { picture } from '../support/pictures';
import { Simulated } from '../support/simulated';

/** The history panel. */
function panel({ page }: Person): Locator {
  return page.locator('#jp-collaboration-timeline');
}

/** The versions in the panel, newest first. */
function versions(person: Person): Locator {
  return panel(person).locator('.jp-Timeline-item');
}

/** Open a notebook, and save one edit of its first cell. */
async function edited(
  server: Server,
  person: Person,
  name: string,
  isBeside = false
): Promise<string> {
  server.write(name, notebook('x = 1', 'y = 2'));
  await (isBeside ? person.openBeside(name) : person.open(name));
  await person.page
    .locator('.jp-Notebook:visible .jp-InputArea-editor .cm-content')
    .first()
    .click();
  await person.page.keyboard.press('Control+End');
  await person.page.keyboard.type('23');
  await person.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'y = 2']);
  return name;
}

// [V10]
test('the panel names its document, and follows from one document to the next', async ({
  server,
  file,
  ada
}) => {
  const first = await edited(server, ada, file('ipynb'));
  await ada.command('collaboration:show-timeline');
  await expect(panel(ada).getByRole('heading', { level: 2 })).toContainText(
    first
  );
  await expect(versions(ada)).toHaveCount(2);

  const second = server.write(file('txt'), 'begin\n');
  await ada.openBeside(second);
  await expect(panel(ada).getByRole('heading', { level: 2 })).toContainText(
    second
  );
  await expect(versions(ada)).toHaveCount(1);

  const third = await edited(server, ada, file('ipynb'), true);
  await expect(panel(ada)).toHaveAccessibleName(new RegExp(third));
  await expect(versions(ada)).toHaveCount(2);
  await versions(ada).first().click();
  await expect(
    panel(ada).getByRole('button', { name: 'Preview' })
  ).toBeVisible();

  // Another document that is no document of ours does not blank it.
  await ada.command('launcher:create');
  await expect(panel(ada)).toHaveAccessibleName(new RegExp(third));
  await expect(versions(ada)).toHaveCount(2);

  await ada.openBeside(first);
  await expect(panel(ada)).toHaveAccessibleName(new RegExp(first));
  await expect(versions(ada)).toHaveCount(2);
  await seesNoBarrier(ada, '#jp-collaboration-timeline');
});

// [V10]
test('the icon in the side bar opens the history of the current document', async ({
  server,
  file,
  ada
}) => {
  const name = await edited(server, ada, file('ipynb'));
  await ada.page
    .locator('.jp-SideBar [data-id="jp-collaboration-timeline"]')
    .click();
  await expect(versions(ada)).toHaveCount(2);
  await expect(panel(ada)).toContainText(name);
});

// [V10]
test('the history is shown again after the page was loaded again', async ({
  server,
  file,
  ada
}) => {
  const name = await edited(server, ada, file('ipynb'));
  const saved = ada.page.waitForResponse(
    response =>
      response.url().includes('/api/workspaces') &&
      response.request().method() === 'PUT' &&
      (response.request().postData() ?? '').includes(
        'jp-collaboration-timeline'
      ) &&
      /"right":\{"collapsed":false/.test(response.request().postData() ?? '')
  );
  await ada.command('collaboration:show-timeline');
  await expect(versions(ada)).toHaveCount(2);
  await saved;
  await ada.page.reload();
  await ada.documentReady(name);
  await expect(versions(ada)).toHaveCount(2);
  await expect(panel(ada)).toContainText(name);
});

// [V9]
test('a version is previewed in Simple mode', async ({
  server,
  file,
  ada
}, testInfo) => {
  const name = await edited(server, ada, file('ipynb'));
  await ada.command('application:toggle-mode');
  await ada.command('collaboration:show-timeline');
  await versions(ada).first().click();
  await panel(ada).getByRole('button', { name: 'Preview' }).click();
  const preview = ada.page.locator('.jp-VersionPreview');
  await expect(preview.locator('.jp-VersionCell').first()).toBeVisible();
  // The panel still shows the document, and its slider the other versions.
  await expect(panel(ada)).toContainText(name);
  const slider = panel(ada).getByRole('slider');
  await slider.focus();
  await ada.page.keyboard.press('ArrowLeft');
  await expect(preview.locator('.jp-VersionPreview-title')).toContainText(
    'Opened'
  );
  await expect(slider).toBeFocused();
  await picture(ada, 'preview-simple.png', testInfo);

  // Back in the document, the button shows the preview once more.
  await ada.openBeside(name);
  await expect(preview).toBeHidden();
  await panel(ada).getByRole('button', { name: 'Preview' }).click();
  await expect(preview.locator('.jp-VersionCell').first()).toBeVisible();
});

// [V10]
test('two views of one document share its history and its preview', async ({
  server,
  file,
  ada
}) => {
  const name = await edited(server, ada, file('ipynb'));
  await ada.command('collaboration:show-timeline');
  await versions(ada).first().click();
  await panel(ada).getByRole('button', { name: 'Preview' }).click();
  await expect(ada.page.locator('.jp-VersionPreview')).toHaveCount(1);
  await ada.openBeside(name);
  await ada.command('docmanager:clone');
  await expect(panel(ada)).toContainText(name);
  await panel(ada).getByRole('button', { name: 'Preview' }).click();
  await expect(ada.page.locator('.jp-VersionPreview')).toHaveCount(1);
  await expect(
    panel(ada).locator('.jp-Timeline-version.jp-mod-selected')
  ).toHaveCount(1);
});

// [V10]
test('a document that opens slowly does not take the panel back', async ({
  server,
  file,
  ada
}) => {
  const quick = await edited(server, ada, file('ipynb'));
  await ada.command('collaboration:show-timeline');
  await expect(panel(ada)).toContainText(quick);

  const slow = server.write(file('txt'), 'slow\n');
  let release: () => void = () => undefined;
  const held = new Promise<void>(resolve => (release = resolve));
  await ada.page.route(
    url => url.pathname.includes(`/collaboration/session/${slow}`),
    async route => {
      await held;
      await route.continue();
    }
  );
  await ada.page.evaluate(path => {
    void window.jupyterapp.commands.execute('docmanager:open', { path });
  }, slow);
  await expect(panel(ada)).toHaveAccessibleName(new RegExp(slow));
  await expect(versions(ada)).toHaveCount(0);
  await ada.openBeside(quick);
  await expect(versions(ada)).toHaveCount(2);
  const opened = ada.page.waitForResponse(response =>
    response.url().includes(`/collaboration/session/${slow}`)
  );
  release();
  await opened;
  // Its text has arrived: whatever was waiting for it has happened.
  await expect
    .poll(() =>
      ada.page.evaluate(path => {
        for (const { context } of window.jupyterapp.shell.widgets('main')) {
          if (context?.path === path && context.isReady) {
            return context.model.toString();
          }
        }
        return '';
      }, slow)
    )
    .toBe('slow\n');
  await expect(panel(ada)).toHaveAccessibleName(new RegExp(quick));
  await expect(versions(ada)).toHaveCount(2);
});

// [V10]
test('versions, their actions and the filters are used by keyboard alone', async ({
  server,
  file,
  ada
}) => {
  const { page } = ada;
  await edited(server, ada, file('ipynb'));
  await page.keyboard.type('4');
  await page.keyboard.press('Control+s');
  await expect(ada.status).toHaveText('Live · saved');
  await ada.command('collaboration:show-timeline');
  await expect(versions(ada)).toHaveCount(3);

  // Opening the panel puts the keyboard there, on what was then the newest version.
  const focused = panel(ada).locator('.jp-Timeline-item:focus');
  await expect(focused).toHaveCount(1);
  await page.keyboard.press('Home');
  await expect(versions(ada).nth(0)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(versions(ada).nth(1)).toBeFocused();
  await page.keyboard.press('End');
  await expect(versions(ada).nth(2)).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(versions(ada).nth(1)).toHaveAttribute('aria-expanded', 'true');

  // Its actions are next; the list is left with one more Tab than they are.
  const actions = panel(ada).locator('.jp-Timeline-actions button');
  const count = await actions.count();
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('Tab');
    await expect(actions.nth(at)).toBeFocused();
  }
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('Shift+Tab');
  }
  await expect(versions(ada).nth(1)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(versions(ada).nth(0)).toBeFocused();

  // Escape gives the keyboard back to the document.
  await page.keyboard.press('Escape');
  await expect(
    page.locator('.jp-Notebook:focus, .jp-Notebook :focus')
  ).toHaveCount(1);
  await ada.command('collaboration:show-timeline');
  await expect(focused).toHaveCount(1);

  // The slider and the filters are before it.
  await page.keyboard.press('Shift+Tab');
  await expect(panel(ada).getByRole('slider')).toBeFocused();
  const reached: string[] = [];
  for (let at = 0; at < 3; at++) {
    await page.keyboard.press('Shift+Tab');
    reached.push(
      await page.evaluate(() => document.activeElement?.tagName ?? '')
    );
  }
  expect(reached).toContain('SELECT');
  expect(reached).toContain('INPUT');
});

// [V3] [V10]
test('a long history is reached to its end, and rendered in part only', async ({
  server,
  file,
  ada
}) => {
  test.setTimeout(150_000);
  const count = 240;
  const name = server.write(file('txt'), 'begin\n');
  const writer = await Simulated.open(server, name);
  for (let at = 0; at < count; at++) {
    writer.doc.getText('source').insert(0, `line ${at}\n`);
    await writer.ask('save');
  }
  writer.leave();
  await ada.open(name);
  await ada.command('collaboration:show-timeline');
  const older = panel(ada).getByRole('button', { name: 'Show Older Versions' });
  const slider = panel(ada).getByRole('slider');
  await expect(slider).toHaveAttribute('max', '49');
  for (const last of ['99', '149', '199', `${count}`]) {
    await older.click();
    await expect(slider).toHaveAttribute('max', last);
  }
  await expect(older).toHaveCount(0);
  expect(await versions(ada).count()).toBeLessThan(200);
  const focused = panel(ada).locator('.jp-Timeline-item:focus');
  await versions(ada).first().focus();
  await ada.page.keyboard.press('Home');
  await expect(focused).toContainText('+1');
  await ada.page.keyboard.press('End');
  await expect(focused).toContainText('Opened');
  await expect(focused).toBeInViewport();
  await ada.page.keyboard.press('Enter');
  await expect(focused).toHaveAttribute('aria-expanded', 'true');

  // What others do meanwhile drops neither the list nor what is selected.
  await ada.fileEditor.click();
  await ada.page.keyboard.insertText('more'); // at once: nothing is saved in between
  await ada.page.keyboard.press('Control+s');
  await expect(slider).toHaveAttribute('max', `${count + 1}`);
  await expect(
    panel(ada).locator('.jp-Timeline-version.jp-mod-selected')
  ).toContainText('Opened');
});
