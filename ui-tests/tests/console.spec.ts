// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Consoles of notebooks, which run their code by the page, on the notebook's kernel. [R12]
 */

import type { Locator } from '@playwright/test';

import { notebook } from '../support/documents';
import type { Person } from '../support/fixtures';
import { expect, test } from '../support/fixtures';
import { KERNEL, openBoth, outputs, run } from '../support/running';

const cells = (person: Person): Locator =>
  person.page.locator('.jp-CodeConsole-content .jp-CodeCell');

test('selected text runs in the console of a notebook, where the server ran its cells', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('x = 6', 'x * 7', 'print("x is", x)')
  );
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(ada, 0);
  await ada.command('notebook:create-console');
  await expect(
    ada.page.locator('.jp-CodeConsole-banner .jp-Cell, .jp-CodeConsole-banner')
  ).not.toHaveCount(0);
  await expect(
    ada.page.locator('.jp-CodeConsole-input .jp-InputPrompt')
  ).toHaveText('[ ]:');
  await ada.enterCell(1);
  await ada.page.keyboard.press('Control+A');
  await ada.command('notebook:run-in-console');
  await expect(cells(ada).last()).toContainText('x * 7', KERNEL);
  await expect(cells(ada).last()).toContainText('42');
  // What a console runs is in no document, and on the same kernel.
  await expect(outputs(ada, 1)).toHaveCount(0);
  await run(grace, 2);
  await expect.poll(() => ada.printed(2), KERNEL).toBe('x is 6\n');
});
