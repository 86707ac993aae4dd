// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { YCodeCell } from '@jupyter/ydoc';
import { YNotebook } from '@jupyter/ydoc';
import { CodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { OutputPlaces } from '../src/execution/outputPlaces';

let own: YNotebook;
let shared: YCodeCell;
let model: CodeCellModel;
let other: YNotebook;
let places: OutputPlaces;
let events: string[];
let answers: Uint8Array[];

beforeEach(() => {
  own = new YNotebook({ disableDocumentWideUndoRedo: true }); // as usual
  own.insertCells(0, [
    { cell_type: 'code', source: 'a', metadata: {}, outputs: [] }
  ]);
  shared = own.getCell(0) as YCodeCell;
  model = new CodeCellModel({ sharedModel: shared });
  other = new YNotebook();
  places = new OutputPlaces([model], own.ydoc);
  Y.applyUpdate(other.ydoc, Y.encodeStateAsUpdate(own.ydoc));
  answers = [];
  own.ydoc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'server') {
      answers.push(update);
    }
  });
  events = [];
  model.outputs.changed.connect((_, { type, newIndex }) => {
    events.push(`${type} ${newIndex}`);
  });
});

afterEach(() => {
  places.dispose();
  model.dispose();
  own.dispose();
  other.dispose();
});

type Outputs = Y.Array<Y.Map<unknown>>;

/** Change the outputs elsewhere; the change arrives in one update. */
function arrive(change: (outputs: Outputs) => void): void {
  const before = Y.encodeStateVector(other.ydoc);
  const cell = other.ydoc.getArray<Y.Map<unknown>>('cells').get(0);
  other.ydoc.transact(() => change(cell.get('outputs') as Outputs));
  Y.applyUpdate(own.ydoc, Y.encodeStateAsUpdate(other.ydoc, before), 'server');
}

function display(text: string): Y.Map<unknown> {
  return new Y.Map<unknown>([
    ['output_type', 'display_data'],
    ['data', { 'text/plain': text }],
    ['metadata', {}]
  ]);
}

function stream(text: string, name = 'stdout'): Y.Map<unknown> {
  return new Y.Map<unknown>([
    ['output_type', 'stream'],
    ['name', name],
    ['text', new Y.Text(text)]
  ]);
}

const textOf = (output: Y.Map<unknown>) => output.get('text') as Y.Text;

/** As the server replaces an output. */
function replace(outputs: Outputs, index: number, by: Y.Map<unknown>): void {
  outputs.insert(index + 1, [by]);
  outputs.delete(index);
}

/** What is shown, in short. */
const shown = () => model.outputs.toJSON().map(short);
const short = (output: IOutput) =>
  output.output_type === 'stream'
    ? `${output.name}: ${output.text}`
    : (output.data as Record<string, unknown>)['text/plain'];

