// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * jupyter-server-nbmodel: the server runs cells, and everybody sees the outputs. [C1]
 */

import { notebook } from '../support/documents';
import { expect } from '../support/fixtures';
import { testIn } from './environments';

const test = testIn('executor');

test('cells that the server runs show their outputs to everybody', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'shared.ipynb',
    notebook('for i in range(3):\n    print("line", i)', 'print(i)')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  for (const index of [0, 1]) {
    await ada.enterCell(index);
    await ada.page.keyboard.press('Control+Enter');
    for (const person of [ada, grace]) {
      const output = person.cell(index).locator('.jp-OutputArea-output');
      await expect(output).toContainText(index ? '2' : 'line 2');
    }
  }
  expect(ada.requests.some(url => /\/kernels\/[^/]+\/execute/.test(url))).toBe(
    true
  );
  await expect
    .poll(() => server.read(name).replace(/\s/g, ''))
    .toContain('"line0\\n","line1\\n","line2\\n"');
});
