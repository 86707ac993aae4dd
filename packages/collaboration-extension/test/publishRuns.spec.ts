// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { DocumentPresence } from '@jupyter/collaboration';
import { CodeCell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { publishRuns } from '../src/people/publishRuns';

vi.mock('@jupyterlab/cells', () => ({ CodeCell: class {} }));
vi.mock('@jupyterlab/notebook', async () => {
  const { Signal } = await import('@lumino/signaling');
  const executionScheduled = new Signal({});
  const executed = new Signal({});
  return { NotebookActions: { executionScheduled, executed } };
});

/** A code cell, as far as it is looked at. */
class FakeCell extends (CodeCell as unknown as new () => object) {
  constructor(id: string) {
    super();
    this.model = { id };
  }

  readonly model: { id: string };
  readonly outputArea = new FakeArea();
}

class FakeArea {
  readonly inputRequested = new Signal<this, { value: Promise<string> }>(this);
}

// [P6]
describe('Runs', () => {
  let a: FakeCell;
  let b: FakeCell;
  let notebook: Notebook;
  let told: Record<string, unknown>;
  let runs: IDisposable;

  beforeEach(() => {
    [a, b] = [new FakeCell('a'), new FakeCell('b')];
    notebook = { widgets: [a, b] } as unknown as Notebook;
    told = {};
    const publish = (field: string, value: unknown) => (told[field] = value);
    runs = publishRuns(notebook, { publish } as unknown as DocumentPresence);
  });

  afterEach(() => {
    runs.dispose();
  });

  function emit(
    signal: 'executionScheduled' | 'executed',
    cell: object,
    own = notebook
  ): void {
    const emitter = NotebookActions[signal] as unknown as Signal<
      object,
      unknown
    >;
    emitter.emit({ cell, notebook: own });
  }

  it('are told until they are over', () => {
    emit('executionScheduled', a);
    emit('executionScheduled', b);
    expect(told.running).toEqual(['a', 'b']);
    emit('executed', a);
    expect(told.running).toEqual(['b']);
    emit('executed', b);
    expect(told.running).toEqual([]);
  });

  it('are those of code cells in this notebook', () => {
    emit('executionScheduled', a, { widgets: [a] } as unknown as Notebook);
    emit('executionScheduled', { model: { id: 'markdown' } });
    emit('executed', b);
    expect(told).toEqual({});
  });

  it('say which cell asks for input, until it has it', async () => {
    emit('executionScheduled', a);
    let answer = (_: string): void => undefined;
    const value = new Promise<string>(resolve => (answer = resolve));
    a.outputArea.inputRequested.emit({ value });
    expect(told.asked).toBe('a');
    answer('because');
    await value;
    await Promise.resolve();
    expect(told.asked).toBeNull();
  });

  it('ask for nothing once they are over', () => {
    emit('executionScheduled', a);
    a.outputArea.inputRequested.emit({ value: new Promise(() => undefined) });
    emit('executed', a);
    expect(told).toEqual({ running: [], asked: null });
    // What somebody else runs asks them.
    a.outputArea.inputRequested.emit({ value: new Promise(() => undefined) });
    expect(told.asked).toBeNull();
  });

  it('are told no more when the notebook is closed', () => {
    emit('executionScheduled', a);
    runs.dispose();
    emit('executionScheduled', b);
    a.outputArea.inputRequested.emit({ value: new Promise(() => undefined) });
    expect(told).toEqual({ running: [] });
  });

  it('are those of all views of a notebook', () => {
    const model = { sharedModel: {} };
    const [one, two] = [
      { model, widgets: [a] },
      { model, widgets: [b] }
    ].map(view => view as unknown as Notebook);
    const publish = (field: string, value: unknown) => (told[field] = value);
    const presence = { publish } as unknown as DocumentPresence;
    const [first, second] = [one, two].map(view => publishRuns(view, presence));
    emit('executionScheduled', a, one);
    emit('executionScheduled', b, two);
    expect(told.running).toEqual(['a', 'b']);
    a.outputArea.inputRequested.emit({ value: new Promise(() => undefined) });
    emit('executed', b, two);
    expect(told).toEqual({ running: ['a'], asked: 'a' });
    emit('executionScheduled', b, two);
    first.dispose();
    expect(told).toEqual({ running: ['b'], asked: null });
    second.dispose();
    expect(told.running).toEqual([]);
  });
});
