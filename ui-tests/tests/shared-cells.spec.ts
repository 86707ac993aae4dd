// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { Server } from '../support/server';

// F11 [P9]
test('what is typed into a cell while it is moved stays in it, in order', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c', 'd'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.enterCell(1);
  await grace.page.keyboard.press('End');
  await ada.selectCell(1);
  const text = '0123456789'.repeat(5);
  let typed = 0;
  const moves = [10, 25, 35];
  for (const character of text) {
    await grace.page.keyboard.type(character);
    typed += 1;
    if (moves.includes(typed)) {
      await ada.command(
        typed === 35 ? 'notebook:move-cell-up' : 'notebook:move-cell-down'
      );
    }
  }
  const all = ['a', 'c', `b${text}`, 'd'];
  await expect.poll(() => ada.sources()).toEqual(all);
  await expect.poll(() => grace.sources()).toEqual(all);
  await grace.page.keyboard.type('!');
  await expect.poll(() => ada.sources()).toEqual(['a', 'c', `b${text}!`, 'd']);
});

// F11 [P9]
test('what is on its way while a cell is moved stays in it, in order', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c', 'd'));
  const [adas, graces] = await Promise.all([ada.valve(), grace.valve()]);
  await Promise.all([ada.open(name), grace.open(name)]);
  const bothHave = async (...sources: string[]) => {
    await expect.poll(() => ada.sources()).toEqual(sources);
    await expect.poll(() => grace.sources()).toEqual(sources);
  };
  await grace.enterCell(1);
  await grace.page.keyboard.type('01');
  await expect.poll(() => ada.sources()).toEqual(['a', 'b01', 'c', 'd']);
  await ada.selectCell(1);

  // Grace's text reaches the server after the move, and her caret stays after it.
  graces.close();
  await grace.page.keyboard.type('23');
  await ada.command('notebook:move-cell-down');
  await expect.poll(() => grace.sources()).toEqual(['a', 'c', 'b01', 'd']);
  graces.open();
  await expect.poll(() => grace.sources()).toEqual(['a', 'c', 'b0123', 'd']);
  await grace.page.keyboard.type('45');
  await bothHave('a', 'c', 'b012345', 'd');

  // She types on before it arrives.
  graces.close();
  await grace.page.keyboard.type('67');
  await ada.command('notebook:move-cell-up');
  await expect.poll(() => grace.sources()).toEqual(['a', 'b012345', 'c', 'd']);
  await grace.page.keyboard.type('89');
  graces.open();
  await bothHave('a', 'b0123456789', 'c', 'd');
  await grace.page.keyboard.type('ab');
  await bothHave('a', 'b0123456789ab', 'c', 'd');

  // In the middle of the text; it reaches the server before the move.
  for (let times = 0; times < 4; times++) {
    await grace.page.keyboard.press('ArrowLeft');
  }
  adas.close();
  await ada.command('notebook:move-cell-down');
  await grace.page.keyboard.type('XY');
  await expect.poll(() => grace.pendingChanges()).toBe(0);
  adas.open();
  await bothHave('a', 'c', 'b01234567XY89ab', 'd');
  await grace.page.keyboard.type('Z');
  await bothHave('a', 'c', 'b01234567XYZ89ab', 'd');
});

// F12 [P9]
test('after a cell was deleted by somebody else, keys reach nothing, and it can be brought back', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c', 'd'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.enterCell(1);
  await grace.page.keyboard.press('End');
  await grace.page.keyboard.type('2');
  await expect.poll(() => ada.sources()).toEqual(['a', 'b2', 'c', 'd']);
  await ada.selectCell(1);
  await ada.command('notebook:delete-cell');
  const notice = grace.page.locator('.jp-DeletedCellNotice');
  await expect(notice).toContainText(
    `${await ada.name()} deleted the cell you were in.`
  );
  await grace.page.keyboard.type('ddxxaabbmm 0123\n');
  const rest = ['a', 'c', 'd'];
  expect(await grace.sources()).toEqual(rest);
  await expect.poll(() => ada.sources()).toEqual(rest);
  await notice.getByRole('button', { name: 'Bring It Back' }).click();
  const all = ['a', 'b2', 'c', 'd'];
  await expect.poll(() => grace.sources()).toEqual(all);
  await expect.poll(() => ada.sources()).toEqual(all);
  await expect(notice).toHaveCount(0);

  // Ada is in the document, but she did not do this.
  await expect(grace.status).toHaveText('Live · saved');
  await grace.enterCell(3);
  server.write(name, notebook('a', 'b2', 'c'));
  await expect(notice).toContainText(
    'Another program deleted the cell you were in.'
  );
  await grace.page.keyboard.press('ArrowDown');
  await expect(notice).toHaveCount(0);

  await grace.enterCell(2);
  await ada.selectCell(2);
  await ada.command('notebook:delete-cell');
  await expect(notice).toBeVisible();
  await grace.page.keyboard.press('ArrowDown');
  await expect(notice).toHaveCount(0);
  await grace.page.keyboard.press('Enter');
  await grace.page.keyboard.type('!');
  await expect.poll(async () => (await ada.sources()).join()).toContain('!');
});

