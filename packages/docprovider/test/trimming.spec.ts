// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile, YNotebook } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { trim } from '../src/session/trimming';

const LIMIT = 20_000;
const LARGE = 'x'.repeat(30_000);

const clocks = (doc: Y.Doc) => Y.decodeStateVector(Y.encodeStateVector(doc));

/** The size of what a document has beyond a state. */
const sizeSince = (doc: Y.Doc, since: Map<number, number>) =>
  Y.encodeStateAsUpdate(doc, Y.encodeStateVector(since)).length;

const html = (text: string) => ({
  output_type: 'display_data',
  data: { 'text/html': text },
  metadata: {}
});

const stream = (text: string) => ({
  output_type: 'stream',
  name: 'stdout',
  text
});

function notebook(...outputs: object[]): YNotebook {
  const model = YNotebook.create();
  model.insertCells(0, [
    { cell_type: 'code', source: 'one', outputs } as never,
    { cell_type: 'code', source: 'two', outputs: [] } as never
  ]);
  return model;
}

// [M4]
describe('Content that is too large to be sent', () => {
  it('is removed with the whole output that it is in, and no other', () => {
    const model = notebook();
    const since = clocks(model.ydoc);
    model.cells[0].setOutputs([stream('small'), html(LARGE), html('small')]);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'output', value: html(LARGE) }
    ]);
    expect(model.cells[0].getOutputs()).toEqual([
      stream('small'),
      html('small')
    ]);
    expect(sizeSince(model.ydoc, since)).toBeLessThan(LIMIT);
  });

  it('is removed with its stream, however many pieces it came in', () => {
    const model = notebook(stream('begin '));
    const since = clocks(model.ydoc);
    model.cells[0].appendStreamOutput(0, LARGE);
    model.cells[0].appendStreamOutput(0, LARGE);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'output', value: stream(`begin ${LARGE}${LARGE}`) }
    ]);
    expect(model.cells[0].getOutputs()).toEqual([]);
  });

  it('is removed from a cell that was moved, which stays', () => {
    const model = notebook(html('small'), html(LARGE));
    const since = clocks(model.ydoc);
    model.moveCell(0, 1);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'output', value: html(LARGE) }
    ]);
    expect(model.cells.map(cell => cell.getSource())).toEqual(['two', 'one']);
    expect(model.cells[1].getOutputs()).toEqual([html('small')]);
  });

  it('is removed, the largest first, until the rest can be sent', () => {
    const model = notebook();
    const since = clocks(model.ydoc);
    const outputs = [5, 9, 6, 7].map(size => html('x'.repeat(size * 1000)));
    model.cells[0].setOutputs(outputs);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'output', value: outputs[1] }
    ]);
    expect(model.cells[0].getOutputs()).toHaveLength(3);
  });

  it('is removed without the text that was there before, and after', () => {
    const model = YFile.create();
    model.updateSource(0, 0, 'before ');
    const since = clocks(model.ydoc);
    model.updateSource(7, 7, LARGE);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'text', value: LARGE }
    ]);
    model.updateSource(7, 7, 'after');
    expect(model.source).toBe('before after');
  });

  it('is removed where it is a value of its own', () => {
    const model = notebook();
    const since = clocks(model.ydoc);
    model.cells[0].setMetadata('large', LARGE);
    expect(trim(model.ydoc, since, LIMIT)).toEqual([
      { kind: 'value', value: LARGE }
    ]);
    expect(model.cells[0].getMetadata('large')).toBeUndefined();
  });

  it('is not brought back by undo, but what it replaced is', () => {
    const model = YFile.create();
    model.updateSource(0, 0, 'replaced');
    model.clearUndoHistory();
    const since = clocks(model.ydoc);
    model.updateSource(0, 8, LARGE);
    trim(model.ydoc, since, LIMIT);
    expect(model.source).toBe('');
    model.undo();
    expect(model.source).toBe('replaced');
    model.redo();
    expect(model.source).toBe('');
  });
});
