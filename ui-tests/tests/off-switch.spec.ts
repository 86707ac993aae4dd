// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { attachLog, expect, Server, test } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

/**
 * JupyterLab as it is without the wheel: nothing shared, saved by the one who types.
 */
async function behavesAsWithout(
  server: Server,
  ada: Person,
  grace: Person
): Promise<void> {
  const name = server.write('alone.ipynb', notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  expect(await ada.document()).toMatchObject({ collaborative: false });

  await ada.typeInCell(0, '23');
  await ada.page.keyboard.press('Control+s');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 123', 'y = 2']);
  await expect(ada.dialogs).toHaveCount(0);
  expect(await grace.sources()).toEqual(['x = 1', 'y = 2']);

  for (const person of [ada, grace]) {
    await expect(person.page.locator('.jp-toolbar-users-item')).toHaveCount(0);
    await expect(person.remoteCursors).toHaveCount(0);
    const addresses = [...person.sockets, ...person.requests];
    expect(
      addresses.filter(address => address.includes('api/collaboration'))
    ).toEqual([]);
  }
}

test.describe('disabled by the trait', () => {
  test.use({
    server: async ({}, use, testInfo) => {
      const server = new Server('lab', ['--YDocExtension.disable_rtc=True']);
      await server.start();
      await use(server);
      await attachLog(server, testInfo);
      await server.dispose();
    }
  });

  test('JupyterLab behaves as without the wheel', async ({
    server,
    ada,
    grace
  }) => {
    await behavesAsWithout(server, ada, grace);
  });
});

// The front ends of earlier versions, the first of which is ours. [C2]
for (const name of [
  '@jupyter/collaboration-extension',
  '@jupyter/docprovider-extension'
]) {
  test.describe(`disabled by \`jupyter labextension disable ${name}\``, () => {
    test.use({
      server: async ({}, use, testInfo) => {
        const server = new Server('lab');
        server.disable(name);
        await server.start();
        await use(server);
        await attachLog(server, testInfo);
        await server.dispose();
      }
    });

    test('JupyterLab behaves as without the wheel', async ({
      server,
      ada,
      grace
    }) => {
      await behavesAsWithout(server, ada, grace);
      expect(server.log()).toContain(`${name} is disabled`);
    });
  });
}
