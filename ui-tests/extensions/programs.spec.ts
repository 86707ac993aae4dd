// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Programs that write into notebooks which people have open. [F4] [C1]
 */

import { cellsOnDisk, notebook } from '../support/documents';
import { expect } from '../support/fixtures';
import { run, runUntil, testIn } from './environments';

const test = testIn('programs');

test('papermill runs an open notebook: people see its outputs, and keep their typing', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'report.ipynb',
    notebook(
      'import time',
      'for i in range(3):\n    print("tick", i, flush=True)\n    time.sleep(1)',
      'note = "'
    )
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  const done = run('programs', server, '-m', 'papermill', name, name);
  await ada.typeInCell(2, 'by Ada"');
  await done;
  for (const person of [ada, grace]) {
    const output = person.cell(1).locator('.jp-OutputArea-output');
    await expect(output).toHaveText(/^tick 0\s+tick 1\s+tick 2\s*$/);
    await expect
      .poll(async () => (await person.sources())[2])
      .toBe('note = "by Ada"');
  }
  await expect.poll(() => cellsOnDisk(server, name)[2]).toBe('note = "by Ada"');
  const { cells } = JSON.parse(server.read(name)) as {
    cells: { outputs: { text: string | string[] }[] }[];
  };
  const texts = cells[1].outputs.flatMap(({ text }) => text);
  expect(texts.join('')).toBe('tick 0\ntick 1\ntick 2\n');
});

test('a pair of jupytext: both files have what is typed, and a change of one is shown', async ({
  ada,
  grace,
  server
}) => {
  const content = notebook('x = 1', 'y = 2') as {
    metadata: Record<string, unknown>;
  };
  content.metadata.jupytext = { formats: 'ipynb,py:percent' };
  const name = server.write('paired.ipynb', content);
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '2');
  await grace.typeInCell(1, '3');
  for (const text of ['x = 12', 'y = 23']) {
    await expect.poll(() => server.read(name)).toContain(text);
    await expect
      .poll(() => (server.exists('paired.py') ? server.read('paired.py') : ''))
      .toContain(text);
  }
  server.write(
    'paired.py',
    server.read('paired.py').replace('y = 23', 'y = 24')
  );
  for (const person of [ada, grace]) {
    await expect.poll(() => person.sources()).toEqual(['x = 12', 'y = 24']);
  }
  // jupytext writes the change into the notebook with the next save.
  await ada.typeInCell(0, '3');
  for (const text of ['x = 123', 'y = 24']) {
    await expect.poll(() => server.read(name)).toContain(text);
    await expect.poll(() => server.read('paired.py')).toContain(text);
  }
});

// Without a kernel in their headers, JupyterLab would ask for one.
const HEADER = `---
jupyter:
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
---
`;

const SCRIPTS = [
  {
    name: 'script.py',
    type: 'python',
    text: `${HEADER.replace(/^/gm, '# ').trimEnd()}\n# %%\nx = 1\n\n# %%\nprint("out")\n`
  },
  {
    name: 'page.md',
    type: 'markdown',
    text: `${HEADER}\n\`\`\`python\nx = 1\n\`\`\`\n\n\`\`\`python\nprint("out")\n\`\`\`\n`
  }
];

for (const { name, type, text } of SCRIPTS) {
  test(`jupytext: two people work in ${name} as a notebook, and outputs stay`, async ({
    ada,
    grace,
    server
  }) => {
    server.write(name, text);
    await server.set('@jupyterlab/docmanager-extension:plugin', {
      defaultViewers: { [type]: 'Jupytext Notebook' }
    });
    await Promise.all([ada.open(name), grace.open(name)]);
    await ada.kernelReady();
    await ada.enterCell(1);
    await ada.page.keyboard.press('Control+Enter');
    await expect.poll(() => grace.printed(1)).toBe('out\n');
    await ada.typeInCell(0, '2');
    await grace.typeInCell(0, '3');
    for (const person of [ada, grace]) {
      await expect
        .poll(() => person.sources())
        .toEqual(['x = 123', 'print("out")']);
    }
    await expect.poll(() => server.read(name)).toContain('x = 123');
    for (const person of [ada, grace]) {
      await expect(person.status).toHaveText('Live · saved');
      expect(await person.printed(1)).toBe('out\n');
    }
  });
}

const AGENT = `
import asyncio, os, sys
from jupyter_nbmodel_client import NbModelClient, get_jupyter_notebook_websocket_url


async def main(url, token, path):
    room = get_jupyter_notebook_websocket_url(server_url=url, token=token, path=path)
    async with NbModelClient(room) as notebook:
        notebook.add_code_cell("z = 'by the agent'")
        print([cell["source"] for cell in notebook])
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
`;

test('an agent of jupyter-nbmodel-client adds a cell to an open notebook', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write('agent.ipynb', notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.typeInCell(0, '2');
  await expect.poll(() => grace.sources()).toEqual(['x = 12']);
  const script = ['-c', AGENT, server.url, server.token, name];
  const bothSee = async () => {
    for (const person of [ada, grace]) {
      await expect
        .poll(() => person.sources(), { timeout: 30_000 })
        .toEqual(['x = 12', "z = 'by the agent'"]);
    }
  };
  expect(await runUntil(bothSee, 'programs', server, ...script)).toContain(
    'x = 12'
  );
  await expect
    .poll(() => cellsOnDisk(server, name))
    .toEqual(['x = 12', "z = 'by the agent'"]);
});
