// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * JupyterHub with an idle culler, and with collaboration on the servers of projects only. [M15] [P13]
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import type { Page } from '@playwright/test';
import { expect } from '@playwright/test';

import { example, type Hub } from '../support/hub';
import { browserOf, letIn, open, testWith, text, type, write } from './hubs';

const PROJECT = 'lake-project';
const LONG = { timeout: 120_000 };

/** Seconds after which the culler ends an idle server. */
const IDLE = 15;

/** The server tells about open documents much more often than that. */
const QUICK = `
import pathlib

folder = pathlib.Path(__file__).parent / "config"
folder.mkdir(exist_ok=True)
(folder / "jupyter_server_config.py").write_text(
    "from jupyter_collaboration import app; app.ACTIVITY_INTERVAL = 0.1"
)
c.Spawner.environment.update({"JUPYTER_CONFIG_PATH": str(folder)})
`;

const CULLING = example('hub_culling.py');
const HOUR = '"--timeout=3600"';

const test = testWith(
  example('hub_project.py'),
  example('hub_projects_only.py'),
  CULLING.replace(HOUR, `"--timeout=${IDLE}", "--cull-every=1"`),
  QUICK
);

test.describe.configure({ mode: 'serial', timeout: 240_000 });

/**
 * When a user's server was active, as far as the hub knows (ms); 0 if it does not run.
 */
async function lastActivity(hub: Hub, user: string): Promise<number> {
  const { data } = await hub.ask('GET', `users/${user}`);
  const { servers } = data as {
    servers: Record<string, { last_activity: string }>;
  };
  return servers[''] ? Date.parse(servers[''].last_activity) : 0;
}

let mallory: Page;

test('people collaborate on the servers of projects only', async ({
  browser,
  hub
}) => {
  expect(CULLING).toContain(HOUR);
  write(hub, 'own.ipynb', 'x = 1', 'mallory');
  mallory = await browserOf(browser, hub, 'mallory');
  await hub.startServer('mallory');
  await mallory.goto(`${hub.url}/user/mallory/lab/tree/own.ipynb?reset`);
  await letIn(mallory, mallory.locator('.jp-Notebook .jp-Cell').first(), LONG);
  const isShared = () => {
    const { context } = window.jupyterapp.shell.currentWidget ?? {};
    return context?.isReady && context.model.collaborative;
  };
  await expect.poll(() => mallory.evaluate(isShared), LONG).toBe(false);
});

test('a server without people is culled, and one where a document is open is not', async ({
  browser,
  hub
}) => {
  write(hub, 'lake.ipynb', 'y = 1', PROJECT);
  const ida = await browserOf(browser, hub, 'ida');
  await ida.goto(`${hub.url}/hub/spawn/${PROJECT}`);
  await letIn(ida, ida.locator('#jp-main-dock-panel'), LONG);
  await open(ida, hub, 'lake.ipynb', PROJECT);
  const joe = await browserOf(browser, hub, 'joe');
  await open(joe, hub, 'lake.ipynb', PROJECT);
  await type(ida, '2');
  await expect.poll(() => text(joe)).toBe('y = 12');
  await ida.context().close();

  // Joe's page stays connected, and makes no requests: these would be activity by themselves.
  await joe.route(
    () => true,
    route => route.abort()
  );
  const quiet = Date.now();
  await mallory.context().close();
  await expect.poll(() => lastActivity(hub, 'mallory'), LONG).toBe(0);
  // He is only there, longer than an idle server may be.
  await expect
    .poll(() => lastActivity(hub, PROJECT), LONG)
    .toBeGreaterThan(quiet + 2 * IDLE * 1000);
  await type(joe, '3');
  expect(await text(joe)).toBe('y = 123');

  await joe.context().close();
  await expect.poll(() => lastActivity(hub, PROJECT), LONG).toBe(0);
  const file = path.join(hub.root(PROJECT), 'lake.ipynb');
  expect(fs.readFileSync(file, 'utf-8')).toContain('y = 123');
});
