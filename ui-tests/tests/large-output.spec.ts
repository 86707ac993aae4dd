// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { readFileSync } from 'node:fs';

import { expect, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';
import type { Person } from '../support/person';

test.use({
  serverArgs: [
    // The page runs the cells, and has to send their outputs.
    '--YDocExtension.server_side_execution=False',
    '--YDocExtension.max_message_mb=45',
    '--ZMQChannelsWebsocketConnection.limit_rate=False'
  ]
});

// S18 [M4]
test('an output of 40 MB arrives at the other person, and so does what is typed later', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(180_000);
  const name = server.write(file('ipynb'), notebook(prints(40e6), 'begin'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await runFirstCell(ada);
  await expect
    .poll(() => outputSizes(grace), { timeout: 60_000 })
    .toEqual([40e6]);

  await ada.typeInCell(1, ' by Ada');
  await expect
    .poll(async () => (await grace.sources())[1])
    .toBe('begin by Ada');
  await expect.poll(() => ada.pendingChanges()).toBe(0);
  expect(ada.sockets.filter(isRoom)).toHaveLength(1);
});

// S18 [M4]
test('an output that is too large is removed and offered as a file, and all else goes on', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(180_000);
  const name = server.write(file('ipynb'), notebook(prints(50e6), 'begin'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await runFirstCell(ada);
  const told = ada.notification('An output was too large to share');
  await expect(told).toBeVisible({ timeout: 60_000 });
  expect(await outputSizes(ada)).toEqual([]);
  await expect(ada.cell(0).locator('.jp-OutputArea-output')).toHaveCount(0);

  await ada.typeInCell(1, ' by Ada');
  await expect
    .poll(async () => (await grace.sources())[1])
    .toBe('begin by Ada');
  expect(await outputSizes(grace)).toEqual([]);
  await expect.poll(() => cellsOnDisk(server, name)[1]).toBe('begin by Ada');
  expect(ada.sockets.filter(isRoom)).toHaveLength(1);

  const [download] = await Promise.all([
    ada.page.waitForEvent('download'),
    ada.notificationButton('Save Output to File').click()
  ]);
  const saved = JSON.parse(readFileSync(await download.path(), 'utf-8'));
  expect(saved.data['application/x-test']).toHaveLength(50e6);

  await expect.poll(() => ada.pendingChanges()).toBe(0);
  await expect.poll(() => ada.keptChanges()).toBe(0);
  await ada.open(name);
  expect(await outputSizes(ada)).toEqual([]);
  await ada.typeInCell(1, ' again');
  await expect
    .poll(async () => (await grace.sources())[1])
    .toBe('begin by Ada again');
});

/**
 * Code with an output of some size, of which the page shows one word.
 */
function prints(size: number): string {
  return `display({"application/x-test": "x" * ${size}, "text/plain": "large"}, raw=True)`;
}

async function runFirstCell(person: Person): Promise<void> {
  await person.kernelReady();
  await person.enterCell(0);
  await person.command('notebook:run-cell');
}

/**
 * The sizes of the outputs of the first cell.
 */
async function outputSizes(person: Person): Promise<number[]> {
  return person.page.evaluate(() => {
    for (const { context } of window.jupyterapp.shell.widgets('main')) {
      if (context) {
        const cell = context.model.sharedModel.ydoc
          .getArray('cells')
          .get(0) as unknown as {
          get(key: string): { toJSON(): { data: Record<string, string> }[] };
        };
        const outputs = cell.get('outputs').toJSON();
        return outputs.map(({ data }) => data['application/x-test'].length);
      }
    }
    return [];
  });
}

/**
 * Whether an address is that of a document's room.
 */
function isRoom(url: string): boolean {
  return /\/collaboration\/room\/json/.test(decodeURIComponent(url));
}
