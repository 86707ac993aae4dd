// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile, YNotebook } from '@jupyter/ydoc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Conflicts } from '../src/session/conflicts';
import type { ConflictChoice, IConflict } from '../src/tokens';

let notebook: YNotebook;
let file: YFile;

beforeEach(() => {
  file = new YFile();
  file.source = 'begin\ntheirs mine\nend';
  notebook = YNotebook.create({
    data: {
      cells: [
        {
          cell_type: 'code',
          id: 'one',
          source: 'x = theirs mine',
          metadata: { tags: ['theirs'] },
          outputs: [],
          execution_count: null
        },
        { cell_type: 'markdown', id: 'two', source: 'kept', metadata: {} }
      ],
      metadata: { language: 'theirs' },
      nbformat: 4,
      nbformat_minor: 5
    }
  });
});

afterEach(() => {
  file.dispose();
  notebook.dispose();
});

function conflict(parts: Partial<IConflict>): IConflict {
  return {
    cell: null,
    kind: 'text',
    key: 'source',
    yours: 'mine',
    theirs: 'theirs',
    merged: 'theirs mine',
    ...parts
  };
}

/** Choose, and tell whether that was possible, and what is left to choose. */
function choose(
  model: YFile | YNotebook,
  parts: Partial<IConflict>,
  choice: ConflictChoice
): [boolean, number] {
  const conflicts = new Conflicts(model);
  const one = conflict(parts);
  conflicts.add([one]);
  const isDone = conflicts.resolve(one, choice);
  const left = conflicts.list.length;
  conflicts.dispose();
  return [isDone, left];
}

const ids = () => notebook.cells.map(cell => cell.id);

// [S4]
describe('A choice between two texts', () => {
  it.each([
    ['both', 'begin\ntheirs mine\nend'],
    ['yours', 'begin\nmine\nend'],
    ['theirs', 'begin\ntheirs\nend']
  ] as const)('puts %s into the document', (choice, text) => {
    expect(choose(file, {}, choice)).toEqual([true, 0]);
    expect(file.source).toBe(text);
  });

  it('is made in the cell that it is about', () => {
    expect(choose(notebook, { cell: 'one' }, 'yours')).toEqual([true, 0]);
    expect(notebook.cells[0].source).toBe('x = mine');
  });

  it('leaves a text that has been changed meanwhile', () => {
    const parts = { merged: 'something else' };
    expect(choose(file, parts, 'yours')).toEqual([false, 1]);
    expect(choose(notebook, { ...parts, cell: 'one' }, 'theirs')).toEqual([
      false,
      1
    ]);
    expect(choose(notebook, { cell: 'gone' }, 'theirs')).toEqual([false, 1]);
    expect(choose(file, parts, 'both')).toEqual([true, 0]);
    expect(file.source).toBe('begin\ntheirs mine\nend');
  });
});

// [S4]
describe('A choice about a deleted cell', () => {
  const mine = { cell: 'two', kind: 'deleted', yours: '', merged: 'kept' };
  const theirs = { ...mine, yours: 'kept', theirs: '' };

  it.each([
    ['mine', mine, 'yours'],
    ['that of the others', theirs, 'theirs']
  ] as const)(
    'deletes it if the deletion is chosen: %s',
    (_, parts, choice) => {
      expect(choose(notebook, parts as IConflict, choice)).toEqual([true, 0]);
      expect(ids()).toEqual(['one']);
    }
  );

  it('keeps it otherwise', () => {
    choose(notebook, mine as IConflict, 'theirs');
    choose(notebook, theirs as IConflict, 'yours');
    choose(notebook, theirs as IConflict, 'both');
    expect(ids()).toEqual(['one', 'two']);
  });

  it('keeps it if it has been changed meanwhile', () => {
    notebook.cells[1].updateSource(0, 0, 'changed ');
    expect(choose(notebook, mine as IConflict, 'yours')).toEqual([false, 1]);
    expect(ids()).toEqual(['one', 'two']);
  });
});

