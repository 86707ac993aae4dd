// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people work in turn; one looks at the history, names and restores. [V1] [V4] [V5]
 */

import { type TestInfo, expect } from '@playwright/test';

import { cellsOnDisk, notebook } from './documents';
import type { Person } from './person';
import { picture } from './pictures';
import type { Server } from './server';

/** The versions that somebody sees, newest first. */
function versions(person: Person) {
  return person.page.locator('.jp-Timeline-item');
}

/**
 * Show the history of the open document, and look at its newest version.
 *
 * @param author Whose version that has to be: the list follows an edit a moment later.
 */
export async function previewNewest(
  person: Person,
  author = ''
): Promise<void> {
  await person.command('collaboration:show-timeline');
  await expect(versions(person).first()).toContainText(author);
  await versions(person).first().click();
  await person.page
    .locator('.jp-Timeline-actions')
    .getByRole('button', { name: 'Preview' })
    .click();
}

/** Choose one of the actions of the selected version that are in a menu. */
async function moreActions({ page }: Person, label: string): Promise<void> {
  await page
    .locator('.jp-Timeline-actions')
    .getByRole('button', { name: 'More actions' })
    .click();
  await page.locator('.lm-Menu').getByText(label).click();
}

/** Work, and bring back what was before. */
export async function workAndRestore(
  server: Server,
  name: string,
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  server.write(name, notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '23');
  await ada.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'y = 2']);
  await grace.typeInCell(1, '34');
  await expect.poll(() => ada.sources()).toEqual(['x = 123', 'y = 234']);
  await grace.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'y = 234']);

  // Who did what is there, newest first.
  await ada.command('collaboration:show-timeline');
  await expect(versions(ada)).toHaveCount(3);
  await expect(versions(ada).nth(0)).toContainText('Grace');
  await expect(versions(ada).nth(0)).toContainText('cell 2');
  await expect(versions(ada).nth(1)).toContainText('Ada');
  await expect(versions(ada).nth(1)).toContainText('cell 1');
  await expect(versions(ada).nth(2)).toContainText('Opened');

  // One person's versions, and a name.
  const filter = ada.page.locator('.jp-Timeline-filters select');
  const graces = filter.locator('option', { hasText: 'Grace' });
  await filter.selectOption(await graces.getAttribute('value'));
  await expect(versions(ada)).toHaveCount(1);
  await filter.selectOption('');
  await expect(versions(ada)).toHaveCount(3);
  await versions(ada).nth(1).click();
  await moreActions(ada, 'Name…');
  await ada.page.locator('.jp-Dialog input').fill('before Grace');
  await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
  await expect(versions(ada).nth(1)).toContainText('before Grace');
  await picture(ada, `timeline-${server.application}.png`, testInfo);

  // A restore is seen by both, is a version of its own, and one undo takes it back.
  await ada.page.getByRole('button', { name: 'Restore' }).click();
  await expect.poll(() => grace.sources()).toEqual(['x = 123', 'y = 2']);
  await expect(
    grace.notification(`Ada restored an older version of ${name}`)
  ).toBeVisible();
  await expect(ada.notification('Ada restored')).toHaveCount(0);
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'y = 2']);
  await expect(versions(ada)).toHaveCount(4);
  await expect(versions(ada).nth(0)).toContainText('Restored');
  await expect(versions(ada).nth(1)).toContainText('Grace');
  await ada.command('notebook:undo-cell-action');
  await expect.poll(() => grace.sources()).toEqual(['x = 123', 'y = 234']);

  // What is older than a version can be cleared; the document stays as it is. [V7]
  await expect(versions(ada)).toHaveCount(5);
  await versions(ada).first().click();
  await moreActions(ada, 'Delete Older Versions…');
  await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
  await expect(versions(ada)).toHaveCount(1);
  await expect(versions(ada)).toContainText('Everything before');
  expect(await grace.sources()).toEqual(['x = 123', 'y = 234']);
  await grace.typeInCell(1, '5');
  await expect.poll(() => ada.sources()).toEqual(['x = 123', 'y = 2345']);
}
