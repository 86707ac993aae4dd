// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Hubs of tests, and the pages of their users.
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import type { Browser, Locator, Page } from '@playwright/test';
import { expect, test as base } from '@playwright/test';

import { notebook } from '../support/documents';
import { Hub } from '../support/hub';
import { pythonOf } from './environments';

/**
 * Tests with a hub, whose configuration has these parts.
 */
export function testWith(...parts: string[]) {
  const test = base.extend<object, { hub: Hub }>({
    hub: [
      async ({}, use) => {
        const hub = new Hub(pythonOf('hub'), parts);
        await hub.start();
        await use(hub);
        await hub.dispose();
      },
      { scope: 'worker', timeout: 240_000 }
    ]
  });
  test.afterEach(async ({ hub }, testInfo) => {
    if (testInfo.status !== testInfo.expectedStatus) {
      const body = hub.log();
      await testInfo.attach('hub.log', { body, contentType: 'text/plain' });
    }
  });
  return test;
}

/**
 * Sign in on the page that the hub shows.
 */
export async function signIn(
  page: Page,
  hub: Hub,
  user: string
): Promise<void> {
  // Not on to a server of their own, which the hub would start.
  await page.goto(`${hub.url}/hub/login?next=%2Fjupyter%2Fhub%2Fhome`);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill('any');
  await page.getByRole('button', { name: /sign in/i }).click();
  await expect(page).toHaveURL(/hub\/home/, { timeout: 60_000 });
}

/**
 * A browser of a user who has signed in on the hub.
 */
export async function browserOf(
  browser: Browser,
  hub: Hub,
  user: string
): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  // JupyterLab's own, on hubs: it offers to start the server again.
  const away = page.getByRole('dialog', { name: /Server unavailable/ });
  await page.addLocatorHandler(away, dialog =>
    dialog.getByRole('button', { name: 'Dismiss' }).click()
  );
  await signIn(page, hub, user);
  return page;
}

/**
 * Open a document on a server, and wait until it is shared.
 */
export async function open(
  page: Page,
  hub: Hub,
  name: string,
  owner = 'ada'
): Promise<void> {
  // The workspace begins empty: the document shows that the page is where its address leads.
  await page.goto(`${hub.url}/user/${owner}/lab/tree/${name}?reset`);
  await ready(page);
}

/**
 * Wait until a page of a server shows something, and let the server know who it is if the hub asks.
 */
export async function letIn(
  page: Page,
  shown: Locator,
  options: { timeout: number }
): Promise<void> {
  const consent = page.getByRole('button', { name: 'Authorize' });
  await expect(shown.or(consent)).toBeVisible(options);
  if (await consent.isVisible()) {
    await consent.click();
  }
  await expect(shown).toBeVisible(options);
}

/**
 * Let a server know who it is, if the hub asks, and wait for the document.
 */
export async function ready(page: Page): Promise<void> {
  const cell = page.locator('.jp-Notebook .jp-Cell').first();
  await letIn(page, cell, { timeout: 90_000 });
  await expect.poll(() => text(page), { timeout: 60_000 }).not.toBe('');
}

/**
 * The source of the first cell, once the document is ready.
 */
export async function text(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { context } = window.jupyterapp.shell.currentWidget ?? {};
    if (!context?.isReady || !context.model.collaborative) {
      return '';
    }
    return JSON.parse(context.model.toString()).cells[0].source as string;
  });
}

/**
 * How the open document is connected and saved, in words.
 */
export function statusOf(page: Page): Locator {
  return page.locator('.jp-DocumentStatusItem-text');
}

/**
 * Type at the end of the first cell.
 */
export async function type(page: Page, typed: string): Promise<void> {
  await page.locator('.jp-Notebook .cm-content').first().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(typed);
}

/**
 * Create a document in a user's home.
 */
export function write(
  hub: Hub,
  name: string,
  source: string,
  owner = 'ada'
): void {
  fs.mkdirSync(hub.root(owner), { recursive: true });
  fs.writeFileSync(
    path.join(hub.root(owner), name),
    JSON.stringify(notebook(source))
  );
}
