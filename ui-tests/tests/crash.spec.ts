// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, testAlone as test } from '../support/fixtures';
import { cellsOnDisk, notebook } from '../support/documents';

// [S6]
for (const isHistoryLost of [false, true]) {
  const what = isHistoryLost ? 'that has lost its history' : 'as it was';
  test(`the page crashes while the server is away, which comes back ${what}`, async ({
    server,
    file,
    ada,
    grace
  }) => {
    test.setTimeout(150_000);
    const name = server.write(file('ipynb'), notebook('begin', 'other'));
    await ada.open(name);
    await ada.typeInCell(0, ' saved');
    await expect
      .poll(() => cellsOnDisk(server, name))
      .toEqual(['begin saved', 'other']);
    await expect.poll(() => ada.pendingChanges()).toBe(0);
    await expect.poll(() => ada.keptChanges()).toBe(0);

    await server.stop('SIGKILL');
    await ada.typeInCell(0, ' kept');
    await ada.typeInCell(1, ' too');
    const kept = ['begin saved kept', 'other too'];
    await expect.poll(() => ada.sources()).toEqual(kept);
    const pending = await ada.pendingChanges();
    expect(pending).toBeGreaterThan(0);
    await expect.poll(() => ada.keptChanges()).toBe(pending);
    const again = await ada.afterCrash();
    if (isHistoryLost) {
      server.loseHistory();
    }
    await server.start();

    await again.open(name);
    await expect.poll(() => again.sources()).toEqual(kept);
    await expect.poll(() => cellsOnDisk(server, name)).toEqual(kept);
    await grace.open(name);
    expect(await grace.sources()).toEqual(kept);
    await expect.poll(() => again.keptChanges()).toBe(0);
  });
}
