// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, testAlone as test } from '../support/fixtures';

test.use({
  serverArgs: ['--ServerApp.contents_manager_class=full_disk.FullDisk']
});

// [F2]
test('the status says why nothing is saved, and when it is', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('txt'), 'begin');
  await ada.open(name);
  await expect(ada.status).toHaveText('Live · saved');
  server.write('full', '');
  await ada.typeInFile(' more');
  await expect(ada.status).toHaveText(/Not saved: .*No space left/, {
    timeout: 30_000
  });
  expect(server.read(name)).toBe('begin');
  server.remove('full');
  await expect(ada.status).toHaveText('Live · saved', { timeout: 40_000 });
  expect(server.read(name)).toBe('begin more');
  await expect(ada.dialogs).toHaveCount(0);
});
