// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { IAuthoredRange } from '@jupyter/docprovider';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { authorInWords, authorMarks } from '../src/history/authorMarks';
import { keyColor } from '../src/people/userColor';

const trans = nullTranslator.load('jupyter_collaboration');

function range(
  from: number,
  to: number,
  author: string | null,
  kind = 'edit'
): IAuthoredRange {
  return { from, to, author, name: author ? 'Ada L.' : '', kind, time: 10 };
}

class Authors {
  readonly changed = new Signal<this, void>(this);
  ranges: IAuthoredRange[] = [];

  rangesOf(): IAuthoredRange[] {
    return this.ranges;
  }
}

describe('authorMarks', () => {
  // [V6]
  let authors: Authors;
  let view: EditorView;

  beforeEach(() => {
    authors = new Authors();
    const text = new Y.Doc().getText('source');
    view = new EditorView({
      parent: document.body,
      state: EditorState.create({
        doc: 'one two three',
        extensions: authorMarks({ authors, text, translator: trans })
      })
    });
  });

  afterEach(() => {
    view.destroy();
  });

  function marks(): [string | null, string | null][] {
    return Array.from(view.dom.querySelectorAll('.jp-AuthorMark'), mark => [
      mark.textContent,
      mark.getAttribute('data-author')
    ]);
  }

  it('marks what users and other programs wrote, while it is shown', () => {
    expect(marks()).toEqual([]);
    authors.ranges = [
      range(0, 3, 'ada'),
      range(3, 7, null, 'load'),
      range(8, 13, null, 'disk')
    ];
    authors.changed.emit();
    expect(marks()).toEqual([
      ['one', 'ada'],
      ['three', null]
    ]);
    const mark = view.dom.querySelector<HTMLElement>('[data-author="ada"]');
    expect(mark?.getAttribute('style')).toContain(keyColor('ada'));
    authors.ranges = [];
    authors.changed.emit();
    expect(marks()).toEqual([]);
  });

  it('gives nobody what somebody else types into their text', async () => {
    authors.ranges = [range(0, 13, 'ada')];
    authors.changed.emit();
    authors.ranges = [range(0, 4, 'ada'), range(7, 16, 'ada')];
    view.dispatch({ changes: { from: 4, insert: 'new' } });
    await Promise.resolve();
    expect(marks()).toEqual([
      ['one ', 'ada'],
      ['two three', 'ada']
    ]);
  });

  it('leaves out what is not in the editor yet', () => {
    authors.ranges = [range(0, 3, 'ada'), range(4, 100, 'ada')];
    authors.changed.emit();
    expect(marks()).toEqual([['one', 'ada']]);
  });

  it('says who, and when', () => {
    expect(authorInWords(range(0, 1, 'ada'), trans)).toMatch(
      /^Ada L\., .*1970/
    );
    expect(authorInWords(range(0, 1, 'ada', 'restore'), trans)).toContain(
      'Brought back by Ada L.'
    );
    expect(authorInWords(range(0, 1, null, 'disk'), trans)).toContain(
      'Changed on disk'
    );
  });
});
