// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Other packages were installed over this one, or beside it: people still work together. [C3]
 */

import { notebook } from '../support/documents';
import { expect } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { testIn } from './environments';

/**
 * The front ends that a page loads, and the message about the installation.
 */
async function pageOf(
  person: Person
): Promise<{ names: string[]; message: string }> {
  const text = await person.page.locator('#jupyter-config-data').textContent();
  const config = JSON.parse(text ?? '');
  const extensions: { name: string }[] = config.federated_extensions;
  return {
    names: extensions.map(({ name }) => name),
    message: config.collaborationInstallationRepair ?? ''
  };
}

/**
 * Two people open one notebook, and each sees what the other types.
 */
async function workTogether(ada: Person, grace: Person): Promise<void> {
  const name = ada.server.write('shared.ipynb', notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  expect(await ada.document()).toMatchObject({ collaborative: true });
  await ada.typeInCell(0, '2');
  await grace.typeInCell(1, '3');
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(['x = 12', 'y = 23']);
  }
  await expect.poll(() => ada.server.read(name)).toContain('x = 12');
}

const OVERWRITTEN = /pip uninstall -y jupyter-server-ydoc/;
const CASES = [
  { environment: 'overwritten', application: 'lab', cure: OVERWRITTEN },
  { environment: 'overwritten', application: 'notebook', cure: OVERWRITTEN },
  { environment: 'removed', application: 'lab', cure: /pip install --force/ },
  { environment: 'documents', application: 'lab', cure: /was turned off/ },
  { environment: 'stubs', application: 'lab', cure: null }
] as const;

for (const { environment, application, cure } of CASES) {
  const test = testIn(environment, application);

  test(`people work together in ${application}, environment "${environment}"`, async ({
    ada,
    grace,
    server
  }) => {
    await workTogether(ada, grace);
    const { names, message } = await pageOf(ada);
    expect(names).toContain('@jupyter/collaboration-extension');
    expect(names).not.toContain('@jupyter/docprovider-extension');
    expect(names).not.toContain('@jupyter-ai-contrib/server-documents');
    const repair = ada.page.getByRole('button', { name: 'How to Repair…' });
    if (!cure) {
      expect(message).toBe('');
      await expect(repair).toHaveCount(0);
      return;
    }
    expect(message).toMatch(cure);
    expect(server.log()).toContain(message.slice(0, 60));
    await repair.click();
    await expect(ada.dialogs).toContainText(cure);
  });
}

for (const environment of ['overwritten', 'documents']) {
  testIn(
    environment,
    'lab',
    '--YDocExtension.disable_rtc=True'
  )(
    `JupyterLab starts with collaboration turned off, environment "${environment}"`,
    async ({ ada, server }) => {
      const name = server.write('alone.ipynb', notebook('x = 1'));
      await ada.open(name);
      expect(await ada.document()).toMatchObject({ collaborative: false });
    }
  );
}
