// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tools that change notebooks from within JupyterLab, while two people have them open. [C1] [F4]
 */

import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';

import { cellsOnDisk, notebook } from '../support/documents';
import { expect } from '../support/fixtures';
import type { Person, Server } from '../support/fixtures';
import { pythonOf, run, testIn } from './environments';

const test = testIn('tools');
const NAME = 'work.ipynb';

/**
 * Run git in the folder of a server.
 */
function git(server: Server, ...args: string[]): string {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return execFileSync('git', [...who, ...args], {
    cwd: server.root,
    encoding: 'utf-8',
    env: server.environment
  });
}

/**
 * The text of a notebook, in a style that Jupyter does not write by itself, and with what
 * JupyterLab adds when the kernel has started.
 */
function styled(...cells: string[]): string {
  const content = notebook(...cells) as { cells: object; metadata: object };
  const ask = ['-c', 'import platform; print(platform.python_version())'];
  const language_info = {
    codemirror_mode: { name: 'ipython', version: 3 },
    file_extension: '.py',
    mimetype: 'text/x-python',
    name: 'python',
    nbconvert_exporter: 'python',
    pygments_lexer: 'ipython3',
    version: execFileSync(pythonOf('tools'), ask, { encoding: 'utf-8' }).trim()
  };
  const { cells: list, metadata, ...rest } = content;
  return JSON.stringify(
    { ...rest, metadata: { ...metadata, language_info }, cells: list },
    null,
    4
  );
}

/**
 * A repository with a notebook on two branches: `main`, and `other` with another first cell.
 */
function repository(server: Server): void {
  git(server, 'init', '-b', 'main');
  server.write('.gitignore', '.*\n!.gitignore\n');
  server.write(NAME, styled('x = 1', 'y = 2', 'z = 3'));
  git(server, 'add', '.');
  git(server, 'commit', '-m', 'One');
  git(server, 'checkout', '-b', 'other');
  server.write(NAME, styled('x = 100', 'y = 2', 'z = 3'));
  git(server, 'commit', '-am', 'Two');
  git(server, 'checkout', 'main');
}

/**
 * The lines that a diff removes and adds, without what is around the source of a cell.
 */
function linesOf(diff: string): string[] {
  const lines = diff.split('\n').filter(line => /^[+-](?![+-])/.test(line));
  return lines.map(line => line.replace(/\s+/, '').replaceAll('"', ''));
}

/**
 * The sources of the cells that git sees as changed: nothing else may differ.
 */
function changedForGit(server: Server): string[] {
  return linesOf(git(server, 'diff', '--unified=0'));
}

/**
 * A line of a cell, which ends in a line break where a conflict keeps two lines. [S4]
 */
const SOURCE = /^[+-][xz] = \d+(\\n,)?$/;

/**
 * Ask git again and again what has changed, until an operation has ended: it never sees anything
 * but sources of cells, so no empty file, none of another style, and none that is missing.
 */
async function watched(
  server: Server,
  operation: () => Promise<void>
): Promise<void> {
  const index = path.join(server.root, '.git', 'index');
  // While git itself writes files, it holds the lock; afterward the index is a new file.
  const version = () => {
    if (fs.existsSync(`${index}.lock`)) {
      return null;
    }
    const { ino, ctimeNs } = fs.statSync(index, { bigint: true });
    return `${ino} ${ctimeNs}`;
  };
  const look = async (...args: string[]) => {
    const options = { cwd: server.root, env: server.environment };
    const command = ['--no-optional-locks', ...args];
    return (await promisify(execFile)('git', command, options)).stdout;
  };
  let isRunning = true;
  const running = operation().finally(() => (isRunning = false));
  const failed = running.then(
    () => false,
    () => true
  );
  let looks = 0;
  while (isRunning || (looks === 0 && !(await failed))) {
    const before = version();
    const seen = await Promise.allSettled([
      look('status', '--porcelain'),
      look('diff', '--unified=0')
    ]);
    if (before === null || version() !== before) {
      continue; // it also fails in the moment in which git replaces a file
    }
    const [status, diff] = seen.map(each => {
      if (each.status === 'rejected') {
        throw each.reason;
      }
      return each.value;
    });
    looks++;
    expect(['', ` M ${NAME}\n`]).toContain(status);
    const others = linesOf(diff).filter(line => !SOURCE.test(line));
    expect(others).toEqual([]);
  }
  await running;
}

