// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Servers in the environments that `scripts/extension_envs.py` makes.
 */

import * as path from 'node:path';

import { attachLog, Server, test as base } from '../support/fixtures';
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
