// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import {
  attachLog,
  expect,
  Server,
  test,
  testAlone,
  withPerson
} from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

const MAY_READ = 'You have view-only access to this document.';

/** The items of a notebook's toolbar that change the notebook. */
const CHANGING = [
  'insert',
  'cut',
  'paste',
  'run',
  'restart-and-run',
  'cellType'
];

async function seesMark(person: Person): Promise<void> {
  await expect(person.viewingMark).toHaveText('Viewing');
  await expect(person.viewingMark).toHaveAttribute('title', MAY_READ);
  await expect(
    person.page.getByRole('note', { name: `Viewing: ${MAY_READ}` })
  ).toBeVisible();
}

/** Press what would change a notebook, in both modes. */
async function triesAll(person: Person, index: number): Promise<void> {
  const { keyboard } = person.page;
  await person.enterCell(index);
  await keyboard.type('typed');
  for (const key of ['Enter', 'Backspace', 'Control+v', 'Shift+Enter']) {
    await keyboard.press(key);
  }
  await person.selectCell(index);
  for (const key of ['a', 'b', 'x', 'v', 'd', 'd', 'm', 'y', 'z', 'Enter']) {
    await keyboard.press(key);
  }
}

/** A notebook that one may edit and the other only see. */
async function isViewed(
  server: Server,
  name: string,
  ada: Person,
  grace: Person
): Promise<void> {
  server.write(name, notebook('x = 1', 'md:text', 'print(x)'));
  server.setRoles({ grace: 'viewer' });
  await Promise.all([ada.open(name), grace.open(name)]);
  await seesMark(grace);
  await expect(ada.viewingMark).toHaveCount(0);

  // Presence goes both ways.
  await expect(ada.badge('Grace').first()).toBeVisible();
  await expect(grace.badge('Ada').first()).toBeVisible();
  await ada.typeInCell(0, '23');
  await expect
    .poll(() => grace.sources())
    .toEqual(['x = 123', 'text', 'print(x)']);
  await expect(grace.cell(0).locator('.jp-remote-cursor')).toHaveCount(1);
  await grace.enterCell(2);
  await expect(ada.cell(2).locator('.jp-remote-cursor')).toHaveCount(1);

  // The toolbar is reduced, and so are the commands.
  const toolbar = (person: Person, item: string) =>
    person.page.locator(
      `.jp-NotebookPanel-toolbar [data-jp-item-name="${item}"]`
    );
  for (const item of CHANGING) {
    await expect(toolbar(ada, item).first()).toBeVisible();
    await expect(toolbar(grace, item).first()).toBeHidden();
  }
  for (const id of ['notebook:cut-cell', 'notebook:run-cell']) {
    expect(await grace.isEnabled(id)).toBe(false);
    expect(await ada.isEnabled(id)).toBe(true);
  }

  // Nothing that she does changes anything, on either side.
  await triesAll(grace, 0);
  await grace.cell(0).locator('.jp-InputPrompt').dragTo(grace.cell(2));
  await ada.typeInCell(2, ' # on');
  const all = ['x = 123', 'text', 'print(x) # on'];
  await expect.poll(() => grace.sources()).toEqual(all);
  expect(await ada.sources()).toEqual(all);
  expect(await grace.printed(2)).toBe('');
  expect(await grace.pendingChanges()).toBe(0);
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(all);
  for (const cell of JSON.parse(server.read(name)).cells) {
    expect(cell.metadata).toEqual({});
  }

  // Ctrl-S says why not, without a dialog.
  await grace.page.keyboard.press('Control+s');
  await expect(grace.notification(MAY_READ)).toBeVisible();
  await expect(grace.notificationButton('Save a copy…')).toBeVisible();
  await expect(grace.page.getByText('Saving started')).toHaveCount(0);
  await expect(grace.dialogs).toHaveCount(0);
  await expect(ada.dialogs).toHaveCount(0);
}

// [M2]
test('a viewer sees a notebook live and changes nothing', async ({
  server,
  file,
  ada,
  grace
}) => {
  await isViewed(server, file('ipynb'), ada, grace);
  await expect(grace.status).toHaveText('Viewing');
});

