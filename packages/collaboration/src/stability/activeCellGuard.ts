// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps the user in their cell while others move, add and remove cells.
 *
 * The notebook of JupyterLab 4.6 looks for the active cell after each part of
 * a change, in a list that has all of it already: where cells are moved in
 * one transaction, it activates another one.
 *
 * A cell that was moved is a copy, which may lack what the user typed last: the
 * server inserts that before what is typed next. [P9]
 */

import { EditorSelection } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { YCodeCell } from '@jupyter/ydoc';
import type { Cell, CodeCell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type * as nbformat from '@jupyterlab/nbformat';
import type { Notebook, NotebookMode } from '@jupyterlab/notebook';
import type { PartialJSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as Y from 'yjs';

import type { IDeletedCell } from './deletedCell';

/** Where the user is. */
interface IActive {
  cell: Cell;
  id: string;
  type: nbformat.CellType;
  index: number;
  mode: NotebookMode;
  hasFocus: boolean;
  isInNotebook: boolean;
  outputs: nbformat.IOutput[] | null;
  metadata: PartialJSONObject;
  text: string;
  selection: EditorSelection | null;
}

/** A moved cell into which the server has yet to insert text of the user. */
interface ILacking {
  cell: Cell;
  /** The number of characters that are still missing. */
  count: number;
  /** The text before a transaction. */
  text: string;
  /** The place of the caret before it; after text that is inserted there. */
  caret: Y.RelativePosition | null;
}

/**
 * Keeps the active cell of one notebook.
 */
export class ActiveCellGuard implements IDisposable {
  /**
   * @param _notebook The notebook.
   * @param _ydoc Its document.
   * @param _onDeleted Called after others deleted the cell in which the user is.
   */
  constructor(
    private _notebook: Notebook,
    private _ydoc: Y.Doc,
    private _onDeleted: (deleted: IDeletedCell) => void = () => undefined
  ) {
    _ydoc.on('beforeTransaction', this._before);
    _ydoc.on('beforeObserverCalls', this._meanwhile);
    _ydoc.on('afterTransaction', this._after);
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Keep it no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._ydoc.off('beforeTransaction', this._before);
      this._ydoc.off('beforeObserverCalls', this._meanwhile);
      this._ydoc.off('afterTransaction', this._after);
    }
  }

  private _before = ({ local }: Y.Transaction): void => {
    // The notebook's own reactions to an edit by others are nested in that edit.
    if (local) {
      return;
    }
    const { activeCell, mode } = this._notebook;
    if (this._lacking) {
      this._noteCaret(this._lacking);
    }
    this._active = !activeCell
      ? null
      : {
          cell: activeCell,
          id: activeCell.model.id,
          type: activeCell.model.type,
          index: this._notebook.activeCellIndex,
          mode,
          hasFocus: activeCell.editor?.hasFocus() ?? false,
          isInNotebook: this._notebook.node.contains(document.activeElement),
          outputs: null,
          metadata: activeCell.model.sharedModel.getMetadata(),
          text: activeCell.model.sharedModel.getSource(),
          selection: viewOf(activeCell)?.state.selection ?? null
        };
  };

  /**
   * Read the outputs of a cell that is being deleted: later they are gone.
   */
  private _meanwhile = (): void => {
    const { model } = this._active?.cell ?? {};
    const { ymodel } = (model?.sharedModel ?? {}) as Partial<YCodeCell>;
    if (this._active && model?.type === 'code' && ymodel?._item?.deleted) {
      this._active.outputs = (model as CodeCell['model']).outputs.toJSON();
    }
  };

  private _after = ({ local }: Y.Transaction): void => {
    if (local) {
      return;
    }
    const active = this._active;
    this._active = null;
    if (active && this._lacking) {
      this._keepAfter(this._lacking);
    }
    // A cell that was moved is another one with the same id.
    if (!active || this._notebook.activeCell === active.cell) {
      return;
    }
    const index = this._notebook.widgets.findIndex(
      ({ model }) => model.id === active.id
    );
    if (index >= 0) {
      this._notebook.activeCellIndex = index;
      this._notebook.mode = active.mode;
      const cell = this._notebook.widgets[index];
      if (!cell.isAttached) {
        // At once: what is typed before the next frame would be lost.
        MessageLoop.sendMessage(this._notebook, Widget.Msg.UpdateRequest);
      }
      if (active.selection) {
        const text = cell.model.sharedModel.getSource();
        const selection = movedSelection(active.selection, active.text, text);
        viewOf(cell)?.dispatch({ selection });
        const count = active.text.length - text.length;
        this._lacking =
          count > 0 ? { cell, count, text: '', caret: null } : null;
      }
      if (active.hasFocus) {
        cell.editor?.focus();
      }
    } else if (active.isInNotebook) {
      const { id, metadata, outputs, text } = active;
      const cell = {
        cell_type: active.type,
        id,
        metadata,
        source: text,
        ...(outputs === null ? {} : { outputs, execution_count: null })
      };
      this._onDeleted({ cell, index: active.index });
    }
  };

  /**
   * Note the place of the caret, relative to the text that follows it.
   */
  private _noteCaret(lacking: ILacking): void {
    const { cell } = lacking;
    const view = viewOf(cell);
    if (this._notebook.activeCell !== cell || !view) {
      this._lacking = null;
      return;
    }
    const { main } = view.state.selection;
    const { ysource } = cell.model.sharedModel as YCodeCell;
    lacking.text = ysource.toString();
    lacking.caret = main.empty
      ? Y.createRelativePositionFromTypeIndex(ysource, main.head)
      : null;
  }

  /**
   * Put the caret after text that was inserted at its place: the user's own.
   */
  private _keepAfter(lacking: ILacking): void {
    const { caret, cell, text } = lacking;
    const { ysource } = (cell.model?.sharedModel ?? {}) as Partial<YCodeCell>;
    const view = viewOf(cell);
    if (!ysource || !view) {
      this._lacking = null;
      return;
    }
    lacking.count -= Math.max(ysource.length - text.length, 0);
    if (lacking.count <= 0) {
      this._lacking = null;
    }
    const place =
      caret && Y.createAbsolutePositionFromRelativePosition(caret, this._ydoc);
    if (place?.type === ysource && view.state.selection.main.empty) {
      const selection = EditorSelection.cursor(place.index);
      if (selection.head !== view.state.selection.main.head) {
        view.dispatch({ selection });
      }
    }
  }

  private _active: IActive | null = null;
  private _lacking: ILacking | null = null;
  private _isDisposed = false;
}

/**
 * A selection in another version of a text: before and after what differs, it
 * stays at the same characters.
 */
export function movedSelection(
  { mainIndex, ranges }: EditorSelection,
  before: string,
  after: string
): EditorSelection {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) {
    start++;
  }
  let end = 0;
  while (
    end < most - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++;
  }
  const moved = (at: number) => {
    if (at <= start) {
      return at;
    }
    const rest = before.length - at;
    return rest <= end ? after.length - rest : start;
  };
  return EditorSelection.create(
    ranges.map(({ anchor, head }) =>
      EditorSelection.range(moved(anchor), moved(head))
    ),
    mainIndex
  );
}

/**
 * The editor of a cell, as CodeMirror has it.
 */
function viewOf({ editor }: Cell): EditorView | undefined {
  return (editor as CodeMirrorEditor | null)?.editor;
}
