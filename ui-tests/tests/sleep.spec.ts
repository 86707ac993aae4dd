// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, testAlone as test } from '../support/fixtures';

// F8 [S1] [M10]
test('a page that slept while the server restarted and others typed goes on when it wakes', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('one', 'two'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await Promise.all([ada.kernelReady(), grace.kernelReady()]);
  await grace.markPage();
  await grace.typeInCell(1, ' before');
  await expect.poll(() => ada.sources()).toEqual(['one', 'two before']);

  // Neither timers nor the network of a computer that sleeps go on.
  const session = await grace.context.newCDPSession(grace.page);
  await grace.context.setOffline(true);
  await server.stop('SIGKILL');
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await server.start();
  await expect(ada.status).toHaveText('Live · saved', { timeout: 40_000 });
  await ada.typeInCell(0, ' meanwhile');
  await expect.poll(() => server.read(name)).toContain('one meanwhile');

  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await grace.context.setOffline(false);
  await grace.typeInCell(1, ' after');
  const all = ['one meanwhile', 'two before after'];
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources(), { timeout: 40_000 }).toEqual(all);
    await expect(person.dialogs).toHaveCount(0);
  }
  expect(await grace.isSamePage()).toBe(true);
});
