// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { KERNEL, openBoth, outputs, prompt, run } from '../support/running';

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
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await ada.enterCell(0);
  await ada.page.keyboard.press('Shift+Enter');
  await expect(outputs(grace, 0)).toContainText('hello 42', KERNEL);
  await expect(prompt(grace, 0)).toHaveText('[1]:');

  // Both sides have one kernel, and nothing is printed twice.
  await grace.kernelReady();
  await run(grace, 1);
  await expect(prompt(ada, 1)).toHaveText('[2]:', KERNEL);
  for (const person of [ada, grace]) {
    await expect.poll(() => person.printed(0)).toBe('hello 42\n');
    await expect.poll(() => person.printed(1)).toBe('0\n1\n2\n');
  }
  await expect.poll(() => server.read(name)).toContain('"execution_count": 2');
  expect(server.read(name).match(/hello 42/g)).toHaveLength(1);
});