// [S4]
describe('A choice between two values', () => {
  const tags = {
    cell: 'one',
    kind: 'value',
    key: 'metadata.tags',
    yours: '["mine"]',
    theirs: '["theirs"]',
    merged: ''
  } as const;

  it('puts the own one into the place of the other', () => {
    expect(choose(notebook, tags, 'theirs')).toEqual([true, 0]);
    expect(notebook.cells[0].metadata).toEqual({ tags: ['theirs'] });
    expect(choose(notebook, tags, 'yours')).toEqual([true, 0]);
    expect(notebook.cells[0].metadata).toEqual({ tags: ['mine'] });
    const yours = 'null';
    expect(
      choose(notebook, { ...tags, yours, theirs: '["mine"]' }, 'yours')
    ).toEqual([true, 0]);
    expect(notebook.cells[0].metadata).toEqual({});
  });

  it('may be about outputs, and about the notebook', () => {
    const output = { output_type: 'stream', name: 'stdout', text: 'mine' };
    const yours = JSON.stringify([output]);
    choose(notebook, { ...tags, key: 'outputs', yours, theirs: '[]' }, 'yours');
    expect(notebook.cells[0].toJSON().outputs).toEqual([output]);
    const language = {
      key: 'metadata.language',
      yours: '"mine"',
      theirs: '"theirs"'
    };
    choose(notebook, { ...tags, ...language, cell: null }, 'yours');
    expect(notebook.getMetadata('language')).toBe('mine');
  });

  it('leaves a value that has been changed meanwhile', () => {
    notebook.cells[0].setMetadata('tags', ['new']);
    expect(choose(notebook, tags, 'yours')).toEqual([false, 1]);
    expect(notebook.cells[0].getMetadata('tags')).toEqual(['new']);
  });
});

it('Conflicts are listed once, and with the number of their cell', () => {
  const conflicts = new Conflicts(notebook);
  let signals = 0;
  conflicts.changed.connect(() => signals++);
  const one = conflict({ cell: 'two' });
  conflicts.add([one, conflict({ cell: 'gone' })]);
  conflicts.add([{ ...one }]);
  conflicts.add([]);
  expect(conflicts.list).toHaveLength(2);
  expect(signals).toBe(1);
  expect(conflicts.list.map(each => conflicts.cellNumber(each))).toEqual([
    2,
    null
  ]);
  expect(conflicts.resolve(conflict({ cell: 'unknown' }), 'both')).toBe(true);
  conflicts.dispose();
  conflicts.dispose();
  expect(conflicts.isDisposed).toBe(true);
});

describe('conflicts that the server shows to everybody', () => {
  const shared = {
    id: 'c1',
    origin: 'disk' as const,
    kind: 'text' as const,
    key: 'source',
    cell: null,
    ours: 'theirs',
    theirs: 'mine',
    merged: 'theirs mine'
  };

  it('are listed with where they come from, until somebody decides', () => {
    // [S4]
    const conflicts = new Conflicts(file);
    conflicts.share([shared]);
    expect(conflicts.list).toEqual([conflict({ id: 'c1', origin: 'disk' })]);
    expect(conflicts.own).toEqual([]);
    conflicts.share([]);
    expect(conflicts.list).toEqual([]);
    conflicts.dispose();
  });

  it('are decided by an edit, or by a request where both sides stay', () => {
    const conflicts = new Conflicts(file);
    const kept: string[] = [];
    conflicts.keptBoth.connect((_, id) => kept.push(id));
    conflicts.share([shared]);
    expect(conflicts.resolve(conflicts.list[0], 'yours')).toBe(true);
    expect(file.source).toBe('begin\nmine\nend');
    expect(kept).toEqual([]);
    file.source = 'begin\ntheirs mine\nend';
    conflicts.share([shared]);
    expect(conflicts.resolve(conflicts.list[0], 'both')).toBe(true);
    expect(kept).toEqual(['c1']);
    expect(conflicts.list).toEqual([]);
    conflicts.dispose();
  });

  it('are one with what this page found by itself', () => {
    const conflicts = new Conflicts(file);
    conflicts.add([conflict({})]);
    conflicts.share([{ ...shared, origin: 'rebase' }]);
    // The user knows that text as theirs.
    expect(conflicts.list).toEqual([conflict({ id: 'c1' })]);
    conflicts.share([]);
    expect(conflicts.list).toEqual([]);
    conflicts.dispose();
  });
});
