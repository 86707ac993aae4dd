// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { Page, Response } from '@playwright/test';

import {
  expect,
  test as testShared,
  testAlone as test
} from '../support/fixtures';
import { notebook } from '../support/documents';

// [M10]
test('a page that has shown no notification before shows one for an outage, and later ones', async ({
  server,
  file,
  ada
}) => {
  test.setTimeout(150_000);
  const name = server.write(file('txt'), 'begin\n');
  const loaded = toastsLoaded(ada.page);
  await ada.open(name);
  await loaded;

  await server.stop('SIGKILL');
  await expect(ada.notification('The server cannot be reached')).toBeVisible({
    timeout: 60_000
  });
  await server.start();
  await expect(ada.status).toHaveText('Live · saved', { timeout: 60_000 });
  server.remove(name);
  await expect(ada.notification('was deleted on the server')).toBeVisible();
});

// [M10]
testShared(
  'what shows notifications is loaded again if that failed',
  async ({ server, file, ada }) => {
    const name = server.write(file('txt'), 'begin\n');
    let failures = 0;
    await ada.page.route(/\/static\/.*\.js/, async route => {
      const response = await route.fetch();
      if (failures === 0 && (await showsToasts(response))) {
        failures += 1;
        await route.abort();
      } else {
        await route.fulfill({ response });
      }
    });
    const loaded = toastsLoaded(ada.page);
    await ada.open(name);
    await loaded;
    expect(failures).toBe(1);

    server.remove(name);
    await expect(ada.notification('was deleted on the server')).toBeVisible();
  }
);

// [M10]
test('nothing is loaded during an outage by what is written and looked at then', async ({
  server,
  file,
  ada
}) => {
  test.setTimeout(150_000);
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  await ada.kernelReady();
  // What is loaded last leaves its styles in the page.
  await expect(ada.page.locator('#MJX-CHTML-styles')).toBeAttached({
    timeout: 60_000
  });

  await server.stop('SIGKILL');
  const scripts: string[] = [];
  ada.page.on('request', request => {
    if (request.resourceType() === 'script') {
      scripts.push(request.url());
    }
  });
  await ada.insertCell('below', '# Written in the outage');
  await ada.command('notebook:change-cell-to-markdown');
  await ada.command('notebook:run-cell');
  await expect(ada.cell(1).locator('h1')).toContainText('Written');
  await ada.command('collaboration:show-timeline');
  await ada.command('collaboration:show-connection');
  await ada.page.keyboard.press('Escape');
  expect(scripts).toEqual([]);
});

/**
 * Wait until the page has got the code that shows notifications.
 */
function toastsLoaded(page: Page): Promise<Response> {
  return page.waitForResponse(
    response =>
      /\/static\/.*\.js/.test(response.url()) && showsToasts(response),
    { timeout: 60_000 }
  );
}

/**
 * Whether a script is the code that shows notifications.
 */
async function showsToasts(response: {
  text(): Promise<string>;
}): Promise<boolean> {
  return (await response.text()).includes('useToastContainer');
}
