// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile, YNotebook } from '@jupyter/ydoc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { editWhatDiffers } from '../src/contents/smallEdits';

const BEFORE = 'total = 1\nprint(total)\nmiddle = 2\nprint(total + middle)\n';
const AFTER = BEFORE.replaceAll('total', 'sum');

let ours: { dispose(): void; ydoc: Y.Doc }[];

beforeEach(() => {
  ours = [];
});

afterEach(() => ours.forEach(model => model.dispose()));

function keep<T extends YFile | YNotebook>(model: T): T {
  ours.push(model);
  return model;
}

/** Exchange what two documents have. */
function sync(one: Y.Doc, other: Y.Doc): void {
  for (const [from, to] of [
    [one, other],
    [other, one]
  ]) {
    const update = Y.encodeStateAsUpdate(from, Y.encodeStateVector(to));
    Y.applyUpdate(to, update);
  }
}

// [P9]
describe('A text that is set as a whole', () => {
  it('keeps what others type in it meanwhile where it is, in a file', () => {
    const [one, other] = [keep(new YFile()), keep(new YFile())];
    editWhatDiffers(one);
    one.setSource(BEFORE);
    sync(one.ydoc, other.ydoc);
    one.source = AFTER;
    const at = BEFORE.indexOf(' = 2');
    other.updateSource(at, at, 'mark');
    sync(one.ydoc, other.ydoc);
    expect(one.source).toBe(AFTER.replace('middle =', 'middlemark ='));
    expect(other.source).toBe(one.source);
  });

  it('keeps it in cells, those that come later included', () => {
    const [one, other] = [keep(new YNotebook()), keep(new YNotebook())];
    one.addCell({ cell_type: 'code', source: BEFORE });
    editWhatDiffers(one);
    one.addCell({ cell_type: 'markdown', source: BEFORE });
    sync(one.ydoc, other.ydoc);
    other.addCell({ cell_type: 'code', source: BEFORE });
    sync(one.ydoc, other.ydoc);
    one.cells.forEach(cell => cell.setSource(AFTER));
    const at = BEFORE.indexOf(' = 2');
    other.cells.forEach(cell => cell.updateSource(at, at, 'mark'));
    sync(one.ydoc, other.ydoc);
    const text = AFTER.replace('middle =', 'middlemark =');
    for (const notebook of [one, other]) {
      expect(notebook.cells.map(({ source }) => source)).toEqual([
        text,
        text,
        text
      ]);
    }
    expect(one.dirty).toBe(true);
  });

  it('is one step of undo', () => {
    const notebook = keep(new YNotebook());
    notebook.addCell({ cell_type: 'code', source: BEFORE });
    editWhatDiffers(notebook);
    notebook.clearUndoHistory();
    notebook.cells[0].setSource(AFTER);
    notebook.undo();
    expect(notebook.cells[0].source).toBe(BEFORE);
  });

  it('that is the same is no edit', () => {
    const file = keep(new YFile());
    editWhatDiffers(file);
    file.setSource(BEFORE);
    const updates: Uint8Array[] = [];
    file.ydoc.on('update', update => updates.push(update));
    file.setSource(BEFORE);
    expect(updates).toEqual([]);
  });
});
