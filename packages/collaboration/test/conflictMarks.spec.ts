// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { EditorView } from '@codemirror/view';
import type { ConflictChoice, IConflict } from '@jupyter/docprovider';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ITextConflicts } from '../src/status/conflictMarks';
import { conflictMarks } from '../src/status/conflictMarks';

const trans = nullTranslator.load('jupyter_collaboration');

/** Conflicts of a text, as the server lists them. */
class Listed implements ITextConflicts {
  conflicts: IConflict[] = [];
  chosen: [IConflict, ConflictChoice][] = [];
  isEditor = true;
  isDisposed = false;
  readonly changed = new Signal<this, void>(this);

  list(): readonly IConflict[] {
    return this.conflicts;
  }

  mayChoose(): boolean {
    return this.isEditor;
  }

  resolve(conflict: IConflict, choice: ConflictChoice): boolean {
    this.chosen.push([conflict, choice]);
    return true;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

function conflictOf(theirs: string, yours: string, merged: string): IConflict {
  const place = { cell: null, kind: 'text', key: 'source' } as const;
  return { ...place, theirs, yours, merged, id: merged, origin: 'disk' };
}

// [S4]
describe('conflictMarks', () => {
  let listed: Listed;
  let view: EditorView;

  /** What the editor shows, line by line; labels in brackets. */
  const shown = () =>
    [...view.contentDOM.children].map(node =>
      node.classList.contains('jp-ConflictMark')
        ? `[${node.querySelector('.jp-ConflictMark-label')?.textContent}]`
        : `${node.textContent}${['this', 'other']
            .filter(side => node.classList.contains(`jp-mod-${side}`))
            .map(side => ` <${side}>`)
            .join('')}`
    );
  const buttons = () => [
    ...view.contentDOM.querySelectorAll<HTMLButtonElement>('button')
  ];
  const list = async (...conflicts: IConflict[]) => {
    listed.conflicts = conflicts;
    listed.changed.emit();
    await Promise.resolve();
  };
  const edit = (from: number, to: number, insert: string) =>
    view.dispatch({ changes: { from, to, insert } });

  beforeEach(() => {
    listed = new Listed();
    view = new EditorView({
      doc: 'first\nlr = 0.15\nlr = 0.12\nlast',
      extensions: conflictMarks(() => listed, trans),
      parent: document.body
    });
  });

  afterEach(() => {
    view.destroy();
  });

  it('shows both sides where they are', async () => {
    expect(shown()).toEqual(['first', 'lr = 0.15', 'lr = 0.12', 'last']);
    await list(
      conflictOf('lr = 0.15\n', 'lr = 0.12\n', 'lr = 0.15\nlr = 0.12\n')
    );
    expect(shown()).toEqual([
      'first',
      '[Text of this document]',
      'lr = 0.15 <this>',
      '[Text of the file on disk]',
      'lr = 0.12 <other>',
      'last'
    ]);
    await list();
    expect(shown()).toEqual(['first', 'lr = 0.15', 'lr = 0.12', 'last']);
  });

  it('shows those at the end of the text, and of deletions', async () => {
    await list(conflictOf('\nlast', '', '\nlast'));
    expect(shown().slice(-3)).toEqual([
      '[Text of this document]',
      'last <this>',
      '[Text of the file on disk: deleted]'
    ]);
    await list(conflictOf('', 'first\n', 'first\n'));
    expect(shown().slice(0, 3)).toEqual([
      '[Text of this document: deleted]',
      '[Text of the file on disk]',
      'first <other>'
    ]);
    await list(conflictOf('lr = 0.12', 'last', 'lr = 0.12\nlast'));
    expect(shown().slice(-4)).toEqual([
      '[Text of this document]',
      'lr = 0.12 <this>',
      '[Text of the file on disk]',
      'last <other>'
    ]);
  });

  it('follows edits elsewhere, and goes with edits of the place', async () => {
    await list(
      conflictOf('lr = 0.15\n', 'lr = 0.12\n', 'lr = 0.15\nlr = 0.12\n')
    );
    edit(0, 0, 'new\n');
    expect(shown()[2]).toBe('[Text of this document]');
    edit(5, 5, 'more ');
    expect(shown()[3]).toBe('lr = 0.15 <this>');
    edit(view.state.doc.toString().indexOf('0.15'), view.state.doc.length, '');
    expect(shown().join()).not.toContain('[');
  });

  it('lets editors choose, and nobody else', async () => {
    const conflict = conflictOf(
      'lr = 0.15\n',
      'lr = 0.12\n',
      'lr = 0.15\nlr = 0.12\n'
    );
    await list(conflict);
    expect(buttons().map(button => button.textContent)).toEqual([
      'Keep this',
      'Keep the other',
      'Keep both'
    ]);
    buttons()[1].click();
    buttons()[2].click();
    expect(listed.chosen).toEqual([
      [conflict, 'yours'],
      [conflict, 'both']
    ]);
    listed.isEditor = false;
    await list(conflict);
    expect(buttons()).toEqual([]);
  });

  it('releases the conflicts when the editor is destroyed', async () => {
    await list(conflictOf('', 'first\n', 'first\n'));
    listed.changed.emit();
    view.destroy();
    expect(listed.isDisposed).toBe(true);
    await Promise.resolve();
  });
});
