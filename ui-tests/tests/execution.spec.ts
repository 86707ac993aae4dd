// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The server runs the cells. [R1] [R2] [R6] [R9] [R10] [R12]
 */

import { notebook } from '../support/documents';
import type { Person } from '../support/fixtures';
import { expect, test } from '../support/fixtures';
import {
  KERNEL,
  openBoth,
  outputs,
  prompt,
  run,
  waitsFor
} from '../support/running';

test('cells that one runs show at both, and one who may not runs none', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook(
      'from IPython.display import display, SVG\nfor i in range(3):\n    print(i)',
      'h = display("first", display_id=True)\nprint("after")\nh.update("second")',
      "display(SVG(\"<svg xmlns='http://www.w3.org/2000/svg'><circle r='5'/></svg>\"))",
      '1 / 0',
      'print("not reached")'
    )
  );
  await openBoth(ada, grace, name);
  // While the kernel starts, too.
  await ada.command('notebook:run-all-cells');
  for (const person of [ada, grace]) {
    await expect(outputs(person, 3)).toContainText('ZeroDivisionError', KERNEL);
    await expect.poll(() => person.printed(0)).toBe('0\n1\n2\n');
    await expect(outputs(person, 1).first()).toContainText('second');
    await expect(outputs(person, 1).last()).toContainText('after');
    await person.goToCell(2);
    // Trusted at the other, too, who did not run it.
    await expect(person.cell(2).locator('.jp-RenderedSVG img')).toBeVisible();
    await person.goToCell(4);
    await expect(prompt(person, 3)).toHaveText('[4]:');
    await expect(prompt(person, 4)).toHaveText('[ ]:');
    await expect(outputs(person, 4)).toHaveCount(0);
  }
  await expect.poll(() => server.read(name)).toContain('"execution_count": 4');

  server.setRoles({ grace: 'viewer' });
  await expect(grace.viewingMark).toBeVisible();
  await run(grace, 4);
  await expect(
    grace.page.getByText('You have view-only access to this document.').first()
  ).toBeVisible();
  await expect(prompt(ada, 4)).toHaveText('[ ]:');
  await expect(prompt(grace, 4)).toHaveText('[ ]:');
});

// [R8] [R16]
test('a bar above plots moves on at both, and the plots are not drawn again', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook(
      'bar = display("0 %", display_id=True)\nfor i in range(3):\n' +
        '    display({"text/html": f"<b>plot {i}</b>"}, raw=True)',
      'for i in range(1, 101):\n    bar.update(f"{i} %")'
    )
  );
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(ada, 0);
  for (const person of [ada, grace]) {
    await expect(outputs(person, 0)).toHaveCount(4, KERNEL);
    await outputs(person, 0).evaluateAll(found =>
      found.slice(1).forEach(each => each.setAttribute('data-kept', ''))
    );
  }
  await run(ada, 1);
  const shown = ["'100 %'", 'plot 0', 'plot 1', 'plot 2'];
  for (const person of [ada, grace]) {
    await expect(outputs(person, 0)).toHaveText(shown, KERNEL);
    await expect(
      outputs(person, 0).and(person.page.locator('[data-kept]'))
    ).toHaveCount(3);
  }
  await ada.page.reload();
  await expect(outputs(ada, 0)).toHaveText(shown, KERNEL);
});

// [R5] [R6]
test('a cell that is deleted while it runs is complete after an undo', async ({
  server,
  file,
  ada,
  grace
}) => {
  const go = file('txt');
  server.write(go, '');
  const name = server.write(file('ipynb'), notebook(waitsFor(go), 'x = 1'));
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(grace, 0);
  await expect.poll(() => ada.printed(0), KERNEL).toBe('begun\n');
  await ada.selectCell(0);
  await ada.command('notebook:delete-cell');
  await expect.poll(async () => (await grace.cells()).length).toBe(1);
  server.write(go, 'go');
  // The next cell runs once the first one has ended.
  await run(grace, 0);
  await expect(prompt(ada, 0)).toHaveText('[2]:', KERNEL);
  await ada.command('notebook:undo-cell-action');
  for (const person of [ada, grace]) {
    await expect(prompt(person, 0)).toHaveText('[1]:');
    await expect.poll(() => person.printed(0)).toBe('begun\ndone\n');
  }
  await expect.poll(() => server.read(name)).toContain('done');
});

