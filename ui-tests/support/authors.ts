// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people write in one cell; one sees who wrote what. [V6]
 */

import { type TestInfo, expect } from '@playwright/test';

import { notebook } from './documents';
import type { Person } from './person';
import { picture } from './pictures';
import type { Server } from './server';

/** Show the authors, keep up with them, and hide them again. */
export async function seeAuthors(
  server: Server,
  name: string,
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  server.write(name, notebook('# of the file\n', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, 'by = "Ada"');
  await expect
    .poll(() => grace.sources())
    .toContain('# of the file\nby = "Ada"');
  await grace.typeInCell(0, '  # Grace');
  const text = '# of the file\nby = "Ada"  # Grace';
  await expect.poll(() => ada.sources()).toContain(text);

  await ada.command('collaboration:show-timeline');
  await ada.page.getByRole('button', { name: 'Show Authors' }).click();
  const marks = ada.cell(0).locator('.jp-AuthorMark');
  // Colors of syntax part a mark into several; joined, they are what somebody wrote.
  const written = async () => {
    const byAuthor: Record<string, string> = {};
    for (const mark of await marks.all()) {
      const author = (await mark.getAttribute('data-author')) ?? '';
      byAuthor[author] = (byAuthor[author] ?? '') + (await mark.textContent());
    }
    return Object.values(byAuthor).sort();
  };
  await expect.poll(written).toEqual(['  # Grace', 'by = "Ada"']);
  await marks.last().hover();
  await expect(ada.page.locator('.jp-AuthorMark-tooltip')).toContainText(
    'Grace'
  );
  await picture(ada, `authors-${server.application}.png`, testInfo);

  // What is written while they are shown is told as well.
  await grace.typeInCell(1, '22');
  await expect(ada.cell(1).locator('.jp-AuthorMark')).toHaveText('22');
  await ada.command('collaboration:show-authors');
  await expect(ada.page.locator('.jp-AuthorMark')).toHaveCount(0);
}
