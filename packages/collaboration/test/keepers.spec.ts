// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { EditorSelection } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import {
  ActiveCellGuard,
  movedSelection
} from '../src/stability/activeCellGuard';
import type { IDeletedCell } from '../src/stability/deletedCell';
import { ScrollAnchor } from '../src/stability/scrollAnchor';
import { showUndone, undoneAt } from '../src/stability/undoneView';
import { CELL_HEIGHT, FakeCell, FakeNotebook } from './fakes';

let notebook: FakeNotebook;
let ydoc: Y.Doc;
let theirs: Y.Doc;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['requestAnimationFrame', 'cancelAnimationFrame']
  });
  notebook = new FakeNotebook('a', 'b', 'c', 'd', 'e', 'f');
  ydoc = new Y.Doc();
  theirs = new Y.Doc();
  // The notebook follows its document while a transaction is observed.
  ydoc.getArray<() => void>('deeds').observe(() => onDeed());
});

afterEach(() => {
  notebook.dispose();
  vi.useRealTimers();
});

let onDeed: () => void;

/** Somebody else changes the document, and the notebook with it. */
function theyDo(deed: () => void): void {
  onDeed = deed;
  const before = Y.encodeStateVector(ydoc);
  theirs.getArray('deeds').push(['deed']);
  Y.applyUpdate(ydoc, Y.encodeStateAsUpdate(theirs, before), 'network');
}

/** The user does it. */
function iDo(deed: () => void): void {
  onDeed = deed;
  ydoc.getArray('deeds').push(['deed']);
}

function frames(count: number): void {
  for (let at = 0; at < count; at++) {
    vi.advanceTimersToNextFrame();
  }
}

// [P9]
describe('The view of a notebook', () => {
  let keeper: ScrollAnchor;

  beforeEach(() => {
    keeper = new ScrollAnchor(notebook.real, ydoc);
    notebook.outerNode.scrollTop = 2 * CELL_HEIGHT;
    notebook.activeCellIndex = 3;
  });

  afterEach(() => {
    keeper.dispose();
  });

  const insert = () => notebook.insert(0, new FakeCell('new'));

  it('stays where others add and remove cells above', () => {
    theyDo(insert);
    frames(1);
    expect(notebook.outerNode.scrollTop).toBe(3 * CELL_HEIGHT);
    theyDo(() => notebook.remove('a'));
    frames(1);
    expect(notebook.outerNode.scrollTop).toBe(2 * CELL_HEIGHT);
  });

  it('stays while what they did is drawn in steps', () => {
    theyDo(insert);
    frames(3);
    notebook.find('new').height = 2.5 * CELL_HEIGHT;
    frames(1);
    expect(notebook.outerNode.scrollTop).toBe(4.5 * CELL_HEIGHT);
    // Once nothing moves any more, it is left alone.
    frames(10);
    notebook.find('new').height = CELL_HEIGHT;
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(4.5 * CELL_HEIGHT);
  });

  it('stays with the cell in which the user is, rather than with the top', () => {
    theyDo(() => notebook.insert(3, new FakeCell('new')));
    frames(1);
    expect(notebook.outerNode.scrollTop).toBe(3 * CELL_HEIGHT);
  });

  it('stays with the next cell, where that one is removed', () => {
    theyDo(() => {
      insert();
      notebook.remove('d');
    });
    frames(1);
    expect(notebook.outerNode.scrollTop).toBe(3 * CELL_HEIGHT);
  });

  it('is not held against the user', () => {
    theyDo(insert);
    notebook.outerNode.dispatchEvent(new Event('wheel', { bubbles: true }));
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(2 * CELL_HEIGHT);
    iDo(insert);
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(2 * CELL_HEIGHT);
  });

  it('is not held against the application, which goes somewhere else', () => {
    theyDo(insert);
    notebook.outerNode.scrollTop = 5 * CELL_HEIGHT;
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(5 * CELL_HEIGHT);
    theyDo(() => undefined);
    notebook.outerNode.scrollTop = 0;
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(0);
  });

  it('is brought back where what came above was not quite made up for', () => {
    theyDo(insert);
    notebook.outerNode.scrollTop = 2.8 * CELL_HEIGHT;
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(3 * CELL_HEIGHT);
  });

  it('is left alone where it is not seen, and after all is over', () => {
    notebook.isVisible = false;
    theyDo(insert);
    frames(3);
    notebook.isVisible = true;
    theyDo(insert);
    keeper.dispose();
    keeper.dispose();
    frames(3);
    theyDo(insert);
    frames(3);
    expect(notebook.outerNode.scrollTop).toBe(2 * CELL_HEIGHT);
    expect(keeper.isDisposed).toBe(true);
  });
});

