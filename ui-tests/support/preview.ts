// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people work in turn; one looks at versions in a tab of their own. [V9]
 */

import * as fs from 'node:fs';

import { type TestInfo, expect } from '@playwright/test';

import { seesNoBarrier } from './accessibility';
import { cellsOnDisk, notebook } from './documents';
import type { Person } from './person';
import { picture } from './pictures';
import type { Server } from './server';

/** The icon of the tab has a size, and stands in the line of the label. */
async function seesIconBesideLabel({ page }: Person): Promise<void> {
  const tab = page.locator('.lm-TabBar-tab.jp-VersionPreview-tab');
  const [icon, label] = await Promise.all(
    ['.lm-TabBar-tabIcon svg', '.lm-TabBar-tabLabel'].map(async part => {
      const box = await tab.locator(part).boundingBox();
      expect(box).not.toBeNull();
      return box!;
    })
  );
  expect(icon.width).toBeGreaterThanOrEqual(12);
  expect(icon.x + icon.width).toBeLessThanOrEqual(label.x + 1);
  const middle = (box: typeof icon) => box.y + box.height / 2;
  expect(Math.abs(middle(icon) - middle(label))).toBeLessThanOrEqual(2);
}

/** Preview, scrub, compare, and bring back one cell. */
export async function previewAndCompare(
  server: Server,
  name: string,
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  const { page } = ada;
  const save = (person: Person) => person.page.keyboard.press('Control+s');
  const onDisk = (cells: string[]) =>
    expect.poll(() => cellsOnDisk(server, name)).toEqual(cells);
  server.write(name, notebook('x = 1', 'md:# Title', 'print("old words")'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '23');
  await ada.command('runmenu:run');
  await save(ada);
  await onDisk(['x = 123', '# Title', 'print("old words")']);
  await grace.typeInCell(2, '  # by Grace');
  await save(grace);
  await onDisk(['x = 123', '# Title', 'print("old words")  # by Grace']);

  await ada.command('collaboration:show-timeline');
  const versions = page.locator('.jp-Timeline-item');
  await expect(versions.first()).toContainText('cell 3');
  await versions.first().click();
  await page
    .locator('.jp-Timeline-actions')
    .getByRole('button', { name: 'Preview' })
    .click();
  const preview = page.locator('.jp-VersionPreview');
  const cells = preview.locator('.jp-VersionCell');
  await expect(cells).toHaveCount(3);
  const changed = preview.locator('.jp-VersionCell.jp-mod-different');
  await expect(changed).toHaveCount(1);
  await expect(changed).toContainText('Changed');
  await expect(changed.locator('.cm-changedText')).toHaveText('  # by Grace');
  await expect(preview.locator('h1')).toContainText('Title');
  await seesIconBesideLabel(ada);
  await picture(ada, `preview-${server.application}.png`, testInfo);
  await seesNoBarrier(ada, '.jp-VersionPreview', '.jp-Timeline');

  // It is looked at only, and follows the slider, by keyboard.
  await expect(preview.locator('[contenteditable="true"]')).toHaveCount(0);
  const last = await versions.count();
  await page.locator('.jp-Timeline-scrubber').focus();
  for (let at = 1; at < last; at++) {
    await page.keyboard.press('ArrowLeft');
  }
  await expect(preview.locator('.jp-VersionPreview-title')).toContainText(
    'Opened'
  );
  await expect(cells.first()).toContainText('x = 1');
  await expect(cells.first()).not.toContainText('x = 123');

  // Beside the document as it is now.
  await preview
    .getByRole('combobox', { name: 'What is marked' })
    .selectOption('now');
  await expect(preview.locator('.jp-VersionPreview-count')).toHaveText(
    '2 differences'
  );
  await expect(changed.nth(1)).toContainText('Changed since');
  await preview.getByRole('button', { name: 'Next difference' }).click();
  await expect(changed.first()).toBeFocused();
  await picture(ada, `preview-since-${server.application}.png`, testInfo);

  // One cell comes back, at Grace's too, and one undo takes it away again.
  await changed
    .nth(1)
    .getByRole('button', { name: 'Restore This Cell' })
    .click();
  await expect
    .poll(() => grace.sources())
    .toEqual(['x = 123', '# Title', 'print("old words")']);
  await onDisk(['x = 123', '# Title', 'print("old words")']);
  await expect(changed).toHaveCount(1);
  await ada.command('notebook:undo-cell-action');
  await expect
    .poll(() => grace.sources())
    .toEqual(['x = 123', '# Title', 'print("old words")  # by Grace']);

  // And the version can be taken home.
  const downloading = page.waitForEvent('download');
  await preview.getByRole('button', { name: 'More actions' }).click();
  await page.locator('.lm-Menu').getByText('Download').click();
  const path = await (await downloading).path();
  const { cells: kept } = JSON.parse(fs.readFileSync(path, 'utf-8')) as {
    cells: { id: string; source: string; metadata: object }[];
  };
  expect(kept.map(({ source }) => source)).toEqual([
    'x = 1',
    '# Title',
    'print("old words")'
  ]);
}
