// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the page offers, beside that of the published package. [C1]
 *
 * `scripts/compare_surface.py` compares everything that needs no page.
 */

import { notebook } from '../support/documents';
import { expect, Server, test, withPerson } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { pythonOf } from './environments';

interface ISurface {
  plugins: string[];
  commands: string[];
  classes: string[];
}

/** The classes that themes and tests of others can name: not those of JupyterLab's widgets. */
const NAMED = /Collab|RTC|User|remote|users/;

const ROWS = 'rows of the panel: ours are buttons in a list';

/** What the published package has and ours has not, and why. */
const DIFFERENT: Record<string, string> = {
  '@jupyter/collaboration-extension:rtcGlobalAwareness': 'renamed',
  '@jupyter/collaboration-extension:rtcPanel': 'renamed',
  '@jupyter/collaboration-extension:shared-link': 'renamed',
  '@jupyter/collaboration-extension:user-menu-bar': 'renamed',
  '@jupyter/collaboration-extension:userEditorCursors': 'renamed',
  '@jupyter/docprovider-extension:content-provider': 'renamed',
  '@jupyter/docprovider-extension:statusBarTimeline': 'renamed',
  '@jupyter/docprovider-extension:logger': 'the log is the server’s',
  '@jupyter/docprovider-extension:yfile': 'part of the content provider',
  '@jupyter/docprovider-extension:ynotebook': 'part of the content provider',
  'jp-ClickableCollaborator': ROWS,
  'jp-CollaboratorFile': ROWS,
  'jp-CollaboratorFiles': ROWS,
  'jp-CollaboratorHeader': ROWS,
  'jp-CollaboratorHeaderCollapser': ROWS,
  'jp-CollaboratorIcon': ROWS,
  'jp-CollaboratorsPanel': ROWS
};

/**
 * Read what a page with two people offers.
 */
async function surfaceOf(person: Person): Promise<ISurface> {
  return person.page.evaluate(() => {
    const app = window.jupyterapp as unknown as {
      listPlugins(): string[];
      commands: { listCommands(): string[] };
    };
    const isOurs = (id: string) => /^(@jupyter\/)?(collab|docprov)/.test(id);
    const classes = new Set<string>();
    const shown = document.querySelectorAll(
      '.jp-RTCPanel, .jp-RTCPanel *, .jp-toolbar-users-item, .jp-toolbar-users-item *,' +
        '.jp-remote-cursor, .jp-remote-selection, #jp-top-bar .jp-UserMenu'
    );
    for (const node of shown) {
      node.classList.forEach(name => classes.add(name));
    }
    return {
      plugins: app.listPlugins().filter(isOurs).sort(),
      commands: app.commands.listCommands().filter(isOurs).sort(),
      classes: [...classes].filter(name => name.startsWith('jp-')).sort()
    };
  });
}

test('plugins, commands and classes of the published page are in ours', async ({
  browser
}, testInfo) => {
  test.setTimeout(300_000);
  const found: ISurface[] = [];
  for (const environment of ['oracle', 'stubs']) {
    const server = new Server('lab', [], pythonOf(environment));
    await server.start();
    const name = server.write('shared.ipynb', notebook('x = 1'));
    await withPerson(browser, server, 'Ada', testInfo, ada =>
      withPerson(browser, server, 'Grace', testInfo, async grace => {
        await ada.open(name);
        await grace.open(name);
        await grace.typeInCell(0, '2');
        await ada.page.getByRole('tab', { name: 'Collaboration' }).click();
        const others = '.jp-CollaboratorsList .jp-Collaborator';
        await expect(ada.page.locator(others)).toHaveCount(1);
        await expect(ada.page.locator('.jp-remote-cursor')).not.toHaveCount(0);
        found.push(await surfaceOf(ada));
      })
    );
    await server.dispose();
  }
  const [published, ours] = found;
  const missing = (kind: keyof ISurface) =>
    published[kind].filter(each => !ours[kind].includes(each));
  expect(published.plugins).not.toEqual([]);
  expect(published.classes).toContain('jp-Collaborator');
  const all = [
    ...missing('plugins'),
    ...missing('commands'),
    ...missing('classes').filter(name => NAMED.test(name))
  ];
  expect(all).toEqual(all.filter(name => name in DIFFERENT));
  expect(Object.keys(DIFFERENT).filter(name => !all.includes(name))).toEqual(
    []
  );
});