// [M2]
test('a viewer sees a text file live, and saves a copy', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin\n');
  server.setRoles({ grace: 'viewer' });
  await Promise.all([ada.open(name), grace.open(name)]);
  await seesMark(grace);
  await grace.typeInFile('typed');
  await ada.typeInFile('live');
  await expect.poll(() => grace.text()).toBe('begin\nlive');
  expect(await ada.text()).toBe('begin\nlive');
  await expect(ada.remoteCursors).toHaveCount(1);

  await grace.page.keyboard.press('Control+s');
  await grace.notificationButton('Save a copy…').click();
  const dialog = grace.page.locator('.jp-Dialog');
  await dialog.locator('input').fill(`forbidden-${name}`);
  await dialog.locator('.jp-mod-accept').click();
  await expect(grace.notificationButton('Download')).toBeVisible();

  await grace.page.keyboard.press('Control+s');
  await expect(grace.notificationButton('Save a copy…')).toHaveCount(1);
  await grace.notificationButton('Save a copy…').click();
  const copy = name.replace('.txt', '-copy.txt');
  await expect(dialog.locator('input')).toHaveValue(copy);
  await dialog.locator('.jp-mod-accept').click();
  await expect
    .poll(() => server.exists(copy) && server.read(copy))
    .toBe('begin\nlive');
});

// [M2]
test('cells that come into view later, or are new, cannot be changed either', async ({
  server,
  file,
  ada,
  grace
}) => {
  const cells = Array.from({ length: 80 }, (_, index) => `x = ${index}`);
  const name = server.write(file('ipynb'), notebook(...cells));
  server.setRoles({ grace: 'viewer' });
  await Promise.all([ada.open(name), grace.open(name)]);
  await seesMark(grace);
  await ada.selectCell(0);
  await ada.insertCell('above', 'new');
  const all = ['new', ...cells];
  await expect.poll(() => grace.sources()).toEqual(all);
  await grace.typeInCell(0, 'typed');
  await grace.selectCell(0);
  for (let index = 0; index < cells.length; index++) {
    await grace.page.keyboard.press('ArrowDown');
  }
  await grace.typeInCell(cells.length, 'typed');
  expect(await grace.sources()).toEqual(all);
  expect(await ada.sources()).toEqual(all);
});

// [M2]
test('the role changes live, both ways', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.typeInCell(1, '0');
  await expect.poll(() => ada.sources()).toEqual(['x = 1', 'y = 20']);

  server.setRoles({ grace: 'viewer' });
  await seesMark(grace);
  await expect(grace.notification(MAY_READ)).toBeVisible();
  await expect(grace.status).toHaveText('Viewing');
  await grace.page.keyboard.type('no');
  await ada.typeInCell(0, '0');
  await expect.poll(() => grace.sources()).toEqual(['x = 10', 'y = 20']);
  await expect(grace.dialogs).toHaveCount(0);

  server.setRoles({});
  await expect(grace.viewingMark).toHaveCount(0);
  await expect(
    grace.notification('You may change this document now.')
  ).toBeVisible();
  await grace.typeInCell(1, ' # yes');
  await expect.poll(() => ada.sources()).toEqual(['x = 10', 'y = 20 # yes']);
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 10', 'y = 20 # yes']);
});

// [M2]
testAlone(
  'what is refused is offered as a copy, also after a reload',
  async ({ server, file, grace }) => {
    testAlone.setTimeout(150_000);
    const name = server.write(file('ipynb'), notebook('x = 1'));
    await grace.open(name);
    await grace.kernelReady();
    await server.stop('SIGKILL');
    await grace.typeInCell(0, '234');
    await expect.poll(() => grace.pendingChanges()).toBeGreaterThan(0);
    server.setRoles({ grace: 'viewer' });
    await server.start();

    const offer = grace.notification('A copy with your changes is kept.');
    await expect(offer).toBeVisible({ timeout: 60_000 });
    await expect.poll(() => grace.sources()).toEqual(['x = 1']);
    await expect(grace.status).toHaveText('Viewing');
    expect(await grace.pendingChanges()).toBe(0);

    await grace.open(name);
    await expect(offer).toBeVisible();
    await grace.notificationButton('Save a copy…').click();
    await grace.page.locator('.jp-Dialog .jp-mod-accept').click();
    const copy = name.replace('.ipynb', '-copy.ipynb');
    await expect.poll(() => cellsOnDisk(server, copy)).toEqual(['x = 1234']);
    await expect(offer).toHaveCount(0);
    expect(cellsOnDisk(server, name)).toEqual(['x = 1']);
  }
);

