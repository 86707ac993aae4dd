// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The places of an open text file: its lines.
 */

import { EditorView } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import type * as Y from 'yjs';

import { resolvedCursors } from '../cursors/positions';
import type { IDocumentPlaces, ISeen, PresenceState } from './places';

/**
 * The lines of a file as places.
 */
export class FilePlaces implements IDocumentPlaces {
  /**
   * @param _view The editor.
   * @param _text The shared text.
   */
  constructor(
    private _view: EditorView,
    private _text: Y.Text
  ) {}

  /**
   * Where somebody is: the number of the line.
   */
  describe(state: PresenceState, trans: TranslationBundle): string | null {
    const at = this._positionOf(state);
    return at === null
      ? null
      : trans.__('line %1', this._view.state.doc.lineAt(at).number);
  }

  /**
   * Show the line in which somebody is.
   */
  jump(state: PresenceState): boolean {
    const at = this._positionOf(state);
    if (at !== null) {
      this._view.dispatch({
        effects: EditorView.scrollIntoView(at, { y: 'center' })
      });
    }
    return at !== null;
  }

  /**
   * The line at the upper edge of what is seen.
   */
  seen(): ISeen | null {
    const { documentTop, scrollDOM, state } = this._view;
    const { top } = scrollDOM.getBoundingClientRect();
    const { from } = this._view.lineBlockAtHeight(top - documentTop);
    return { line: state.doc.lineAt(from).number - 1 };
  }

  /**
   * Put a line at the upper edge of what is seen.
   */
  see({ line }: ISeen): void {
    const { doc } = this._view.state;
    if (line !== undefined) {
      const { from } = doc.line(Math.min(line + 1, doc.lines));
      this._view.dispatch({
        effects: EditorView.scrollIntoView(from, { y: 'start', yMargin: 0 })
      });
    }
  }

  private _positionOf({ cursors }: PresenceState): number | null {
    const [range] = resolvedCursors(cursors, this._text);
    return range ? Math.min(range.head, this._view.state.doc.length) : null;
  }
}