/**
 * Wait until people see these sources of the cells.
 */
async function bothSee(people: Person[], sources: string[]): Promise<void> {
  for (const person of people) {
    await expect.poll(() => person.sources()).toEqual(sources);
  }
}

/**
 * Make a request of jupyterlab-git, as its panel does.
 */
async function ask(
  { page, server }: Person,
  route: string,
  body: object
): Promise<number> {
  const response = await page.request.post(`${server.url}/git/${route}`, {
    headers: { Authorization: `token ${server.token}` },
    data: body
  });
  return response.status();
}

// Nothing is written before somebody saves, so that there is unsaved typing at each moment.
const unsaved = testIn(
  'tools',
  'lab',
  '--YDocExtension.document_save_delay=None'
);

/**
 * Two people in the notebook; Ada has typed into the last cell, which is not saved.
 */
async function withTyping(people: [Person, Person]): Promise<void> {
  const [ada] = people;
  repository(ada.server);
  await Promise.all(people.map(person => person.open(NAME)));
  await ada.typeInCell(2, '4');
  await bothSee(people, ['x = 1', 'y = 2', 'z = 34']);
  expect(changedForGit(ada.server)).toEqual([]);
}

unsaved(
  'jupyterlab-git: a checkout merges with typing that is not saved yet',
  async ({ ada, grace, server }) => {
    await withTyping([ada, grace]);
    const body = {
      checkout_branch: true,
      new_check: false,
      branchname: 'other'
    };
    await watched(server, async () => {
      expect(await ask(ada, 'checkout', body)).toBe(200);
      await bothSee([ada, grace], ['x = 100', 'y = 2', 'z = 34']);
      expect(changedForGit(server)).toEqual([]);
      await grace.command('docmanager:save');
    });
    expect(changedForGit(server)).toEqual(['-z = 3', '+z = 34']);
  }
);

unsaved(
  'jupyterlab-git: a pull merges with typing that is not saved yet',
  async ({ ada, grace, server }) => {
    await withTyping([ada, grace]);
    // A remote repository that is ahead by the commit of the other branch.
    const remote = path.join(server.root, '.remote.git');
    git(server, 'clone', '--bare', '.', remote);
    git(server, 'remote', 'add', 'origin', remote);
    git(server, '-C', remote, 'branch', '--force', 'main', 'other');
    git(server, 'fetch', 'origin');
    git(server, 'branch', '--set-upstream-to=origin/main');
    await watched(server, async () => {
      expect(await ask(ada, 'pull', {})).toBe(200);
      await bothSee([ada, grace], ['x = 100', 'y = 2', 'z = 34']);
      expect(changedForGit(server)).toEqual([]);
      await grace.command('docmanager:save');
    });
    expect(changedForGit(server)).toEqual(['-z = 3', '+z = 34']);
  }
);

unsaved(
  'jupyterlab-git: a stash takes what is saved, leaves what is typed, and comes back',
  async ({ ada, grace, server }) => {
    await withTyping([ada, grace]);
    await ada.command('docmanager:save');
    expect(changedForGit(server)).toEqual(['-z = 3', '+z = 34']);
    await grace.typeInCell(0, '5');
    await bothSee([ada, grace], ['x = 15', 'y = 2', 'z = 34']);
    await watched(server, async () => {
      expect(await ask(ada, 'stash', { stashMsg: 'later' })).toBe(201);
      await bothSee([ada, grace], ['x = 15', 'y = 2', 'z = 3']);
      expect(changedForGit(server)).toEqual([]);
      expect(await ask(ada, 'stash_pop', { index: 0 })).toBe(204);
      await bothSee([ada, grace], ['x = 15', 'y = 2', 'z = 34']);
      expect(changedForGit(server)).toEqual(['-z = 3', '+z = 34']);
      await grace.command('docmanager:save');
    });
    expect(changedForGit(server)).toEqual([
      '-x = 1',
      '+x = 15',
      '-z = 3',
      '+z = 34'
    ]);
  }
);

