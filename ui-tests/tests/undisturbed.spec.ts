// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { stayUndisturbed } from '../support/undisturbed';

test('what others do elsewhere disturbs nobody', async ({
  server,
  file,
  ada,
  grace
}) => {
  await stayUndisturbed(server, file('ipynb'), ada, grace);
});

test('undo takes back what oneself did, and shows it', async ({
  server,
  file,
  ada,
  grace
}) => {
  // [P9]
  const lines = Array.from({ length: 400 }, (_, at) => `line ${at + 1}`);
  const text = server.write(file('txt'), `${lines.join('\n')}\n`);
  await Promise.all([ada.open(text), grace.open(text)]);
  await ada.fileEditor.click();
  await ada.page.keyboard.press('Control+Home');
  await ada.page.keyboard.type('Ada ');
  await grace.typeInFile('Grace');
  await expect.poll(() => ada.text()).toMatch(/Grace$/);
  const scroller = ada.page.locator('.jp-FileEditor .cm-scroller');
  await scroller.evaluate(node => node.scrollTo(0, node.scrollHeight));
  await expect(ada.fileEditor).toContainText('line 399');
  await ada.page.keyboard.press('Control+z');
  await expect.poll(() => ada.text()).toMatch(/^line 1\n[^]*Grace$/);
  await expect.poll(() => scroller.evaluate(node => node.scrollTop)).toBe(0);

  const cells = Array.from(
    { length: 30 },
    (_, at) => `# ${at}${'\npass'.repeat(8)}`
  );
  const name = server.write(file('ipynb'), notebook(...cells));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.selectCell(0);
  await ada.insertCell('below', 'mine = 1');
  await grace.goToCell(29);
  await grace.selectCell(29);
  await grace.insertCell('below', 'hers = 1');
  await expect.poll(async () => (await ada.sources()).length).toBe(32);
  await ada.goToCell(25);
  await ada.command('notebook:undo-cell-action');
  await expect.poll(async () => (await ada.sources()).length).toBe(31);
  expect(await ada.sources()).toContain('hers = 1');
  await expect(ada.cell(0)).toBeInViewport();
});