// F10 [V10]
test('an output of HTML is seen by the others at once', async ({
  server,
  file,
  ada,
  grace
}) => {
  const html = 'HTML("<b id=x>hello</b><script>window.ran = 1</script>")';
  const name = server.write(
    file('ipynb'),
    notebook(`from IPython.display import HTML\n${html}`)
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  await ada.enterCell(0);
  await ada.page.keyboard.press('Shift+Enter');
  for (const person of [ada, grace]) {
    await expect(person.page.locator('b#x')).toHaveText('hello', {
      timeout: 40_000
    });
  }
});

// F9 [V10]
test('a script from a user who may not run code runs in nobody’s page', async ({
  server,
  file,
  ada,
  grace
}) => {
  server.setRoles({ grace: 'author' });
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.page.evaluate(() => {
    for (const { context } of window.jupyterapp.shell.widgets('main')) {
      const notebook = context?.model.sharedModel as unknown as
        | {
            getCell(index: number): {
              setMetadata(key: string, value: unknown): void;
              setOutputs(outputs: object[]): void;
            };
          }
        | undefined;
      const cell = notebook?.getCell(0);
      cell?.setMetadata('trusted', true);
      cell?.setOutputs([
        {
          output_type: 'display_data',
          data: {
            'text/html': '<b>hello</b><script>window.ran = 1</script>',
            'text/plain': 'hello'
          },
          metadata: {}
        }
      ]);
    }
  });
  const hasRun = () => ada.page.evaluate(() => 'ran' in window);
  const output = ada.cell(0).locator('.jp-OutputArea-output');
  await expect(output).toContainText('hello');
  await ada.typeInCell(1, '3'); // when the output has been rendered
  await expect.poll(() => server.read(name)).toContain('y = 23');
  expect(await hasRun()).toBe(false);
  await ada.open(name);
  await expect(output).toContainText('hello');
  await ada.typeInCell(1, '4');
  await expect.poll(() => server.read(name)).toContain('y = 234');
  expect(await hasRun()).toBe(false);
});

// F23 [M14]
test('a kernel that somebody else uses stays when the notebook is closed', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await Promise.all([ada.kernelReady(), grace.kernelReady()]);
  await ada.startCommand('notebook:close-and-shutdown');
  await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
  await expect(ada.dialogs).toContainText(await grace.name());
  await ada.page.getByRole('button', { name: 'Keep Running' }).click();
  await expect.poll(() => ada.document()).toBeNull();
  expect(await grace.sessions()).toContain(name);
  await grace.enterCell(0);
  await grace.page.keyboard.press('Shift+Enter');
  await expect(grace.cell(0).locator('.jp-InputPrompt')).toHaveText('[1]:');
});

// F24 [C2]
test('an address with the drive of earlier versions leads to the document', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  await ada.page.goto(`${server.url}/lab/tree/RTC%3A${name}?reset`);
  await ada.documentReady(name);
});

// F24 [C2]
test('a workspace of earlier versions leads to the document', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  const widget = `notebook:RTC:${name}`;
  const layout = {
    main: {
      dock: { type: 'tab-area', currentIndex: 0, widgets: [widget] },
      current: widget
    }
  };
  const answer = await fetch(`${server.url}/lab/api/workspaces/earlier`, {
    method: 'PUT',
    headers: { Authorization: `token ${server.token}` },
    body: JSON.stringify({
      data: {
        'layout-restorer:data': layout,
        [widget]: { data: { path: `RTC:${name}`, factory: 'Notebook' } }
      },
      metadata: { id: 'earlier' }
    })
  });
  expect(answer.ok).toBe(true);
  await grace.open(name);
  await ada.page.goto(
    `${server.url}/lab/workspaces/earlier?token=${server.token}&person=${ada.nickname}`
  );
  await expect
    .poll(() => ada.document(), { timeout: 40_000 })
    .toMatchObject({ isReady: true, collaborative: true });
  await ada.typeInCell(0, '23');
  await expect.poll(() => grace.sources()).toEqual(['x = 123']);
});

test.describe('in Notebook 7', () => {
  test.use({
    server: async ({}, use) => {
      const server = new Server('notebook');
      await server.start();
      await use(server);
      await server.dispose();
    }
  });

  // F24 [C2]
  test('an address with the drive of earlier versions leads to the document', async ({
    server,
    file,
    ada
  }) => {
    const name = server.write(file('ipynb'), notebook('x = 1'));
    await ada.open(name);
    await ada.page.goto(`${server.url}/notebooks/RTC%3A${name}`);
    await ada.documentReady(name);
  });
});