// [P9]
describe('The active cell', () => {
  let keeper: ActiveCellGuard;
  let view: EditorView;
  let focused: string[];

  beforeEach(() => {
    keeper = new ActiveCellGuard(notebook.real, ydoc);
    view = new EditorView({ doc: 'words', selection: { anchor: 1, head: 4 } });
    focused = [];
    notebook.activeCellIndex = 2;
    notebook.mode = 'edit';
  });

  afterEach(() => {
    keeper.dispose();
    view.destroy();
  });

  /** Move a cell as JupyterLab does: another one becomes active. */
  function move(id: string, to: number, source = 'words'): void {
    notebook.remove(id);
    const moved = new FakeCell(id, source);
    moved.editor = editorOf(id);
    notebook.insert(to, moved);
    notebook.activeCellIndex = 0;
    notebook.mode = 'command';
  }

  function editorOf(id: string) {
    return {
      editor: view,
      hasFocus: () => true,
      focus: () => focused.push(id)
    };
  }

  function enter(id: string): void {
    const cell = new FakeCell(id, 'words');
    cell.editor = editorOf(id);
    notebook.remove(id);
    notebook.insert(2, cell);
  }

  it('stays the same where others move it, with mode, focus and selection', () => {
    enter('c');
    theyDo(() => {
      move('c', 4);
      view.dispatch({ selection: { anchor: 0 } });
    });
    expect(notebook.activeCell?.model.id).toBe('c');
    expect(notebook.mode).toBe('edit');
    expect(focused).toEqual(['c']);
    expect(view.state.selection.main).toMatchObject({ anchor: 1, head: 4 });
  });

  // F11
  it('keeps the selection at its characters where the copy lacks what was typed last', () => {
    const cell = new FakeCell('c', 'words typed');
    cell.editor = editorOf('c');
    notebook.remove('c');
    notebook.insert(2, cell);
    view.dispatch({ changes: { from: 5, insert: ' typed' } });
    view.dispatch({ selection: { anchor: 11 } });
    theyDo(() => {
      move('c', 4, 'words');
      view.dispatch({ changes: { from: 5, to: 11 } });
      view.dispatch({ selection: { anchor: 0 } });
    });
    expect(notebook.activeCell?.model.id).toBe('c');
    expect(view.state.selection.main).toMatchObject({ anchor: 5, head: 5 });
  });

  it('keeps selections before and after what differs', () => {
    const at = (text: string, before: string, after: string) =>
      movedSelection(EditorSelection.single(text.length), before, after).main
        .head;
    expect(at('a', 'abc', 'abXc')).toBe(1);
    expect(at('abc', 'abc', 'abXc')).toBe(4);
    expect(at('abX', 'abXc', 'abc')).toBe(2);
    expect(at('abX', 'abXYc', 'abc')).toBe(2);
    expect(at('', '', 'abc')).toBe(0);
    expect(at('abc', 'abc', '')).toBe(0);
  });

  // F12
  it('is told of where others delete it', () => {
    const deleted: IDeletedCell[] = [];
    keeper.dispose();
    keeper = new ActiveCellGuard(notebook.real, ydoc, each =>
      deleted.push(each)
    );
    enter('c');
    theyDo(() => notebook.remove('c'));
    expect(deleted).toEqual([]); // The user is not in the notebook.
    notebook.activeCellIndex = 2;
    notebook.node.tabIndex = 0;
    notebook.node.focus();
    const { id } = notebook.activeCell!.model;
    theyDo(() => notebook.remove(id));
    const cell = { cell_type: 'code', id, metadata: {}, source: '' };
    expect(deleted).toEqual([{ cell, index: 2 }]);
  });

  it('takes the focus only if it had it', () => {
    theyDo(() => move('c', 4));
    expect(notebook.activeCell?.model.id).toBe('c');
    expect(focused).toEqual([]);
  });

  it('is what the user makes it', () => {
    iDo(() => move('c', 4));
    expect(notebook.activeCellIndex).toBe(0);
  });

  it('is another one where it was removed', () => {
    theyDo(() => {
      notebook.remove('c');
      notebook.activeCellIndex = 1;
    });
    expect(notebook.activeCell?.model.id).toBe('b');
  });

  it('is left alone after all is over', () => {
    keeper.dispose();
    keeper.dispose();
    theyDo(() => move('c', 4));
    expect(notebook.activeCellIndex).toBe(0);
    expect(keeper.isDisposed).toBe(true);
  });
});

