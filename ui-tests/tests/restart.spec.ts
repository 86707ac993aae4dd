// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { attachLog, expect, Server, test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

test.use({
  // A server of its own: this one is killed.
  server: async ({}, use, testInfo) => {
    const server = new Server('lab');
    await server.start();
    await use(server);
    await attachLog(server, testInfo);
    await server.dispose();
  }
});

test('the server is killed and comes back under both, who go on', async ({
  server,
  file,
  ada,
  grace
}) => {
  test.setTimeout(150_000);
  const name = server.write(file('ipynb'), notebook('begin', 'other'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, ' before');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['begin before', 'other']);
  await expect.poll(() => grace.sources()).toEqual(['begin before', 'other']);

  await server.stop('SIGKILL');
  await ada.typeInCell(0, ' during');
  await grace.typeInCell(1, ' during');
  await expect
    .poll(() => ada.sources())
    .toEqual(['begin before during', 'other']); // [M10]
  await server.start();

  const all = ['begin before during', 'other during'];
  await expect.poll(() => ada.sources(), { timeout: 60_000 }).toEqual(all);
  await expect.poll(() => grace.sources(), { timeout: 60_000 }).toEqual(all);

  await ada.typeInCell(0, ' after');
  await expect
    .poll(() => grace.sources())
    .toEqual(['begin before during after', 'other during']);
  await grace.typeInCell(1, ' after');
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['begin before during after', 'other during after']);
});
