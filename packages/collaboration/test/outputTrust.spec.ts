// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { YCodeCell } from '@jupyter/ydoc';
import { YNotebook } from '@jupyter/ydoc';
import { CodeCellModel } from '@jupyterlab/cells';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { OutputTrust } from '../src/status/outputTrust';

const SCRIPT = {
  output_type: 'display_data' as const,
  data: { 'text/html': '<script>window.ran = true</script>' },
  metadata: {}
};

let own: YNotebook;
let model: CodeCellModel;
let other: YNotebook;
let trust: OutputTrust;
let trustsOthers: boolean;
let rendered: boolean[];

beforeEach(() => {
  own = new YNotebook();
  own.insertCells(0, [
    { cell_type: 'code', source: 'a', metadata: {}, outputs: [] },
    { cell_type: 'markdown', source: 'b', metadata: {} }
  ]);
  model = new CodeCellModel({ sharedModel: own.getCell(0) as YCodeCell });
  other = new YNotebook();
  trustsOthers = true;
  trust = new OutputTrust([model], own.ydoc, () => trustsOthers);
  Y.applyUpdate(other.ydoc, Y.encodeStateAsUpdate(own.ydoc));
  rendered = [];
  model.outputs.changed.connect((_, { newValues, type }) => {
    if (type === 'add') {
      rendered.push(...newValues.map(output => output.trusted));
    }
  });
});

afterEach(() => {
  trust.dispose();
  model.dispose();
  other.dispose();
});

/** Make a change elsewhere, which arrives in one update; what is sent back. */
function arrive(change: (cell: Y.Map<unknown>) => void): Uint8Array[] {
  const before = Y.encodeStateVector(other.ydoc);
  other.ydoc.transact(() =>
    change(other.ydoc.getArray<Y.Map<unknown>>('cells').get(0))
  );
  const answers: Uint8Array[] = [];
  const { ydoc } = own;
  const listen = (update: Uint8Array, origin: unknown) => {
    if (origin !== 'server') {
      answers.push(update);
    }
  };
  ydoc.on('update', listen);
  Y.applyUpdate(ydoc, Y.encodeStateAsUpdate(other.ydoc, before), 'server');
  ydoc.off('update', listen);
  return answers;
}

const mark = (isTrusted: boolean) => (cell: Y.Map<unknown>) =>
  isTrusted
    ? (cell.get('metadata') as Y.Map<unknown>).set('trusted', true)
    : (cell.get('metadata') as Y.Map<unknown>).delete('trusted');
const print = (cell: Y.Map<unknown>) =>
  (cell.get('outputs') as Y.Array<unknown>).push([
    new Y.Map(Object.entries(SCRIPT))
  ]);

// F10 [V10]
describe('Outputs of others', () => {
  it('are trusted once the cell is, and nothing is sent back', () => {
    expect(arrive(mark(true))).toEqual([]);
    expect(model.outputs.trusted).toBe(true);
    arrive(print);
    expect(rendered).toEqual([true]);
  });

  // X4 [R7]
  it('are replaced by those of a run, which trusts the cell in one update', () => {
    const result = (text: string) =>
      new Y.Map<unknown>(
        Object.entries({
          output_type: 'execute_result',
          data: { 'text/plain': text },
          metadata: {},
          execution_count: 1
        })
      );
    arrive(cell =>
      (cell.get('outputs') as Y.Array<unknown>).push([result('2')])
    );
    expect(model.outputs.length).toBe(1);
    const answers = arrive(cell => {
      const outputs = cell.get('outputs') as Y.Array<unknown>;
      mark(true)(cell);
      outputs.delete(0, 1);
      outputs.push([result('2')]);
    });
    expect(answers).toEqual([]);
    expect(model.outputs.trusted).toBe(true);
    for (const found of [own, other]) {
      expect((found.getCell(0) as YCodeCell).getOutputs()).toHaveLength(1);
    }
    expect(model.outputs.length).toBe(1);
    expect(model.outputs.get(0).trusted).toBe(true);
    // What the user does later is written again.
    model.outputs.clear();
    expect((own.getCell(0) as YCodeCell).getOutputs()).toEqual([]);
  });

  // F9
  it('are not rendered as trusted in the update that removes the mark', () => {
    model.trusted = true;
    Y.applyUpdate(other.ydoc, Y.encodeStateAsUpdate(own.ydoc));
    arrive(cell => {
      print(cell);
      mark(false)(cell);
    });
    expect(rendered).toEqual([false]);
    expect(model.outputs.trusted).toBe(false);
  });

  // F9
  it('that are replaced as a whole are not trusted either', () => {
    model.trusted = true;
    Y.applyUpdate(other.ydoc, Y.encodeStateAsUpdate(own.ydoc));
    arrive(cell => {
      cell.set('outputs', new Y.Array());
      mark(false)(cell);
    });
    expect(model.outputs.trusted).toBe(false);
  });

  it('are not trusted if the user has chosen so', () => {
    trustsOthers = false;
    arrive(mark(true));
    expect(model.outputs.trusted).toBe(false);
    model.trusted = true;
    arrive(mark(false));
    expect(model.outputs.trusted).toBe(false);
  });

  it('stay as they are when somebody types', () => {
    model.trusted = true;
    Y.applyUpdate(other.ydoc, Y.encodeStateAsUpdate(own.ydoc));
    arrive(cell => (cell.get('source') as Y.Text).insert(0, 'x'));
    expect(model.outputs.trusted).toBe(true);
  });
});
