// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('what is typed without a connection arrives when it is back', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('begin', 'other'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, ' online');
  await expect.poll(() => grace.sources()).toEqual(['begin online', 'other']);
  await expect.poll(() => ada.pendingChanges()).toBe(0);

  await ada.context.setOffline(true);
  await ada.typeInCell(0, ' offline');
  await expect.poll(() => ada.pendingChanges()).toBeGreaterThan(0);
  await grace.typeInCell(1, ' meanwhile');
  expect(await grace.sources()).toEqual(['begin online', 'other meanwhile']);
  expect(await ada.sources()).toEqual(['begin online offline', 'other']);
  await expect(ada.dialogs).toHaveCount(0); // [M10]

  await ada.context.setOffline(false);
  const both = ['begin online offline', 'other meanwhile'];
  await expect.poll(() => grace.sources(), { timeout: 40_000 }).toEqual(both);
  await expect.poll(() => ada.sources()).toEqual(both);
  await expect.poll(() => ada.pendingChanges()).toBe(0);
});
