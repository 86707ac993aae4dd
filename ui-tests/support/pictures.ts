// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people in one notebook, and a picture of it for the README.
 *
 * The pictures go to `test-results/`, or to the folder that COLLAB_SCREENSHOTS names: `make
 * screenshots` renews those in `docs/images`, so that an ordinary run leaves no changed file.
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import { type TestInfo, expect } from '@playwright/test';

import type { Person } from './person';
import type { Server } from './server';

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');

/**
 * Keep what a person sees.
 *
 * @param animations `allow` if a notification that closes by itself is shown: its time is an
 * animation, and disabling it ends it.
 */
export async function picture(
  person: Person,
  name: string,
  testInfo: TestInfo,
  animations: 'allow' | 'disabled' = 'disabled'
): Promise<void> {
  const folder = process.env.COLLAB_SCREENSHOTS || testInfo.outputDir;
  const file = path.join(folder, name);
  await person.page.screenshot({ path: file, animations });
  await testInfo.attach(name, { path: file, contentType: 'image/png' });
}

/**
 * Two people in the notebook with the plots: one is seen writing in the other's browser.
 *
 * @param folder of the notebook. Pictures of a history need one of their own: a file that a test
 * writes again is a change in it.
 */
export async function together(
  server: Server,
  ada: Person,
  grace: Person,
  folder = ''
): Promise<void> {
  const example = 'plots.ipynb';
  const name = path.posix.join(folder, example);
  server.write(name, fs.readFileSync(path.join(EXAMPLES, example), 'utf-8'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await expect(ada.page.locator('.jp-OutputArea img').first()).toBeVisible();
  await expect(
    ada.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
  ).toBeVisible({ timeout: 30_000 });

  await ada.enterCell(1);
  await grace.enterCell(2);
  await grace.page.keyboard.press('Control+Home');
  await grace.page.keyboard.press('ArrowDown');
  await grace.page.keyboard.press('End');
  await grace.page.keyboard.type('  # in gray?');
  await expect(ada.cellEditor(2)).toContainText('# in gray?');

  const cursor = ada.cell(2).locator('.jp-remote-cursor');
  await expect(cursor).toHaveCount(1);
  await expect(ada.badge(await grace.name()).first()).toBeVisible();
  await cursor.hover({ force: true });
  const label = ada.page.getByText(await grace.name(), { exact: true });
  await expect(label.filter({ visible: true }).first()).toBeVisible();
}
