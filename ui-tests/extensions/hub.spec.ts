// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * JupyterHub: people work together in the server of one of them. [P13]
 *
 * The hub is behind its proxy, below a prefix; Ada's server is the one that is shared.
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import type { Page } from '@playwright/test';
import { expect } from '@playwright/test';

import { example } from '../support/hub';
import {
  browserOf,
  letIn,
  open,
  ready,
  signIn,
  statusOf,
  testWith,
  text,
  type,
  write
} from './hubs';

const test = testWith(
  example('hub_sharing.py'),
  example('hub_project.py'),
  'c.JupyterHub.load_groups.update({"class": {"users": ["grace", "alan"]}})'
);

const LONG = { timeout: 120_000 };

test.describe.configure({ mode: 'serial', timeout: 240_000 });

let ada: Page;
let grace: Page;

test('a user is found and given access, and both see each other', async ({
  browser,
  hub
}) => {
  write(hub, 'shared.ipynb', 'x = 1');
  await hub.ask('POST', 'users/grace');
  await hub.ask('POST', 'users/alan');
  await hub.startServer('ada');
  ada = await browserOf(browser, hub, 'ada');
  await open(ada, hub, 'shared.ipynb');

  grace = await browserOf(browser, hub, 'grace');
  const refused = await grace.goto(`${hub.url}/user/ada/lab`);
  expect(refused?.status()).toBeGreaterThanOrEqual(400);

  await ada.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = ada.getByRole('dialog');
  await expect(dialog.getByLabel('Link', { exact: true })).toHaveValue(
    `${hub.url}/user/ada/lab/tree/shared.ipynb`
  );
  await expect(dialog).toContainText('Only you.');
  await dialog.getByRole('searchbox').fill('gra');
  await dialog.getByRole('button', { name: 'Give access to grace' }).click();
  await expect(
    dialog.getByRole('button', { name: 'Revoke access of grace' })
  ).toBeVisible();
  await expect(
    dialog.getByRole('button', { name: 'Give access to grace' })
  ).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Close' }).click();

  await open(grace, hub, 'shared.ipynb');
  await type(ada, '2');
  await expect.poll(() => text(grace)).toBe('x = 12');
  await type(grace, '3');
  await expect.poll(() => text(ada)).toBe('x = 123');
  // Names are those of the hub, not anonymous ones.
  await expect(ada.getByRole('button', { name: /^grace/i })).toBeVisible();
  await expect(grace.getByRole('button', { name: /^ada/i })).toBeVisible();
  const onDisk = path.join(hub.root('ada'), 'shared.ipynb');
  await expect
    .poll(() => fs.readFileSync(onDisk, 'utf-8'))
    .toContain('x = 123');
});

test('a guest cannot pass the access on', async ({ hub }) => {
  await grace.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = grace.getByRole('dialog');
  await expect(dialog.getByRole('searchbox')).toHaveCount(0);
  await expect(
    dialog.getByRole('button', { name: 'Share This Server…' })
  ).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();
  const status = await grace.evaluate(async url => {
    const xsrf = /_xsrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'X-XSRFToken': xsrf }
    });
    return response.status;
  }, `${hub.url}/user/ada/api/collaboration/sharing/user/alan`);
  expect(status).toBe(403);
});