// [R16]
describe('Outputs', () => {
  beforeEach(() => {
    arrive(outputs =>
      outputs.push([display('0 %'), display('plot'), stream('a')])
    );
    events.length = 0;
  });

  it('are shown at their place, and no others are rendered again', () => {
    arrive(outputs => replace(outputs, 0, display('1 %')));
    expect(shown()).toEqual(['1 %', 'plot', 'stdout: a']);
    expect(events).toEqual(['set 0']);
    expect(answers).toEqual([]);
  });

  it('are shown together with what is added and printed', () => {
    arrive(outputs => {
      textOf(outputs.get(2)).insert(1, 'b');
      replace(outputs, 0, display('1 %'));
      replace(outputs, 1, display('plot 2'));
      outputs.push([display('c'), stream('d', 'stderr')]);
    });
    expect(shown()).toEqual(['1 %', 'plot 2', 'stdout: ab', 'c', 'stderr: d']);
    expect(events).toEqual(['set 0', 'set 1', 'add 3', 'add 4']);
    // JupyterLab goes on by itself.
    arrive(outputs => textOf(outputs.get(4)).insert(1, 'e'));
    arrive(outputs => outputs.push([display('f')]));
    expect(shown().slice(-2)).toEqual(['stderr: de', 'f']);
    expect(answers).toEqual([]);
  });

  it('that others change inside are shown', () => {
    arrive(outputs => outputs.get(1).set('data', { 'text/plain': 'new' }));
    expect(shown()).toEqual(['0 %', 'new', 'stdout: a']);
    expect(events).toEqual(['set 1']);
    arrive(outputs => {
      outputs.push([display('end')]);
      textOf(outputs.get(2)).insert(1, 'b');
    });
    arrive(outputs => textOf(outputs.get(2)).insert(0, 'c'));
    expect(shown()).toEqual(['0 %', 'new', 'stdout: cab', 'end']);
    arrive(outputs => outputs.push([stream('12', 'stderr')]));
    arrive(outputs => textOf(outputs.get(4)).insert(0, '0'));
    expect(shown()[4]).toBe('stderr: 012');
    arrive(outputs => outputs.delete(4, 1));
    expect(shown()).toEqual(['0 %', 'new', 'stdout: cab', 'end']);
    expect(answers).toEqual([]);
  });

  it('are shown at their place where JupyterLab joins streams', () => {
    arrive(outputs => outputs.push([stream('b'), display('c')]));
    arrive(outputs => replace(outputs, 4, display('d')));
    expect(shown()).toEqual(['0 %', 'plot', 'stdout: ab', 'd']);
    arrive(outputs => replace(outputs, 1, display('new')));
    expect(shown()).toEqual(['0 %', 'new', 'stdout: ab', 'd']);
    expect(answers).toEqual([]);
  });

  it('that the page itself changes are left alone', () => {
    model.outputs.set(0, display('own').toJSON() as IOutput);
    events.length = 0;
    model.outputs.set(0, {
      output_type: 'display_data',
      data: { 'text/plain': 'own' },
      metadata: {}
    });
    expect(events).toEqual(['set 0']);
    expect(short(shared.getOutputs()[0])).toBe('own');
    model.outputs.add({
      output_type: 'stream',
      name: 'stderr',
      text: 'own'
    });
    expect(shown()).toEqual(shared.getOutputs().map(short));
    // Thousands of own outputs are not looked at again and again.
    const read = vi.spyOn(Y.Array.prototype, 'toArray');
    model.outputs.add(display('more').toJSON() as IOutput);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });

  it('are JupyterLab’s own matter afterwards', () => {
    places.dispose();
    arrive(outputs => replace(outputs, 0, display('1 %')));
    expect(shown()).toEqual(['plot', 'stdout: a', '1 %']);
  });
});

/** Random numbers below n, the same for a seed. (mulberry32) */
function randomOf(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % n;
  };
}

// [R16]
describe('Random changes of outputs', () => {
  for (let seed = 0; seed < 40; seed++) {
    it(`are shown as they are (${seed})`, () => {
      const random = randomOf(seed);
      for (let step = 0; step < 60; step++) {
        arrive(outputs => {
          for (let more = random(4); more >= 0; more--) {
            edit(outputs, random, `${step}.${more}`);
          }
        });
        // JupyterLab joins parts of a stream when it adds them.
        expect(joined(model.outputs.toJSON()).map(short)).toEqual(
          joined(shared.getOutputs()).map(short)
        );
      }
      expect(answers).toEqual([]);
    });
  }
});

function edit(
  outputs: Outputs,
  random: (n: number) => number,
  text: string
): void {
  const { length } = outputs;
  const fresh = random(3)
    ? display(text)
    : stream(text, ['stdout', 'stderr'][random(2)]);
  switch (random(10)) {
    case 0:
    case 1:
      outputs.push([fresh]);
      return;
    case 2:
      outputs.insert(random(length + 1), [fresh]);
      return;
    case 3:
      if (length > 0) {
        outputs.delete(random(length), 1);
      }
      return;
    case 4:
      if (random(8) === 0) {
        outputs.delete(0, length);
      }
      return;
    default:
      break;
  }
  if (length === 0) {
    return;
  }
  const index = random(length);
  const output = outputs.get(index);
  if (output.get('output_type') !== 'stream') {
    if (random(3)) {
      replace(outputs, index, display(text));
    } else {
      output.set('data', { 'text/plain': text });
    }
    return;
  }
  const ytext = textOf(output);
  const at = random(3) ? ytext.length : random(ytext.length + 1);
  if (!random(3)) {
    const { length: end } = ytext;
    ytext.insert(end, text);
    ytext.delete(at, random(3) ? end - at : Math.min(1, end - at));
  } else {
    ytext.insert(at, text);
  }
}

/** Parts of one stream in a row, as JupyterLab joins them. */
function joined(outputs: IOutput[]): IOutput[] {
  const found: IOutput[] = [];
  for (const output of outputs) {
    const last = found[found.length - 1];
    if (
      output.output_type === 'stream' &&
      last?.output_type === 'stream' &&
      last.name === output.name
    ) {
      last.text = `${last.text as string}${output.text as string}`;
    } else {
      found.push({ ...output });
    }
  }
  return found;
}
