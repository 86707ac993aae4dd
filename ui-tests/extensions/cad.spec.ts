// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * jupytercad: two people build one model, with collaboration and without. [C1] [K2]
 */

import { expect } from '../support/fixtures';
import type { Person, Server } from '../support/fixtures';
import { openOther, testIn } from './environments';

const NAME = 'part.jcad';
const EMPTY = {
  objects: [],
  metadata: {},
  options: {},
  outputs: {},
  schemaVersion: '3.0.0'
};

interface IModel {
  addObject(value: object): void;
  objects: { name: string }[];
}

function box(name: string): object {
  const parameters = { Length: 1, Width: 1, Height: 1 };
  const Placement = { Position: [0, 0, 0], Axis: [0, 0, 1], Angle: 0 };
  return {
    name,
    shape: 'Part::Box',
    visible: true,
    parameters: { ...parameters, Placement }
  };
}

async function add(person: Person, name: string): Promise<void> {
  await person.page.evaluate(value => {
    const model = window.jupyterapp.shell.currentWidget?.context?.model;
    (model?.sharedModel as unknown as IModel).addObject(value);
  }, box(name));
}

async function objects(person: Person): Promise<string[]> {
  return person.page.evaluate(() => {
    const model = window.jupyterapp.shell.currentWidget?.context?.model;
    const { objects } = model?.sharedModel as unknown as IModel;
    return objects.map(({ name }) => name).sort();
  });
}

function objectsOnDisk(server: Server): string[] {
  const { objects } = JSON.parse(server.read(NAME)) as IModel;
  return objects.map(({ name }) => name).sort();
}

testIn('stubs')(
  'two people build one model',
  async ({ ada, grace, server }) => {
    server.write(NAME, EMPTY);
    await Promise.all([openOther(ada, NAME), openOther(grace, NAME)]);
    await add(ada, 'Box 1');
    await add(grace, 'Box 2');
    for (const person of [ada, grace]) {
      await expect.poll(() => objects(person)).toEqual(['Box 1', 'Box 2']);
    }
    await expect.poll(() => objectsOnDisk(server)).toEqual(['Box 1', 'Box 2']);
  }
);

testIn('stubs')(
  'a suggestion is a fork that can be merged',
  async ({ ada, grace, server }) => {
    server.write(NAME, EMPTY);
    await Promise.all([openOther(ada, NAME), openOther(grace, NAME)]);
    await add(ada, 'Box 1');
    await expect.poll(() => objects(grace)).toEqual(['Box 1']);

    for (const { page } of [ada, grace]) {
      // The second panel of this name is the one at the right.
      await page
        .getByRole('tab', { name: 'JupyterCad Control Panel' })
        .last()
        .click();
    }
    await grace.page.getByTitle('Create new fork').click();
    await grace.dialogs.getByRole('textbox').first().fill('Round it');
    await grace.dialogs.getByRole('button', { name: 'Ok' }).click();
    await expect(grace.page.getByText('Round it').first()).toBeVisible();
    await expect(ada.page.getByText('Round it').first()).toBeVisible();
    await add(grace, 'Box 2');
    await expect.poll(() => objects(grace)).toEqual(['Box 1', 'Box 2']);
    expect(await objects(ada)).toEqual(['Box 1']);

    await ada.page.getByTitle('Accept suggestion').click();
    await ada.dialogs.getByRole('button', { name: 'Ok' }).click();
    await expect.poll(() => objects(ada)).toEqual(['Box 1', 'Box 2']);
  }
);

testIn(
  'stubs',
  'lab',
  '--YDocExtension.disable_rtc=True'
)(
  'a model opens and is saved with collaboration turned off [E6]',
  async ({ ada, server }) => {
    server.write(NAME, EMPTY);
    await openOther(ada, NAME);
    await add(ada, 'Box 1');
    await ada.command('docmanager:save');
    await expect.poll(() => objectsOnDisk(server)).toEqual(['Box 1']);
    // jupytercad asks for a session all the same; no document is shared.
    expect(ada.sockets.filter(url => url.includes('/room/'))).toEqual([]);
  }
);

testIn(
  'stubs',
  'lab',
  '--YDocExtension.disable_rtc=True'
)(
  'two people work on a model one after the other with collaboration turned off [E6]',
  async ({ ada, grace, server }) => {
    server.write(NAME, EMPTY);
    await openOther(ada, NAME);
    await add(ada, 'Box 1');
    await ada.command('docmanager:save');
    await expect.poll(() => objectsOnDisk(server)).toEqual(['Box 1']);

    await openOther(grace, NAME);
    expect(await objects(grace)).toEqual(['Box 1']);
    await add(grace, 'Box 2');
    await grace.command('docmanager:save');
    await expect.poll(() => objectsOnDisk(server)).toEqual(['Box 1', 'Box 2']);

    // Ada's page does not follow. When she saves, JupyterLab asks; jupytercad's way of reverting
    // adds what is in the file.
    expect(await objects(ada)).toEqual(['Box 1']);
    await add(ada, 'Box 3');
    const saving = ada.command('docmanager:save');
    await expect(ada.dialogs).toContainText('File Changed');
    expect(objectsOnDisk(server)).toEqual(['Box 1', 'Box 2']);
    await ada.dialogs.getByRole('button', { name: 'Revert' }).click();
    await saving;
    const all = ['Box 1', 'Box 2', 'Box 3'];
    await expect.poll(() => objects(ada)).toEqual(all);
    await ada.command('docmanager:save');
    await expect.poll(() => objectsOnDisk(server)).toEqual(all);
  }
);
