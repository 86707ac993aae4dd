// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Two people in a long notebook: each knows where the other one is, goes there, and follows.
 */

import { type Locator, type TestInfo, expect } from '@playwright/test';

import { seesNoBarrier } from './accessibility';
import { notebook } from './documents';
import type { Person } from './person';
import { picture } from './pictures';
import type { Server } from './server';

/** Cells of which four fill a page. */
function tall(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `# cell ${at + 1}\n${Array(8).fill('pass').join('\n')}`
  );
}

/** How far a cell is below the upper edge of the notebook, in pixels. */
async function topOf(cell: Locator): Promise<number> {
  return cell.evaluate(
    node =>
      node.getBoundingClientRect().top -
      (
        node.closest('.jp-WindowedPanel-outer') as Element
      ).getBoundingClientRect().top
  );
}

/** Find the other one, go there, follow, and stop. [P2] [P3] [P4] [P5] */
export async function findAndFollow(
  server: Server,
  name: string,
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  server.write(name, notebook(...tall(40)));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.selectCell(0);
  await grace.goToCell(29);
  await grace.selectCell(29);

  // The edge says where she is, the badge in which cell; a click goes there.
  const below = ada.page.locator('.jp-EdgePresence.jp-mod-below button');
  await expect(below).toHaveAttribute('aria-label', 'Grace is below');
  const badge = ada.page.locator('.jp-UsersItem-button');
  await badge.hover();
  await expect(badge).toHaveAttribute('title', /Grace.*editing.*cell 30 of 40/);
  await picture(ada, `edges-${server.application}.png`, testInfo);
  await badge.click();
  const mark = ada.cell(29).locator('.jp-CellPresence');
  await expect(mark).toBeVisible();
  await expect(mark).toHaveAttribute('aria-label', 'Grace is in this cell');
  await expect(below).toHaveCount(0);
  await expect(ada.cell(0)).toHaveClass(/jp-mod-active/);
  await picture(ada, `cell-presence-${server.application}.png`, testInfo);
  await seesNoBarrier(ada, '.jp-toolbar-users-item', '.jp-EdgePresence');

  // Follow by the menu of the badge: the view goes along, she is told.
  await badge.click({ button: 'right' });
  await ada.page.getByText('Follow Grace').click();
  const frame = ada.page.locator('.jp-FollowFrame');
  await expect(frame).toContainText('Following Grace — Esc to stop');
  await expect(grace.page.locator('.jp-UsersItem-follower')).toBeVisible();
  await grace.goToCell(9);
  await expect(ada.cell(9)).toBeInViewport();
  await expect
    .poll(async () =>
      Math.abs((await topOf(ada.cell(9))) - (await topOf(grace.cell(9))))
    )
    .toBeLessThan(30);
  await picture(ada, `following-${server.application}.png`, testInfo);
  await ada.page.keyboard.press('Escape');
  await expect(frame).toHaveCount(0);
  await expect(grace.page.locator('.jp-UsersItem-follower')).toHaveCount(0);
  const before = await topOf(ada.cell(9));
  await grace.goToCell(39);
  await expect(grace.cell(39)).toBeInViewport();

  // What she inserts above moves nothing.
  await grace.selectCell(39);
  await grace.goToCell(0);
  await grace.selectCell(0);
  await grace.insertCell('above', 'new = 1');
  await expect.poll(async () => (await ada.sources()).length).toBe(41);
  await expect
    .poll(async () => Math.abs((await topOf(ada.cell(10))) - before))
    .toBeLessThan(2);
}

/** See who runs a cell, and whose input it waits for. [P6] */
export async function runAndAsk(
  server: Server,
  name: string,
  ada: Person,
  grace: Person
): Promise<void> {
  server.write(name, notebook('answer = input("why? ")', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.kernelReady();
  await grace.enterCell(0);
  await grace.page.keyboard.press('Control+Enter');
  const stdin = grace.page.locator('.jp-Stdin-input');
  await expect(stdin).toBeVisible({ timeout: 30_000 });
  const mark = ada.cell(0).locator('.jp-CellPresence');
  await expect(
    mark.locator('.jp-mod-asked, .jp-CellPresence-asked')
  ).toHaveText('Waiting for input from Grace');
  await stdin.fill('because');
  await stdin.press('Enter');
  await expect(mark.locator('.jp-CellPresence-asked')).toHaveCount(0);

  await grace.enterCell(1);
  await grace.page.keyboard.type('\ninput("go?")');
  await grace.selectCell(0);
  await grace.command('notebook:move-cursor-down');
  await grace.startCommand('notebook:run-cell');
  // It takes the keyboard, and its cell becomes the active one.
  await expect(stdin).toBeVisible();
  await grace.selectCell(0);
  const running = ada.cell(1).locator('.jp-CellPresence');
  await expect(running).toHaveAttribute(
    'aria-label',
    'Waiting for input from Grace'
  );
}

/** See who is online and what they have open, go there, and invite. [P7] [P8] */
export async function meetOnline(
  server: Server,
  names: [string, string],
  ada: Person,
  grace: Person,
  testInfo: TestInfo
): Promise<void> {
  const [own, hers] = names;
  server.write(own, notebook('x = 1'));
  server.write(hers, notebook(...tall(20)));
  await Promise.all([ada.open(own), grace.open(hers)]);
  await grace.goToCell(14);
  await grace.selectCell(14);

  await ada.command('collaboration:show-people');
  const panel = ada.page.locator('.jp-RTCPanel');
  await expect(panel.locator('.jp-UserInfoPanel')).toContainText('Ada');
  const person = panel.locator('.jp-CollaboratorsList .jp-Collaborator');
  await expect(person).toContainText('Grace');
  await expect(person.locator('.jp-Collaborator-document')).toHaveText([hers]);
  await seesNoBarrier(ada, '.jp-RTCPanel');
  await picture(ada, `people-${server.application}.png`, testInfo);

  // Another color is that of the badge, in everybody's browser.
  await grace.open(own);
  const badge = grace.page.locator('.jp-UsersItem-button .jp-UsersItem-badge');
  await expect(badge).toBeVisible();
  await panel.getByRole('radio', { name: 'Color 2', exact: true }).click();
  await expect(badge).toHaveCSS('background-color', 'rgb(173, 93, 37)');
  await grace.open(hers);
  await grace.goToCell(14);
  await grace.selectCell(14);

  // A link, without the token unless that is chosen.
  await ada.command('collaboration:show-people');
  await panel.getByRole('button', { name: 'Share This Document…' }).click();
  const link = ada.page.locator('.jp-Invitation input[aria-label="Link"]');
  const address = await link.inputValue();
  expect(address).toContain(own);
  expect(address).not.toContain('token');
  await seesNoBarrier(ada, '.jp-Dialog');
  await picture(ada, `invite-${server.application}.png`, testInfo);
  await ada.page.locator('.jp-Dialog .jp-mod-reject').first().click();
}