// [M8]
test('an edit that a notebook cannot hold is taken back, and kept', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.setInCell(1, { execution_count: 'many', cell_type: 'mystery' });
  const offer = grace.notification('A copy with your changes is kept.');
  await expect(offer).toBeVisible();
  await expect.poll(() => grace.pendingChanges()).toBe(0);
  await grace.notificationButton('Discard').click();
  await expect(offer).toHaveCount(0);

  await grace.typeInCell(0, '0');
  await ada.typeInCell(1, '0');
  const both = ['x = 10', 'y = 20'];
  await expect.poll(() => ada.sources()).toEqual(both);
  await expect.poll(() => grace.sources()).toEqual(both);
  await expect.poll(() => cellsOnDisk(server, name)).toEqual(both);
  await expect(grace.status).toHaveText('Live · saved');
});

// [M2]
test('who may not even read any more is told so', async ({
  server,
  file,
  grace
}) => {
  const name = server.write(file('txt'), 'secret\n');
  await grace.open(name);
  server.setRoles({ grace: 'stranger' });
  const words = 'You may not read this document any more.';
  await expect(grace.notification(words)).toBeVisible();
  await expect(grace.status).toHaveText(`Not connected: ${words}`);
});

// [M3]
test('a path that looks like markup is shown as it is', async ({
  server,
  grace
}) => {
  const name = server.write('<img src=x onerror=alert(1)>.txt', 'text\n');
  await grace.open(name);
  server.setRoles({ grace: 'viewer' });
  await expect(grace.notification(MAY_READ)).toContainText(name);
  await expect(grace.page.locator('img[src="x"]')).toHaveCount(0);
});

// [M3]
test('a guest chooses a name, and is still shown as a guest', async ({
  browser,
  server,
  file,
  ada
}, testInfo) => {
  const name = server.write(file('txt'), 'text\n');
  await ada.open(name);
  const command = 'collaboration:choose-display-name';
  expect(await ada.isEnabled(command)).toBe(false);
  await withPerson(browser, server, 'Guest', testInfo, async guest => {
    await guest.open(name);
    const made = await guest.name();
    expect(made).toMatch(/^Anonymous /);
    await expect(ada.badge(`${made} (guest)`).first()).toBeVisible();

    await guest.startCommand(command);
    const dialog = guest.page.locator('.jp-Dialog');
    await dialog.locator('input').fill('<b>Vera</b>');
    await dialog.locator('.jp-mod-accept').click();
    await expect(ada.badge('<b>Vera</b> (guest)').first()).toBeVisible();

    await guest.page.reload();
    await guest.documentReady(name);
    await guest.typeInFile('!');
    await expect(ada.badge('<b>Vera</b> (guest)').first()).toBeVisible();
    await expect(
      ada.page.locator('.jp-remote-cursor-name', { hasText: '<b>Vera</b>' })
    ).toHaveCount(1);
    await expect(ada.badge('Anonymous')).toHaveCount(0);
  });
});

test.describe('in Notebook 7', () => {
  test.use({
    server: async ({}, use, testInfo) => {
      const server = new Server('notebook');
      await server.start();
      await use(server);
      await attachLog(server, testInfo);
      await server.dispose();
    }
  });

  // [M2]
  test('a viewer sees a notebook live and changes nothing', async ({
    server,
    file,
    ada,
    grace
  }) => {
    await isViewed(server, file('ipynb'), ada, grace);
    server.setRoles({});
    await expect(grace.viewingMark).toHaveCount(0);
    await grace.typeInCell(0, '4');
    await expect.poll(async () => (await ada.sources())[0]).toBe('x = 1234');
  });
});