test('cells run from one on, and all of them after a restart', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook(
      'x = globals().get("x", 0) + 1\nprint("x is", x)',
      'print("second", x)',
      'print("third", x)'
    )
  );
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(ada, 0, 0);
  await expect.poll(() => grace.printed(0), KERNEL).toBe('x is 2\n');
  await ada.selectCell(1);
  await ada.command('notebook:run-all-below');
  for (const person of [ada, grace]) {
    await expect.poll(() => person.printed(2), KERNEL).toBe('third 2\n');
    await expect(prompt(person, 0)).toHaveText('[2]:');
  }
  await grace.startCommand('notebook:restart-run-all');
  await grace.page
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  for (const person of [ada, grace]) {
    await expect.poll(() => person.printed(2), KERNEL).toBe('third 1\n');
    for (const index of [0, 1, 2]) {
      await expect(prompt(person, index)).toHaveText(`[${index + 1}]:`);
    }
  }
});

test('outputs arrive after the page is closed that asked for them', async ({
  server,
  file,
  ada,
  grace
}) => {
  const go = server.write(file('txt'), '');
  const name = server.write(file('ipynb'), notebook(waitsFor(go)));
  await ada.open(name);
  await ada.kernelReady();
  await run(ada, 0);
  await expect.poll(() => ada.printed(0), KERNEL).toBe('begun\n');
  await ada.page.close();
  server.write(go, 'go');
  await expect.poll(() => server.read(name)).toContain('done');
  await grace.open(name);
  await expect.poll(() => grace.printed(0)).toBe('begun\ndone\n');
  await expect(prompt(grace, 0)).toHaveText('[1]:');
});

test('everybody may answer input, and a restart ends it with a notice', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('name = input("Who? ")\nprint("It is", name)', 'print(1)')
  );
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await grace.enterCell(1);
  await run(ada, 0);
  const asked = (person: Person) =>
    person.cell(0).locator('.jp-SharedInput input.jp-Stdin-input');
  await expect(asked(ada)).toBeFocused(KERNEL);
  await expect(asked(grace)).toBeVisible();
  await expect(grace.cell(0).locator('.jp-SharedInput-asker')).toHaveText(
    'Ada runs this cell'
  );
  // What others run takes no keys.
  await expect(asked(grace)).not.toBeFocused();
  await asked(grace).fill('Grace');
  await asked(grace).press('Enter');
  for (const person of [ada, grace]) {
    await expect(asked(person)).toHaveCount(0);
    await expect
      .poll(() => person.printed(0))
      .toBe('Who?  Grace\nIt is Grace\n');
  }

  await run(ada, 0, 1);
  await expect(asked(grace)).toBeVisible();
  await expect(prompt(grace, 1)).toHaveText('[*]:');

  // Both see what waits, and may cancel it.
  const button = grace.page.locator('.jp-RunsButton jp-button');
  await expect(button).toHaveText('2');
  await button.click();
  await grace.page
    .getByRole('menuitem', { name: /^Cancel: Cell 2 of Ada waits/ })
    .click();
  await expect(prompt(ada, 1)).toHaveText('[ ]:');
  await expect(button).toHaveText('1');
  await run(ada, 1);
  await expect(prompt(grace, 1)).toHaveText('[*]:');

  await grace.startCommand('kernelmenu:restart');
  await grace.page
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  for (const person of [ada, grace]) {
    await expect(asked(person)).toHaveCount(0);
    await expect(prompt(person, 0)).toHaveText('[ ]:');
    await expect(prompt(person, 1)).toHaveText('[ ]:');
  }
  await expect(
    ada.page.getByText(`Grace restarted the kernel of ${name}.`).first()
  ).toBeVisible();
  await run(ada, 1);
  await expect.poll(() => grace.printed(1), KERNEL).toBe('1\n');
});

