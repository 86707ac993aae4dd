// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type {
  ConflictChoice,
  IConflict,
  IDocumentConflicts
} from '@jupyter/docprovider';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { reviewConflicts } from '../src/status/conflictsDialog';
import { ConflictsView } from '../src/status/conflictsView';

const trans = nullTranslator.load('jupyter_collaboration');
const CONFLICT: IConflict = {
  cell: 'a',
  kind: 'text',
  key: 'source',
  yours: 'mine <b>',
  theirs: 'theirs',
  merged: 'theirs mine <b>'
};

let host: HTMLElement;
let root: Root;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  host = document.createElement('div');
  document.body.append(host);
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

function modelOf(conflicts: IConflict[], isPossible = true) {
  const chosen: [IConflict, ConflictChoice][] = [];
  const changed = new Signal<object, void>({});
  const model: IDocumentConflicts & { chosen: typeof chosen } = {
    chosen,
    list: conflicts,
    changed,
    cellNumber: ({ cell }) => (cell === 'a' ? 3 : null),
    resolve: (conflict, choice) => {
      chosen.push([conflict, choice]);
      if (isPossible) {
        Object.assign(model, {
          list: model.list.filter(each => each !== conflict)
        });
        changed.emit();
      }
      return isPossible;
    }
  };
  return model;
}

function show(model: IDocumentConflicts): void {
  act(() => root.render(<ConflictsView model={model} translator={trans} />));
}

const buttons = () => [...host.querySelectorAll('button')];
const labels = () => buttons().map(button => button.textContent);
const press = (label: string) =>
  act(() => buttons()[labels().indexOf(label)].click());

// [S4]
it('Both sides of a conflict are shown as text, with the choice', () => {
  const model = modelOf([CONFLICT]);
  show(model);
  expect(host.querySelector('h3')?.textContent).toBe('Cell 3');
  const sides = [...host.querySelectorAll('figure')];
  expect(sides.map(side => side.textContent)).toEqual([
    'Your textmine <b>',
    'Text of the otherstheirs'
  ]);
  expect(labels()).toEqual(['Keep mine', 'Keep theirs', 'Keep both']);
  press('Keep mine');
  expect(model.chosen).toEqual([[CONFLICT, 'yours']]);
  expect(host.textContent).toBe('');
});

it('A deleted cell is kept or deleted, whoever deleted it', () => {
  const kind = 'deleted' as const;
  const mine = { ...CONFLICT, kind, yours: '' };
  const theirs = { ...CONFLICT, kind, theirs: '', cell: 'gone' };
  const model = modelOf([mine, theirs]);
  show(model);
  expect(labels().slice(0, 2)).toEqual(['Keep the cell', 'Delete the cell']);
  expect(host.textContent).toContain('(deleted)');
  expect(host.textContent).toContain('A cell that is gone');
  press('Delete the cell');
  press('Delete the cell');
  expect(model.chosen.map(([, choice]) => choice)).toEqual(['yours', 'theirs']);
});

it('Of values one is kept, and the document has a place without cells', () => {
  const parts = { kind: 'value' as const, key: 'metadata.title', cell: null };
  show(modelOf([{ ...CONFLICT, ...parts }]));
  expect(host.querySelector('h3')?.textContent).toBe(
    'Document: metadata.title'
  );
  expect(labels()).toEqual(['Keep mine', 'Keep theirs']);
});

it('A choice that is not possible any more is told, and nothing is lost', () => {
  const model = modelOf([CONFLICT], false);
  show(model);
  press('Keep theirs');
  expect(host.querySelector('[role="alert"]')?.textContent).toContain(
    'left as it is'
  );
  expect(labels()).toHaveLength(3);
});

it('The dialog closes when all is chosen', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const model = modelOf([CONFLICT]);
  const review = reviewConflicts(model, 'a.ipynb', trans);
  const find = () => document.querySelectorAll('.jp-ConflictsDialog button');
  await expect.poll(() => find().length).toBeGreaterThan(2);
  expect(document.querySelector('.jp-Dialog-header')?.textContent).toContain(
    'a.ipynb'
  );
  (find()[0] as HTMLButtonElement).click();
  await review;
  expect(model.chosen).toHaveLength(1);
  expect(document.querySelector('.jp-ConflictsDialog')).toBeNull();
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});
