// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, test } from '../support/fixtures';
import { notebook } from '../support/documents';

test('a cell that one runs shows its output and number at the other', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('print("hello", 6 * 7)', 'for i in range(3):\n    print(i)')
  );
  // One after the other: JupyterLab starts a kernel for the first, and the second finds it.
  await ada.open(name);
  await expect.poll(() => ada.sessions()).toContain(name);
  await grace.open(name);

  await ada.kernelReady();
  await ada.enterCell(0);
  await ada.page.keyboard.press('Shift+Enter');
  const output = grace.cell(0).locator('.jp-OutputArea-output');
  await expect(output).toContainText('hello 42', { timeout: 40_000 });
  await expect(grace.cell(0).locator('.jp-InputPrompt')).toHaveText('[1]:');

  // Both sides have one kernel, and nothing is printed twice.
  await grace.kernelReady();
  await grace.enterCell(1);
  await grace.page.keyboard.press('Control+Enter');
  await expect(ada.cell(1).locator('.jp-InputPrompt')).toHaveText('[2]:', {
    timeout: 40_000
  });
  for (const person of [ada, grace]) {
    await expect.poll(() => person.printed(0)).toBe('hello 42\n');
    await expect.poll(() => person.printed(1)).toBe('0\n1\n2\n');
  }
  await expect.poll(() => server.read(name)).toContain('"execution_count": 2');
  expect(server.read(name).match(/hello 42/g)).toHaveLength(1);
});