unsaved(
  'jupyterlab-git: discarding changes in its panel leaves what is not saved yet',
  async ({ ada, grace, server }) => {
    await withTyping([ada, grace]);
    await ada.command('docmanager:save');
    await grace.typeInCell(0, '5');
    await bothSee([ada, grace], ['x = 15', 'y = 2', 'z = 34']);
    await watched(server, async () => {
      await discard(ada);
      await bothSee([ada, grace], ['x = 15', 'y = 2', 'z = 3']);
      expect(changedForGit(server)).toEqual([]);
      await grace.command('docmanager:save');
    });
    expect(changedForGit(server)).toEqual(['-x = 1', '+x = 15']);
  }
);

test('jupyterlab-git: discarding changes in its panel shows the file as it was committed', async ({
  ada,
  grace,
  server
}) => {
  repository(server);
  await Promise.all([ada.open(NAME), grace.open(NAME)]);
  await grace.typeInCell(0, '5');
  await expect.poll(() => cellsOnDisk(server, NAME)[0]).toBe('x = 15');
  await watched(server, async () => {
    await discard(ada);
    await bothSee([ada, grace], ['x = 1', 'y = 2', 'z = 3']);
  });
  await expect.poll(() => git(server, 'status', '--porcelain')).toBe('');
});

testIn(
  'tools',
  'lab',
  '--YDocExtension.document_save_delay=0'
)(
  'jupyterlab-git: files are whole while somebody types, the server saves, and git discards',
  async ({ ada, grace, server }) => {
    repository(server);
    await Promise.all([ada.open(NAME), grace.open(NAME)]);
    const body = { checkout_branch: false, checkout_all: false };
    await watched(server, async () => {
      let isTyping = true;
      const typing = grace
        .typeInCell(2, '4'.repeat(60))
        .finally(() => (isTyping = false));
      while (isTyping) {
        expect(await ask(ada, 'checkout', { ...body, filename: NAME })).toBe(
          200
        );
      }
      await typing;
      await expect
        .poll(async () => {
          const all = [await ada.sources(), await grace.sources()];
          return new Set([...all, cellsOnDisk(server, NAME)].map(String)).size;
        })
        .toBe(1);
    });
    const sources = await ada.sources();
    expect(sources.slice(0, 2)).toEqual(['x = 1', 'y = 2']);
    // What is typed into the line that git takes back is a conflict, which keeps both.
    expect(sources[2]).toMatch(/^(z = 34*\n?)+$/);
  }
);

/**
 * Discard the changes of the notebook in the panel of jupyterlab-git.
 */
async function discard(person: Person): Promise<void> {
  await person.page.getByRole('tab', { name: 'Git' }).click();
  const file = person.page.locator('#jp-git-sessions').getByText(NAME).first();
  await expect(file).toBeVisible({ timeout: 30_000 });
  await file.click({ button: 'right' });
  await person.page.getByRole('menuitem', { name: 'Discard' }).first().click();
  await person.dialogs.getByRole('button', { name: 'Discard' }).click();
}

test('nbdime: its view has what two people typed and the server saved', async ({
  ada,
  grace,
  server
}) => {
  repository(server);
  await Promise.all([ada.open(NAME), grace.open(NAME)]);
  await Promise.all([ada.typeInCell(0, '5'), grace.typeInCell(2, '4')]);
  await expect
    .poll(() => cellsOnDisk(server, NAME))
    .toEqual(['x = 15', 'y = 2', 'z = 34']);
  const shown = await run('tools', server, '-m', 'nbdime', 'diff', NAME);
  expect(shown).toContain('x = 15');
  expect(shown).toContain('z = 34');
  for (const person of [ada, grace]) {
    await person.command('nbdime:diff-git');
    const view = person.page.locator('.nbdime-Widget');
    await expect(view).toBeVisible({ timeout: 30_000 });
    await expect(view).toContainText('15');
    await expect(view).toContainText('34');
  }
});