test('access ends when it is revoked; groups are given access and lose it', async ({
  browser,
  hub
}) => {
  await open(ada, hub, 'shared.ipynb');
  await ada.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = ada.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Revoke access of grace' }).click();
  await expect(dialog).toContainText('Only you.');
  // The page that is open is disconnected, and says so.
  await expect(ada.getByRole('button', { name: /^grace/i })).toHaveCount(0);
  const other = await browserOf(browser, hub, 'grace');
  const refused = await other.goto(`${hub.url}/user/ada/lab`);
  expect(refused?.status()).toBeGreaterThanOrEqual(400);

  await dialog.getByRole('searchbox').fill('cla');
  await dialog
    .getByRole('button', { name: 'Give access to Group class' })
    .click();
  await expect(
    dialog.getByRole('button', { name: 'Revoke access of Group class' })
  ).toBeVisible();
  // Its members get in with a later JupyterHub: 5.5 leaves the access of groups out of the
  // permissions of sessions (docs/hubs.md).
  await dialog
    .getByRole('button', { name: 'Revoke access of Group class' })
    .click();
  await expect(dialog).toContainText('Only you.');
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('an invitation leads to the document, and ends when it is revoked', async ({
  browser,
  hub
}) => {
  await ada.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = ada.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create Invitation' }).click();
  const link = await dialog.getByLabel('Invitation link').inputValue();
  const { data } = await hub.ask('GET', 'share-codes/ada/');
  const [{ expires_at }] = (data as { items: { expires_at: string }[] }).items;
  expect(Date.parse(expires_at) - Date.now()).toBeLessThan(25 * 3600_000);

  const eve = await browserOf(browser, hub, 'eve');
  await eve.goto(link);
  await eve.getByRole('button', { name: /accept/i }).click();
  await ready(eve);
  await expect(eve).toHaveURL(/user\/ada\/lab\/tree\/shared\.ipynb/);
  expect(await text(eve)).toBe('x = 123');

  await dialog.getByRole('button', { name: /Revoke invitation/ }).click();
  await expect(dialog.getByLabel('Invitation link')).toHaveCount(0);
  const mallory = await browserOf(browser, hub, 'mallory');
  const refused = await mallory.goto(link);
  expect(refused?.status()).toBe(404);
});

test('the members of a project work in its server', async ({
  browser,
  hub
}) => {
  write(hub, 'lake.ipynb', 'y = 1', 'lake-project');
  const ida = await browserOf(browser, hub, 'ida');
  await ida.goto(`${hub.url}/hub/spawn/lake-project`);
  // The hub's page goes there by itself.
  await letIn(ida, ida.locator('#jp-main-dock-panel'), LONG);
  await expect(ida).toHaveURL(/user\/lake-project\/lab/);
  await open(ida, hub, 'lake.ipynb', 'lake-project');
  const joe = await browserOf(browser, hub, 'joe');
  await open(joe, hub, 'lake.ipynb', 'lake-project');
  await type(ida, '2');
  await expect.poll(() => text(joe)).toBe('y = 12');
  await expect(joe.getByRole('button', { name: /^ida/i })).toBeVisible();

  const other = await browserOf(browser, hub, 'alan');
  const refused = await other.goto(`${hub.url}/user/lake-project/lab`);
  expect(refused?.status()).toBeGreaterThanOrEqual(400);
});

test('a session that has expired costs nothing that was typed', async ({
  hub
}) => {
  await open(ada, hub, 'shared.ipynb');
  await ada.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = ada.getByRole('dialog');
  await dialog.getByRole('searchbox').fill('gra');
  await dialog.getByRole('button', { name: 'Give access to grace' }).click();
  await expect(
    dialog.getByRole('button', { name: 'Revoke access of grace' })
  ).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await open(grace, hub, 'shared.ipynb');
  await grace.context().clearCookies();
  const stopped = await hub.ask('DELETE', 'users/ada/server');
  expect([202, 204]).toContain(stopped.status);
  await expect
    .poll(async () => {
      const { data } = await hub.ask('GET', 'users/ada');
      return (data as { server: string | null }).server;
    })
    .toBeNull();
  await type(grace, '4');
  await expect.poll(() => text(grace)).toBe('x = 1234');
  await hub.startServer('ada');
  // Ada's session on the hub goes on: her page needs nothing of her.
  const live = { timeout: 90_000 };
  await expect(statusOf(ada)).toHaveText('Live · saved', live);
  // Grace is told once the server is there again to say so.
  await expect(statusOf(grace)).toHaveText(
    'Offline — 1 change kept in this browser. You are signed out. Sign in again in another tab.',
    live
  );
  expect(await text(ada)).toBe('x = 123');
  // Signed out, Grace's edit waits; in another tab she signs in again.
  const tab = await grace.context().newPage();
  await signIn(tab, hub, 'grace');
  await open(tab, hub, 'shared.ipynb');
  await expect.poll(() => text(ada), live).toBe('x = 1234');
  await expect(statusOf(grace)).toHaveText('Live · saved', live);
  await tab.close();
});
