// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * One person works; another one, and a program, change other parts of the document. [P9]
 */

import { expect } from '@playwright/test';

import { notebook } from './documents';
import type { Person } from './person';
import type { Server } from './server';

/** Where somebody's caret is: the text before and behind it, of the editor that has the focus. */
function caret(person: Person): Promise<string> {
  return person.page.evaluate(() => {
    const editor = document.activeElement as HTMLElement | null;
    const selection = getSelection();
    if (!editor?.matches('.cm-content') || !selection?.anchorNode) {
      return 'nowhere';
    }
    const before = document.createRange();
    before.setStart(editor, 0);
    before.setEnd(selection.anchorNode, selection.anchorOffset);
    return `${before.toString()}|${selection.toString()}`;
  });
}

/** See that focus, caret, selection, outputs and the view stay as they are. */
export async function stayUndisturbed(
  server: Server,
  name: string,
  ada: Person,
  grace: Person
): Promise<void> {
  server.write(
    name,
    notebook('first = 1', 'print("kept")', 'words to select', 'last = 1')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  await ada.enterCell(1);
  await ada.page.keyboard.press('Control+Enter');
  const output = ada.cell(1).locator('.jp-OutputArea-output');
  await expect(output).toContainText('kept', { timeout: 30_000 });
  // What is done to the page of an output, as by a widget, is lost if it is made again.
  await output.evaluate(node => node.setAttribute('data-touched', 'yes'));

  await ada.enterCell(2);
  await ada.page.keyboard.press('Control+Shift+ArrowLeft');
  const before = await caret(ada);
  expect(before).toContain('select');

  await grace.selectCell(0);
  await grace.insertCell('above', 'inserted = 1');
  await grace.enterCell(1);
  await grace.page.keyboard.type(' + 1');
  await grace.page.keyboard.press('Control+s');
  await expect.poll(() => ada.sources()).toContain('first = 1 + 1');
  await expect.poll(() => server.read(name)).toContain('first = 1 + 1');
  const saved = JSON.parse(server.read(name)) as {
    cells: { source: string | string[] }[];
  };
  saved.cells[4].source = 'last = "by a program"';
  server.write(name, saved);
  await expect.poll(() => ada.sources()).toContain('last = "by a program"');
  await grace.selectCell(0);
  await grace.command('notebook:move-cell-down');
  await expect
    .poll(async () => (await ada.sources()).slice(0, 2))
    .toEqual(['first = 1 + 1', 'inserted = 1']);

  expect(await caret(ada)).toBe(before);
  await expect(ada.page.locator('.jp-Completer:visible')).toHaveCount(0);
  await expect(ada.page.locator('[data-touched="yes"]')).toHaveCount(1);
  await ada.page.keyboard.type('choose');
  await expect.poll(() => ada.sources()).toContain('words to choose');
}
