// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a test asks for: a server, which all tests of one application share, and two people.
 *
 *     test.use({ application: 'notebook' }); // JupyterLab unless told otherwise
 *     test('…', async ({ server, ada, grace }) => { … });
 */

import { expect, test as base } from '@playwright/test';
import type { Browser, Page, TestInfo } from '@playwright/test';

import { Person } from './person';
import { type Application, Server } from './server';

export { expect } from '@playwright/test';
export { Person } from './person';
export { Server } from './server';

interface ITestFixtures {
  server: Server;
  ada: Person;
  grace: Person;
  file: (extension: string) => string;
}

interface IWorkerFixtures {
  application: Application;
  serverArgs: string[];
  sharedServer: Server;
}

let names = 0;

/**
 * Uncaught errors of others, which fail no test, each with the scripts in which it arises and its
 * reason.
 */
const OTHERS_ERRORS: { text: RegExp; at: RegExp; reason: string }[] = [
  {
    text: /^Failed to fetch$/,
    at: /jlab_core[^]*at a\.getStatus .*jlab_core/,
    reason: 'JupyterLab itself asks for a status while the server is away'
  },
  {
    text: /Firefox can’t establish a connection to|The connection to .* was interrupted/,
    at: /^/,
    reason: 'Firefox itself says that the server is away'
  },
  {
    text: /NetworkError when attempting to fetch resource/,
    at: /^(?![^]*collaboration)/,
    reason: 'as above, in Firefox, which does not say where'
  },
  {
    text: /^(Forbidden|User is not authorized to read on resource: contents\.)$/,
    at: /^(?![^]*collaboration)[^]*jlab_core[^]*listCheckpoints/,
    reason:
      'JupyterLab itself asks for checkpoints of a document that the user may not read any more, or after signing out'
  },
  {
    text: /^Kernel is dead$/,
    at: /^(?![^]*collaboration)[^]*jlab_core/,
    reason: 'JupyterLab itself asks a kernel that ended with its server'
  },
  {
    text: /^Cannot read properties of undefined \(reading 'schema'\)$/,
    at: /notebook_core/,
    reason:
      "JupyterLab's shortcuts plugin meets a plugin without a schema in Notebook 7, also without collaboration"
  },
  {
    text: /<h1>404 : Not Found<\/h1>/,
    at: /jupytercad-core[^]*switchContext/,
    reason: 'jupytercad asks for sessions although collaboration is off'
  }
];

export const test = base.extend<ITestFixtures, IWorkerFixtures>({
  application: ['lab', { option: true, scope: 'worker' }],

  serverArgs: [[], { option: true, scope: 'worker' }],

  sharedServer: [
    async ({ application, serverArgs }, use) => {
      const server = new Server(application, serverArgs);
      await server.start();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 90_000 }
  ],

  server: async ({ sharedServer }, use, testInfo) => {
    await use(sharedServer);
    await attachLog(sharedServer, testInfo);
    await sharedServer.endKernels();
    sharedServer.setRoles({});
  },

  ada: async ({ browser, server }, use, testInfo) => {
    await withPerson(browser, server, 'Ada', testInfo, use);
  },

  grace: async ({ browser, server }, use, testInfo) => {
    await withPerson(browser, server, 'Grace', testInfo, use);
  },

  // A name that nothing else of this server has, each time.
  file: async ({}, use) => {
    await use(extension => {
      names += 1;
      return `document-${names}.${extension}`;
    });
  }
});

/**
 * A server of its own for each test: for tests that kill it.
 */
export const testAlone = test.extend({
  server: async ({ application, serverArgs }, use, testInfo) => {
    const server = new Server(application, serverArgs);
    await server.start();
    await use(server);
    await attachLog(server, testInfo);
    await server.dispose();
  }
});

/**
 * Give a test a person with a browser context of their own.
 */
export async function withPerson(
  browser: Browser,
  server: Server,
  nickname: string,
  testInfo: TestInfo,
  use: (person: Person) => Promise<void>
): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const loadedAhead = () => hasLoadedAhead(page);
  server.beforeStop.add(loadedAhead);
  const messages: string[] = [];
  const errors: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') {
      messages.push(message.text());
    }
  });
  page.on('pageerror', error => {
    messages.push(`uncaught: ${error.stack}`);
    const stack = String(error.stack);
    const isOfOthers = OTHERS_ERRORS.some(
      ({ at, text }) => text.test(error.message) && at.test(stack)
    );
    if (!isOfOthers) {
      errors.push(stack);
    }
  });
  await use(new Person(page, context, server, nickname));
  if (testInfo.status !== testInfo.expectedStatus && messages.length) {
    await testInfo.attach(`${nickname}'s console`, {
      body: messages.join('\n'),
      contentType: 'text/plain'
    });
  }
  server.beforeStop.delete(loadedAhead);
  await context.close();
  expect(errors, `uncaught errors in ${nickname}'s page`).toEqual([]);
}

/**
 * Wait until a page has loaded ahead what it needs without a server, if it began to.
 *
 * What JupyterLab asks for and does not get is an uncaught error.
 */
async function hasLoadedAhead(page: Page): Promise<void> {
  if (!page.isClosed()) {
    await page.waitForFunction(() => {
      const marks = (name: string) =>
        performance.getEntriesByName(`collaboration:${name}`).length;
      return marks('loaded-ahead') === marks('loading-ahead');
    });
  }
}

/**
 * Keep the server's log with a test that failed.
 */
export async function attachLog(
  server: Server,
  testInfo: TestInfo
): Promise<void> {
  if (testInfo.status !== testInfo.expectedStatus) {
    await testInfo.attach('server.log', {
      body: server.log(),
      contentType: 'text/plain'
    });
  }
}
