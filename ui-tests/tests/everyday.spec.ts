// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What people do in JupyterLab every day, in documents that others look at.
 */

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import type { Person } from '../support/person';

/** The sources of one of the notebooks that are open. */
async function sourcesOf(person: Person, name: string): Promise<string[]> {
  return person.page.evaluate(path => {
    for (const { context } of window.jupyterapp.shell.widgets('main')) {
      if (context?.path === path && context.isReady) {
        const { cells } = JSON.parse(context.model.toString()) as {
          cells: { source: string | string[] }[];
        };
        return cells.map(({ source }) => [source].flat().join(''));
      }
    }
    return [];
  }, name);
}

/** Open another document at the right of the one that is open. */
async function openAtRight(person: Person, name: string): Promise<void> {
  await person.commandWith('docmanager:open', {
    path: name,
    options: { mode: 'split-right' }
  });
  await expect.poll(() => person.isOpen(name, '')).toBe(true);
}

/** Search for a text, and replace all of it. */
async function replaceAll(
  { page }: Person,
  text: string,
  by: string,
  count: number
): Promise<void> {
  await page.keyboard.press('Control+f');
  const search = page.locator('.jp-DocumentSearch-overlay');
  await search.getByTitle('Find', { exact: true }).fill(text);
  await expect(search).toContainText(new RegExp(`/${count}$|/${count}\\D`));
  await search.getByTitle('Show Replace').click();
  await search.getByTitle('Replace', { exact: true }).fill(by);
  await search.getByRole('button', { name: 'Replace All' }).click();
}

// [P9]
test('replace all in a notebook leaves the carets of others where they are', async ({
  server,
  file,
  ada,
  grace
}) => {
  const cell = 'total = 1\nmiddle = 2\nprint(total + middle)';
  const name = server.write(file('ipynb'), notebook(cell, 'md:total', cell));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.enterCell(0);
  await grace.page.keyboard.press('Control+Home');
  await grace.page.keyboard.press('ArrowDown');
  await grace.page.keyboard.press('End');
  const typed = '0123456789'.repeat(8);
  await ada.selectCell(2);
  const typing = grace.page.keyboard.type(typed, { delay: 60 });
  await replaceAll(ada, 'total', 'sum', 5);
  await typing;
  const replaced = 'sum = 1\nmiddle = 2\nprint(sum + middle)';
  const expected = [replaced.replace('= 2', `= 2${typed}`), 'sum', replaced];
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(expected);
  }
  await grace.page.keyboard.type('!');
  await expect
    .poll(async () => (await ada.sources())[0])
    .toBe(replaced.replace('= 2', `= 2${typed}!`));
});

// [P9]
test('replace all in a file leaves the carets of others where they are', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'total\nmiddle\ntotal\n');
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.fileEditor.click();
  await grace.page.keyboard.press('Control+Home');
  await grace.page.keyboard.press('ArrowDown');
  await grace.page.keyboard.press('End');
  await ada.fileEditor.click();
  await replaceAll(ada, 'total', 'sum', 2);
  await expect.poll(() => grace.text()).toBe('sum\nmiddle\nsum\n');
  await grace.page.keyboard.type(' by Grace');
  await expect.poll(() => ada.text()).toBe('sum\nmiddle by Grace\nsum\n');
});

test('a cell that is dragged into another notebook arrives there for everybody', async ({
  server,
  file,
  ada,
  grace
}) => {
  const [from, to] = [file('ipynb'), file('ipynb')];
  server.write(from, notebook('a', 'b', 'c'));
  server.write(to, notebook('x', 'y'));
  for (const person of [ada, grace]) {
    await person.open(from);
    await openAtRight(person, to);
  }
  const panelOf = (name: string) =>
    ada.page
      .locator('.jp-NotebookPanel')
      .filter({ visible: true })
      .nth(name === from ? 0 : 1);
  const handle = panelOf(from).locator('.jp-Cell .jp-InputPrompt').nth(1);
  const target = panelOf(to).locator('.jp-Cell').nth(1);
  await handle.click();
  const [start, end] = [
    (await handle.boundingBox())!,
    (await target.boundingBox())!
  ];
  const { mouse } = ada.page;
  await mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await mouse.down();
  await mouse.move(start.x + 60, start.y + 30, { steps: 5 });
  await mouse.move(end.x + end.width / 2, end.y + 5, { steps: 15 });
  await mouse.up();
  for (const person of [ada, grace]) {
    await expect.poll(() => sourcesOf(person, to)).toEqual(['x', 'b', 'y']);
    expect(await sourcesOf(person, from)).toEqual(['a', 'b', 'c']);
  }
  // Both notebooks go on, each for itself.
  await grace.page
    .locator('.jp-NotebookPanel')
    .filter({ visible: true })
    .nth(1)
    .locator('.jp-Cell .cm-content')
    .nth(1)
    .click();
  await grace.page.keyboard.press('Control+End');
  await grace.page.keyboard.type('2');
  await expect.poll(() => sourcesOf(ada, to)).toEqual(['x', 'b2', 'y']);
  expect(await sourcesOf(ada, from)).toEqual(['a', 'b', 'c']);
});