// [R15]
test('everybody sees who ran what, what is stale, and may run that again', async ({
  server,
  file,
  ada,
  grace
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('x = 1', 'print("x is", x)', 'print("apart")')
  );
  await openBoth(ada, grace, name);
  await ada.kernelReady();
  await run(ada, 0, 1, 2);
  await expect.poll(() => grace.printed(2), KERNEL).toBe('apart\n');
  for (const person of [ada, grace]) {
    await expect(prompt(person, 0)).toHaveAttribute('title', /^Ada ran this/);
  }
  await expect.poll(() => server.read(name)).toContain('"execution_count": 3');
  const before = server.read(name);

  // The mark follows the text, and goes when the text is what ran.
  const stale = (person: Person, index: number) =>
    expect(person.cell(index)).toHaveClass(/jp-mod-staleSource/);
  await grace.typeInCell(0, '0');
  for (const person of [ada, grace]) {
    await stale(person, 0);
    await expect(prompt(person, 0)).toHaveAttribute('title', /changed since/);
    await expect(person.cell(1)).not.toHaveClass(/jp-mod-staleSource/);
  }
  await grace.page.keyboard.press('Backspace');
  for (const person of [ada, grace]) {
    await expect(person.cell(0)).not.toHaveClass(/jp-mod-staleSource/);
  }
  expect(await grace.isEnabled('collaboration:run-stale-cells')).toBe(false);
  // What the marks say is in no file.
  await expect.poll(() => server.read(name)).toBe(before);

  // After a restart everything is of the old kernel.
  await grace.typeInCell(0, '0');
  await grace.startCommand('kernelmenu:restart');
  await grace.page
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  for (const person of [ada, grace]) {
    for (const index of [0, 1, 2]) {
      await expect(person.cell(index)).toHaveClass(/jp-mod-oldKernel/);
    }
  }
  await run(ada, 2);
  await expect(grace.cell(2)).not.toHaveClass(/jp-mod-oldKernel/, KERNEL);
  await expect(prompt(grace, 2)).toHaveText('[1]:');
  await grace.page
    .locator('.lm-MenuBar-item', { hasText: 'Run' })
    .first()
    .click();
  await grace.page.getByRole('menuitem', { name: 'Run Stale Cells' }).click();
  await expect.poll(() => ada.printed(1)).toBe('x is 10\n');
  for (const person of [ada, grace]) {
    for (const index of [0, 1, 2]) {
      await expect(prompt(person, index)).toHaveText(
        `[${((index + 1) % 3) + 1}]:`
      );
      await expect(person.cell(index)).not.toHaveClass(/jp-mod-(old|stale)/);
    }
    await expect(prompt(person, 1)).toHaveAttribute('title', /^Grace ran this/);
  }

  // Removing the outputs removes the marks.
  await ada.command('notebook:clear-all-cell-outputs');
  await grace.typeInCell(0, '0');
  await expect(prompt(grace, 0)).toHaveAttribute('title', '');
  await expect(grace.cell(0)).not.toHaveClass(/jp-mod-staleSource/);
});

test('the debugger stops in cells that the server runs', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(
    file('ipynb'),
    notebook('x = 1\ny = x + 1\nprint("sum", x + y)')
  );
  await ada.open(name);
  await ada.kernelReady();
  // The button is disabled until JupyterLab has found that the kernel can be debugged.
  await ada.page
    .locator('.jp-DebuggerBugButton[aria-disabled="false"]')
    .click(KERNEL);
  const gutter = ada.cell(0).locator('.cm-breakpoint-gutter .cm-gutterElement');
  await gutter.nth(2).click(); // the first one only takes room
  await expect(ada.cell(0).locator('.cm-breakpoint-icon')).not.toHaveCount(0);
  await run(ada, 0);
  await expect(
    ada.cell(0).locator('.jp-DebuggerEditor-highlight')
  ).toContainText('y = x + 1', KERNEL);
  await expect.poll(() => ada.printed(0)).toBe('');
  await ada.startCommand('debugger:continue');
  await expect.poll(() => ada.printed(0), KERNEL).toBe('sum 3\n');
  await expect(prompt(ada, 0)).toHaveText('[1]:');
});
