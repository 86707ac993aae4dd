// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shows conflicts in the text where both sides stand, with the choice between
 * them, as code editors do. [S4]
 *
 * Knows a list of conflicts; knows nothing of documents and servers. What is
 * not in a text, such as metadata or a deleted cell, is in the dialog only.
 */

import type { EditorState, Extension, Range } from '@codemirror/state';
import { StateEffect, StateField } from '@codemirror/state';
import type { DecorationSet, PluginValue } from '@codemirror/view';
import {
  Decoration,
  EditorView,
  ViewPlugin,
  WidgetType
} from '@codemirror/view';
import type { ConflictChoice, IConflict } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';

import { choicesOf, originOf, ownerOf } from './conflictWords';

/**
 * The conflicts of the text in an editor.
 */
export interface ITextConflicts {
  /** The conflicts, in any order; those that are not in the text are ignored. */
  list(): readonly IConflict[];

  /** Whether the user may choose. */
  mayChoose(): boolean;

  /** Choose; see `IDocumentConflicts.resolve`. */
  resolve(conflict: IConflict, choice: ConflictChoice): boolean;

  /** A signal emitted when another list is to be shown. */
  readonly changed: ISignal<unknown, void>;

  /** Called when the editor is gone. */
  dispose(): void;
}

/**
 * A conflict in a text, by line numbers: from 1, the last ones excluded.
 */
interface IPlace {
  conflict: IConflict;
  start: number;
  middle: number;
  end: number;
}

/**
 * The extension of an editor that shows the conflicts of its text.
 *
 * @param conflicts The conflicts; called once for each view of the editor.
 * @param trans Translates what is shown.
 */
export function conflictMarks(
  conflicts: () => ITextConflicts,
  trans: TranslationBundle
): Extension {
  const show = StateEffect.define<IShown>();
  const field = StateField.define<IShown & { marks: DecorationSet }>({
    create: () => ({ ...NOTHING, marks: Decoration.none }),
    update: (value, transaction) => {
      const shown = transaction.effects.find(each => each.is(show))?.value;
      if (shown) {
        return { ...shown, marks: marksOf(transaction.state, shown, trans) };
      }
      return value.list.length && transaction.docChanged
        ? { ...value, marks: marksOf(transaction.state, value, trans) }
        : value;
    },
    provide: self => EditorView.decorations.from(self, ({ marks }) => marks)
  });
  const plugin = ViewPlugin.define(
    view =>
      new Watch(conflicts(), shown => {
        view.dispatch({ effects: show.of(shown) });
      })
  );
  return [field, plugin];
}

interface IShown {
  list: readonly IConflict[];
  choose: ((conflict: IConflict, choice: ConflictChoice) => boolean) | null;
}

const NOTHING: IShown = { list: [], choose: null };

/**
 * Follows the list of conflicts while an editor is shown.
 */
class Watch implements PluginValue {
  constructor(
    private _conflicts: ITextConflicts,
    private _show: (shown: IShown) => void
  ) {
    _conflicts.changed.connect(this._changed, this);
    this._changed();
  }

  destroy(): void {
    this._isDestroyed = true;
    this._conflicts.changed.disconnect(this._changed, this);
    this._conflicts.dispose();
  }

  private _changed(): void {
    // An editor must not be changed while it is updated.
    void Promise.resolve().then(() => {
      const list = this._isDestroyed ? [] : this._conflicts.list();
      if (list.length || this._isShowing) {
        this._isShowing = list.length > 0;
        if (!this._isDestroyed) {
          const { _conflicts } = this;
          this._show({
            list,
            choose: _conflicts.mayChoose()
              ? (conflict, choice) => _conflicts.resolve(conflict, choice)
              : null
          });
        }
      }
    });
  }

  private _isDestroyed = false;
  private _isShowing = false;
}

/**
 * Where conflicts are in a text; without those that are no longer there.
 */
function placesOf(state: EditorState, list: readonly IConflict[]): IPlace[] {
  const text = state.doc.toString();
  const places: IPlace[] = [];
  for (const conflict of list) {
    const { merged, theirs } = conflict;
    const at = merged ? text.indexOf(merged) : -1;
    if (at < 0) {
      continue;
    }
    // A piece has the line end before or after it, which belongs to no side.
    const from = at + (merged.startsWith('\n') ? 1 : 0);
    const to = at + merged.length - (merged.endsWith('\n') ? 1 : 0);
    const start = state.doc.lineAt(from).number;
    const end = state.doc.lineAt(Math.max(from, to)).number + 1;
    const middle = Math.min(end, start + linesIn(theirs));
    places.push({ conflict, start, middle, end });
  }
  return places;
}

function linesIn(piece: string): number {
  return piece ? piece.replace(/^\n|\n$/g, '').split('\n').length : 0;
}

function marksOf(
  state: EditorState,
  { choose, list }: IShown,
  trans: TranslationBundle
): DecorationSet {
  const marks: Range<Decoration>[] = [];
  for (const { conflict, start, middle, end } of placesOf(state, list)) {
    for (let number = start; number < end; number++) {
      const side = number < middle ? 'this' : 'other';
      marks.push(
        Decoration.line({
          class: `jp-ConflictMark-line jp-mod-${side}`
        }).range(state.doc.line(number).from)
      );
    }
    const label = (number: number, widget: Label, isAfter = false) => {
      const line = state.doc.line(Math.min(number, state.doc.lines));
      marks.push(
        Decoration.widget({
          widget,
          block: true,
          side: isAfter ? 1 : -1
        }).range(isAfter ? line.to : line.from)
      );
    };
    label(start, new Label(conflict, 'this', choose, trans));
    if (middle < end) {
      label(middle, new Label(conflict, 'other', null, trans));
    } else {
      label(end - 1, new Label(conflict, 'other', null, trans), true);
    }
  }
  return Decoration.set(marks, true);
}

/**
 * Says what the lines below it are; the first one has the choice.
 */
class Label extends WidgetType {
  constructor(
    private _conflict: IConflict,
    private _side: 'this' | 'other',
    private _choose: IShown['choose'],
    private _trans: TranslationBundle
  ) {
    super();
  }

  override eq(other: Label): boolean {
    return (
      this._conflict === other._conflict &&
      this._side === other._side &&
      (this._choose === null) === (other._choose === null)
    );
  }

  override ignoreEvent(): boolean {
    return true;
  }

  toDOM(): HTMLElement {
    const { _choose, _conflict, _side, _trans } = this;
    const node = document.createElement('div');
    node.className = `jp-ConflictMark jp-mod-${_side}`;
    // The text of the editor is not to be edited here.
    node.contentEditable = 'false';
    const side = _side === 'this' ? _conflict.theirs : _conflict.yours;
    const name = (_side === 'this' ? ownerOf : originOf)(_conflict, _trans);
    const label = document.createElement('span');
    label.className = 'jp-ConflictMark-label';
    label.textContent = side ? name : _trans.__('%1: deleted', name);
    node.appendChild(label);
    if (_choose) {
      node.setAttribute('role', 'group');
      node.setAttribute('aria-label', _trans.__('Conflict'));
      for (const [choice, words] of choicesOf(_conflict, _trans)) {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'jp-ConflictMark-button';
        button.textContent = words;
        button.onclick = () => {
          _choose(_conflict, choice);
        };
        node.appendChild(button);
      }
    }
    return node;
  }
}