test('black formats a cell for everybody', async ({ ada, grace, server }) => {
  const name = server.write('ugly.ipynb', notebook('x=[1,2]', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.enterCell(0);
  await grace.typeInCell(1, '3');
  await ada.command('jupyterlab_code_formatter:black');
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(['x = [1, 2]', 'y = 23']);
  }
});

test('jupyterlab-execute-time: everybody sees when a cell ran, and the file has it', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write('timed.ipynb', notebook('print("done")'));
  await server.set('@jupyterlab/notebook-extension:tracker', {
    recordTiming: true
  });
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  await ada.enterCell(0);
  await ada.page.keyboard.press('Control+Enter');
  for (const { page } of [ada, grace]) {
    await expect(page.locator('.execute-time')).toContainText(/Last executed/);
  }
  await expect.poll(() => server.read(name)).toContain('"shell.execute_reply"');
});

test('jupyter-resource-usage shows two people its figures beside ours', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write('used.ipynb', notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  for (const { page, status } of [ada, grace]) {
    await expect(page.locator('#jp-main-statusbar')).toContainText(/Mem:/);
    await expect(status).toBeVisible();
  }
  await grace.typeInCell(0, '2');
  await bothSee([ada, grace], ['x = 12']);
});

testIn(
  'tools',
  'lab',
  '--YDocExtension.document_save_delay=None'
)(
  'nbconvert: an export from the menu has what two people typed and nobody saved',
  async ({ ada, grace, server }) => {
    const name = server.write('report.ipynb', notebook('x = 1', 'y = 2'));
    await Promise.all([ada.open(name), grace.open(name)]);
    await ada.typeInCell(0, '23');
    await grace.typeInCell(1, '34');
    await bothSee([ada, grace], ['x = 123', 'y = 234']);
    expect(cellsOnDisk(server, name)).toEqual(['x = 1', 'y = 2']);

    // JupyterLab saves, then opens a tab, which gets a file to download.
    const exporting = ada.context.waitForEvent('request', request =>
      request.url().includes('/nbconvert/html/')
    );
    const { page } = ada;
    const item = (hasText: RegExp) =>
      page.locator('.lm-Menu-itemLabel', { hasText });
    // eslint-disable-next-line jupyter/galata-prefer-menu-helper -- pages are not Galata's
    await page.getByRole('menuitem', { name: 'File', exact: true }).click();
    await item(/^Save and Export Notebook As$/).click();
    await item(/^HTML$/).click();
    await ada.dialogs.getByRole('button', { name: 'Ok' }).click();
    const url = (await exporting).url();
    const headers = { Authorization: `token ${server.token}` };
    const html = await (await page.request.get(url, { headers })).text();
    const shown = html.replace(/<[^>]*>/g, '');
    expect(shown).toContain('x = 123');
    expect(shown).toContain('y = 234');
    expect(cellsOnDisk(server, name)).toEqual(['x = 123', 'y = 234']);
  }
);

testIn('lsp')(
  'jupyterlab-lsp: its marks follow what either of two people types',
  async ({ ada, grace, server }) => {
    const name = server.write(
      'checked.ipynb',
      notebook('first = 1', 'print(first, second)')
    );
    await Promise.all([ada.open(name), grace.open(name)]);
    const mark = ({ page }: Person) => page.locator('.cm-lintRange');
    for (const person of [ada, grace]) {
      await expect(mark(person)).toHaveText(/^second/, { timeout: 40_000 });
    }
    await grace.typeInCell(0, '\nsecond = 2');
    for (const person of [ada, grace]) {
      await expect(mark(person)).toHaveCount(0);
    }
    await ada.typeInCell(1, '\nprint(third)');
    for (const person of [ada, grace]) {
      await expect(mark(person)).toHaveText(/^third/);
    }
  }
);