// F1 [V10]
test('a workspace with two documents is restored, and panels show the right one', async ({
  server,
  file,
  ada,
  grace
}) => {
  const [first, second] = [file('ipynb'), file('txt')];
  server.write(first, notebook('begin'));
  server.write(second, 'begin\n');
  await ada.open(first);
  const saved = ada.page.waitForResponse(response => {
    const body = response.request().postData() ?? '';
    return (
      response.url().includes('/api/workspaces') &&
      response.request().method() === 'PUT' &&
      [first, second, 'jp-collaboration-timeline'].every(each =>
        body.includes(each)
      ) &&
      /"right":\{"collapsed":false/.test(body)
    );
  });
  await openAtRight(ada, second);
  await ada.command('collaboration:show-timeline');
  await saved;
  // Without the document's path in the address: once all is restored, JupyterLab opens that
  // document again, and activates it.
  await ada.page.goto(ada.page.url().replace(/\/tree\/.*/, ''));
  for (const name of [first, second]) {
    await expect
      .poll(() => ada.isOpen(name, 'begin'), { timeout: 40_000 })
      .toBe(true);
  }
  const heading = ada.page
    .locator('#jp-collaboration-timeline')
    .getByRole('heading', { level: 2 });
  await expect(heading).toContainText((await ada.currentPath()) ?? '-');
  await ada.page.locator('.jp-Notebook .cm-content').first().click();
  await expect(heading).toContainText(first);
  await ada.fileEditor.click();
  await expect(heading).toContainText(second);

  // Both are connected.
  await grace.open(first);
  await openAtRight(grace, second);
  await grace.page.locator('.jp-FileEditor .cm-content').click();
  await grace.page.keyboard.press('Control+Home');
  await grace.page.keyboard.type('Grace ');
  await expect.poll(() => ada.isOpen(second, 'Grace begin')).toBe(true);
  await ada.page.locator('.jp-Notebook .cm-content').first().click();
  await ada.page.keyboard.press('Control+End');
  await ada.page.keyboard.type(' Ada');
  await expect.poll(() => sourcesOf(grace, first)).toEqual(['begin Ada']);
});

// [M4]
test('a notebook with 10 MB of outputs is run and typed in by two people', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(180_000);
  const prints = 'for i in range(500): print(f"{i:05}" + "x" * 995)';
  const html =
    'from IPython.display import HTML, display\ndisplay(HTML("<p>" + "y" * 500_000 + "</p>"))';
  const cells = Array.from({ length: 10 }, (_, index) =>
    index % 2 ? html : prints
  );
  const name = server.write(file('ipynb'), notebook(...cells, 'last'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.selectCell(0);
  await ada.kernelReady();
  await ada.startCommand('notebook:run-all-cells');
  await grace.goToCell(10);
  await grace.typeInCell(10, ' by Grace');
  const sizes = async (person: Person) => {
    const all = await person.cells();
    return all
      .slice(0, 10)
      .map(({ outputs }) => JSON.stringify(outputs).length > 490_000);
  };
  for (const person of [ada, grace]) {
    await expect
      .poll(() => sizes(person), { timeout: 90_000 })
      .toEqual(Array.from({ length: 10 }, () => true));
    await expect
      .poll(async () => (await person.sources())[10])
      .toBe('last by Grace');
  }
  await expect.poll(() => ada.pendingChanges()).toBe(0);
  await expect(grace.status).toHaveText('Live · saved', { timeout: 30_000 });
});
