// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A server with a password, from which somebody signs out in another tab.
 */

import type { Page } from '@playwright/test';

import { notebook } from '../support/documents';
import { attachLog, expect, Server, test } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { KERNEL, openBoth, prompt, run, waitsFor } from '../support/running';

const PASSWORD = 'a-password';

/** The password as the configuration of a server has it. */
const HASHED = 'sha1:0123456789ab:3a9db853c034ca48ac071fc39d74671b3228dc80';

test.use({
  server: async ({ application }, use, testInfo) => {
    const args = [`--PasswordIdentityProvider.hashed_password=${HASHED}`];
    const server = new Server(application, args, undefined, '');
    await server.start();
    await use(server);
    await attachLog(server, testInfo);
    await server.dispose();
  }
});

/**
 * Sign in on the server's own page.
 */
async function signIn({ nickname, server }: Person, page: Page): Promise<void> {
  await page.goto(`${server.url}/login?person=${nickname}&next=/api`);
  await page.locator('#password_input').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/api`);
}

// [S7] [M10]
test('a user who signed out in another tab keeps typing, which is sent after the next sign-in', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('txt'), 'begin');
  for (const person of [ada, grace]) {
    await signIn(person, person.page);
    await person.open(name);
  }
  await ada.typeInFile(' one');
  await expect.poll(() => grace.text()).toBe('begin one');

  const tab = await ada.context.newPage();
  await tab.goto(`${server.url}/logout`);
  await ada.status.click();
  await ada.page.getByRole('button', { name: 'Reconnect Now' }).click();
  await ada.page.keyboard.press('Escape');
  await expect(ada.status).toContainText('You are signed out');
  await ada.typeInFile(' two');
  await expect(ada.dialogs).toHaveCount(0);
  await expect.poll(() => ada.pendingChanges()).toBeGreaterThan(0);
  expect(await grace.text()).toBe('begin one');

  await signIn(ada, tab);
  await expect
    .poll(() => grace.text(), { timeout: 40_000 })
    .toBe('begin one two');
  await expect(ada.status).toHaveText('Live · saved');
});

// [R2]
test('a cell of a user who signs out runs to its end', async ({
  server,
  file,
  ada,
  grace
}) => {
  const go = server.write(file('txt'), '');
  const name = server.write(
    file('ipynb'),
    notebook(waitsFor(go), 'print("waited")')
  );
  for (const person of [ada, grace]) {
    await signIn(person, person.page);
  }
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(ada, 0, 1);
  await expect.poll(() => grace.printed(0), KERNEL).toBe('begun\n');
  await expect(prompt(grace, 1)).toHaveText('[*]:');
  await ada.page.goto(`${server.url}/logout`);
  server.write(go, 'go');
  await expect.poll(() => grace.printed(0), KERNEL).toBe('begun\ndone\n');
  await expect.poll(() => grace.printed(1)).toBe('waited\n');
  await expect.poll(() => server.read(name)).toContain('waited');

  await signIn(ada, ada.page);
  await ada.open(name);
  await expect.poll(() => ada.printed(1)).toBe('waited\n');
  await expect(prompt(ada, 0)).toHaveText('[1]:');
  await expect(prompt(ada, 1)).toHaveText('[2]:');
});
