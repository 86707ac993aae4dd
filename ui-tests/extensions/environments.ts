// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Servers in the environments that `scripts/extension_envs.py` makes.
 */

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';

import { attachLog, expect, Server, test as base } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import type { Application } from '../support/server';

/**
 * The Python of an environment.
 */
export function pythonOf(environment: string): string {
  const folder = path.resolve(__dirname, '../../build/extensions');
  return path.join(folder, environment, 'bin', 'python');
}

/**
 * Tests whose people use a server in an environment, which each test has for itself.
 */
export function testIn(
  environment: string,
  application: Application = 'lab',
  ...args: string[]
) {
  return base.extend({
    server: async ({}, use, testInfo) => {
      const server = new Server(application, args, pythonOf(environment));
      await server.start();
      await use(server);
      await attachLog(server, testInfo);
      await server.dispose();
    }
  });
}

/**
 * Open a document that is neither a notebook nor a text, and wait until it is ready.
 */
export async function openOther(person: Person, name: string): Promise<void> {
  const { nickname, page, server } = person;
  const query = `reset&token=${server.token}&person=${nickname}`;
  await page.goto(
    `${server.url}/lab/workspaces/${nickname}/tree/${name}?${query}`
  );
  await expect
    .poll(
      () =>
        page.evaluate(
          () => window.jupyterapp?.shell.currentWidget?.context?.isReady
        ),
      { timeout: 40_000 }
    )
    .toBe(true);
}

/**
 * Run a program in an environment, in the folder of a server, until it ends.
 */
export async function run(
  environment: string,
  server: Server,
  ...args: string[]
): Promise<string> {
  return runUntil(async () => {}, environment, server, ...args);
}

/**
 * The same for a program that stays until its standard input ends: when something has been seen.
 */
export async function runUntil(
  seen: () => Promise<void>,
  environment: string,
  server: Server,
  ...args: string[]
): Promise<string> {
  const running = promisify(execFile)(pythonOf(environment), args, {
    cwd: server.root,
    env: server.environment
  });
  // A program that fails is reported at once, instead of what is not seen because of it.
  const failed = running.then(() => new Promise<void>(() => {}));
  const saw = seen();
  saw.catch(() => {}); // reported below, unless the program has failed before
  await Promise.race([saw, failed]).finally(() => running.child.stdin?.end());
  return (await running).stdout;
}
