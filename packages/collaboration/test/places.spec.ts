// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { publishedCursors } from '../src/cursors/positions';
import { FilePlaces } from '../src/people/filePlaces';
import { NotebookPlaces, rectOf } from '../src/people/notebookPlaces';
import { CELL_HEIGHT, FakeNotebook } from './fakes';
import { trans } from './support';

// [P2] [P4]
describe('Places of a notebook', () => {
  let notebook: FakeNotebook;
  let places: NotebookPlaces;

  beforeEach(() => {
    notebook = new FakeNotebook('a', 'b', 'c', 'd', 'e', 'f');
    places = new NotebookPlaces(notebook.real);
  });

  afterEach(() => {
    notebook.dispose();
  });

  it('are told by the number of the cell', () => {
    expect(places.describe({ cell: 'c' }, trans)).toBe('cell 3 of 6');
    notebook.remove('a');
    expect(places.describe({ cell: 'c' }, trans)).toBe('cell 2 of 5');
    expect(places.describe({ cell: 'a' }, trans)).toBeNull();
    expect(places.describe({ cell: 7 }, trans)).toBeNull();
    expect(places.describe({}, trans)).toBeNull();
  });

  it('are gone to, where they are known; the own cell stays', () => {
    expect(places.jump({ cell: 'e' })).toBe(true);
    expect(notebook.scrolled).toEqual([[4, 'center']]);
    expect(places.jump({ cell: 'gone' })).toBe(false);
    expect(places.jump({})).toBe(false);
    expect(notebook.scrolled).toHaveLength(1);
    expect(notebook.activeCellIndex).toBe(0);
  });

  it('are seen as the same part of the same cell by another one', () => {
    notebook.outerNode.scrollTop = 1.25 * CELL_HEIGHT;
    const seen = places.seen();
    expect(seen).toEqual({ cell: 'b', part: 0.25 });
    // The other one has a cell more, and a taller one.
    const other = new FakeNotebook('new', 'a', 'b', 'c');
    other.find('b').height = 4 * CELL_HEIGHT;
    new NotebookPlaces(other.real).see(seen!);
    expect(other.outerNode.scrollTop).toBe(3 * CELL_HEIGHT);
    other.dispose();
  });

  it('are seen after they are made, where they were not in the page', async () => {
    const { node } = notebook.find('e');
    node.remove();
    notebook.scrollToItem = async (index, align) => {
      notebook.scrolled.push([index, align]);
      notebook.outerNode.append(node);
    };
    places.see({ cell: 'e', part: 0.5 });
    expect(notebook.outerNode.scrollTop).toBe(0);
    await Promise.resolve();
    await Promise.resolve();
    expect(notebook.scrolled).toEqual([[4, 'start']]);
    expect(notebook.outerNode.scrollTop).toBe(4.5 * CELL_HEIGHT);
  });

  it('that are not there change nothing', () => {
    places.see({ cell: 'gone' });
    places.see({ line: 3 });
    expect(notebook.outerNode.scrollTop).toBe(0);
    expect(notebook.scrolled).toEqual([]);
    notebook.outerNode.scrollTop = 9 * CELL_HEIGHT;
    expect(places.seen()).toBeNull();
  });

  it('have no rectangle while they are folded away', () => {
    const cell = notebook.find('a');
    expect(rectOf(cell as never)?.height).toBe(CELL_HEIGHT);
    cell.height = 0;
    expect(rectOf(cell as never)).toBeNull();
    expect(rectOf(notebook.remove('b') as never)).toBeNull();
    expect(rectOf(undefined)).toBeNull();
  });
});

// [P2] [P4]
describe('Places of a file', () => {
  let text: Y.Text;
  let view: EditorView;
  let places: FilePlaces;
  let scrolled: number[];

  /** The presence of somebody whose caret is at a position. */
  const at = (head: number) => ({
    cursors: publishedCursors(text, [{ anchor: 0, head }], 0)
  });

  beforeEach(() => {
    text = new Y.Doc().getText('source');
    text.insert(0, 'one\ntwo\nthree\nfour');
    scrolled = [];
    view = new EditorView({
      parent: document.body,
      state: EditorState.create({ doc: text.toString() })
    });
    const real = EditorView.scrollIntoView.bind(EditorView);
    vi.spyOn(EditorView, 'scrollIntoView').mockImplementation(
      (place, options) => {
        scrolled.push(place as number);
        return real(place, options);
      }
    );
    places = new FilePlaces(view, text);
  });

  afterEach(() => {
    view.destroy();
    vi.restoreAllMocks();
  });

  it('are told by the number of the line', () => {
    expect(places.describe(at(9), trans)).toBe('line 3');
    expect(places.describe({}, trans)).toBeNull();
    expect(places.describe({ cursors: ['x'] }, trans)).toBeNull();
  });

  it('are gone to, where they are known; the own caret stays', () => {
    view.dispatch({ selection: { anchor: 2 } });
    expect(places.jump(at(9))).toBe(true);
    expect(scrolled).toEqual([9]);
    expect(view.state.selection.main.head).toBe(2);
    expect(places.jump({ cursors: [] })).toBe(false);
    expect(scrolled).toHaveLength(1);
  });

  it('are inside of an editor that is behind the text', () => {
    text.insert(text.length, '\nfive');
    expect(places.describe(at(text.length), trans)).toBe('line 4');
    expect(places.jump(at(text.length))).toBe(true);
    expect(scrolled).toEqual(['one\ntwo\nthree\nfour'.length]);
  });

  it('are seen by another one, as far as there are lines', () => {
    expect(places.seen()).toEqual({ line: 0 });
    places.see({ line: 2 });
    places.see({ line: 99 });
    places.see({ cell: 'a' });
    expect(scrolled).toEqual([8, 14]);
  });
});
