// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { seeAuthors } from '../support/authors';
import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { picture } from '../support/pictures';
import { previewAndCompare } from '../support/preview';
import { previewNewest, workAndRestore } from '../support/timeline';

test('the history shows who did what, and brings it back', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await workAndRestore(server, file('ipynb'), ada, grace, testInfo);
});

test('a version is looked at beside others, and one cell comes back', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await previewAndCompare(server, file('ipynb'), ada, grace, testInfo);
});

test('text is colored by who wrote it', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  await seeAuthors(server, file('ipynb'), ada, grace, testInfo);
});

test('a version of a text file is looked at beside others', async ({
  server,
  file,
  ada
}, testInfo) => {
  // [V9]
  const lines = Array.from({ length: 200 }, (_, at) => `line ${at + 1}`);
  const name = server.write(file('txt'), `${lines.join('\n')}\n`);
  await ada.open(name);
  await ada.fileEditor.click();
  await ada.page.keyboard.press('Control+Home');
  await ada.page.keyboard.press('End');
  await ada.page.keyboard.type(' is first');
  await ada.page.keyboard.press('Control+End');
  await ada.page.keyboard.type('the end');
  await ada.page.keyboard.press('Control+s');
  await expect.poll(() => server.read(name)).toMatch(/the end$/);

  await previewNewest(ada);
  const preview = ada.page.locator('.jp-VersionPreview');
  await expect(preview.locator('.cm-changedText').first()).toHaveText(
    ' is first'
  );
  await expect(preview.locator('.jp-VersionPreview-count')).toHaveText(
    '2 differences'
  );
  // What is the same is folded, and nothing can be typed.
  await expect(preview.locator('.cm-collapsedLines')).toBeVisible();
  await preview.getByRole('button', { name: 'Next difference' }).click();
  await preview.getByRole('button', { name: 'Next difference' }).click();
  await ada.page.keyboard.type('x');
  await expect(preview).toContainText('the end');
  expect(await ada.text()).toMatch(/the end$/);
  await picture(ada, 'preview-file.png', testInfo);
  await preview
    .getByRole('combobox', { name: 'What is marked' })
    .selectOption('none');
  await expect(preview.locator('.cm-changedText')).toHaveCount(0);
});

// [V11]
test('a document that is opened again says what others changed meanwhile', async ({
  server,
  file,
  ada,
  grace
}, testInfo) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '0');
  await expect.poll(() => grace.sources()).toEqual(['x = 10', 'y = 2']);
  await grace.startCommand('application:close');
  await expect.poll(() => grace.document()).toBeNull();

  await ada.typeInCell(1, '0');
  await ada.page.keyboard.press('Enter');
  await ada.page.keyboard.type('z = 3');
  await ada.page.keyboard.press('Control+s');
  await expect(ada.status).toHaveText('Live · saved');
  const notice = `${await ada.name()} changed ${name} since your last visit`;
  // A browser notes to the second when it saw a document.
  await grace.open(name);
  await expect(grace.notification(notice)).toBeVisible();
  await grace.notificationButton('Show Changes').click();
  const preview = grace.page.locator('.jp-VersionPreview');
  await expect(preview).toContainText('z = 3');
  await expect(
    preview.getByRole('combobox', { name: 'What is marked' })
  ).toHaveValue('now');
  await picture(grace, 'since-last-visit.png', testInfo);
  await expect(ada.notification('since your last visit')).toHaveCount(0);
});