// [P9]
describe('An undo of cells', () => {
  let cells: Y.Array<unknown>;
  let undoManager: Y.UndoManager;

  beforeEach(() => {
    cells = ydoc.getArray('cells');
    // As the shared notebook does: Yjs tells this only while it is observed.
    cells.observe(({ changes }) => changes);
    undoManager = new Y.UndoManager(cells, { captureTimeout: 0 });
  });

  afterEach(() => {
    undoManager.destroy();
  });

  function add(at: number): void {
    cells.insert(at, [
      new Y.Map<unknown>([['source', new Y.Text('text')]]) as Y.Map<unknown>
    ]);
  }

  const textOf = (at: number) =>
    (cells.get(at) as Y.Map<unknown>).get('source') as Y.Text;

  it('is shown where it is', () => {
    [0, 1, 2, 3, 4, 5].forEach(add);
    add(4);
    const shown = showUndone(notebook.real, undoManager, cells);
    undoManager.undo();
    expect(notebook.scrolled.pop()).toEqual([4, 'smart']);
    undoManager.redo();
    expect(notebook.scrolled.pop()).toEqual([4, 'smart']);
    textOf(3).insert(4, '!');
    undoManager.undo();
    expect(notebook.scrolled.pop()).toEqual([3, 'smart']);
    cells.delete(0);
    undoManager.undo();
    expect(notebook.scrolled.pop()).toEqual([0, 'smart']);
    shown.dispose();
    undoManager.redo();
    expect(notebook.scrolled).toEqual([]);
  });

  it('is shown at the last cell, where it took the end away', () => {
    for (let at = 0; at < 7; at++) {
      add(at);
    }
    const shown = showUndone(notebook.real, undoManager, cells);
    undoManager.undo();
    expect(notebook.scrolled).toEqual([[5, 'smart']]);
    shown.dispose();
  });

  it('is at the first of several places, and nowhere without one', () => {
    for (let at = 0; at < 7; at++) {
      add(at);
    }
    const place = (target: unknown, ...delta: object[]) =>
      ({ target, delta }) as Parameters<typeof undoneAt>[0][0];
    const inText = place(textOf(5), { retain: 2 }, { insert: 'x' });
    const inList = place(cells, { retain: 3 }, { delete: 1 });
    expect(undoneAt([], cells)).toBeNull();
    expect(undoneAt([inText], cells)).toBe(5);
    expect(undoneAt([inText, inList], cells)).toBe(3);
    expect(undoneAt([place(cells, { delete: 1 })], cells)).toBe(0);
    expect(undoneAt([place(cells)], cells)).toBe(0);
    expect(undoneAt([place(ydoc.getText('elsewhere'))], cells)).toBeNull();
  });
});
