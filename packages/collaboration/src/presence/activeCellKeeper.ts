// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps the user in their cell while others move, add and remove cells.
 *
 * The notebook of JupyterLab 4.6 looks for the active cell after each part of
 * a change, in a list that has all of it already: where cells are moved in
 * one transaction, it activates another one.
 */

import type { EditorSelection } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Cell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { Notebook, NotebookMode } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import type * as Y from 'yjs';

/** Where the user is. */
interface IActive {
  id: string;
  mode: NotebookMode;
  hasFocus: boolean;
  text: string;
  selection: EditorSelection | null;
}

/**
 * Keeps the active cell of one notebook.
 */
export class ActiveCellKeeper implements IDisposable {
  /**
   * @param _notebook The notebook.
   * @param _ydoc Its document.
   */
  constructor(
    private _notebook: Notebook,
    private _ydoc: Y.Doc
  ) {
    _ydoc.on('beforeTransaction', this._before);
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
      this._ydoc.off('afterTransaction', this._after);
    }
  }

  private _before = ({ local }: Y.Transaction): void => {
    const { activeCell, mode } = this._notebook;
    this._active =
      local || !activeCell
        ? null
        : {
            id: activeCell.model.id,
            mode,
            hasFocus: activeCell.editor?.hasFocus() ?? false,
            text: activeCell.model.sharedModel.getSource(),
            selection: viewOf(activeCell)?.state.selection ?? null
          };
  };

  private _after = (): void => {
    const active = this._active;
    this._active = null;
    if (!active || this._notebook.activeCell?.model.id === active.id) {
      return;
    }
    const index = this._notebook.widgets.findIndex(
      ({ model }) => model.id === active.id
    );
    if (index >= 0) {
      this._notebook.activeCellIndex = index;
      this._notebook.mode = active.mode;
      const cell = this._notebook.widgets[index];
      const isSame = active.text === cell.model.sharedModel.getSource();
      if (isSame && active.selection) {
        viewOf(cell)?.dispatch({ selection: active.selection });
      }
      if (active.hasFocus) {
        cell.editor?.focus();
      }
    }
  };

  private _active: IActive | null = null;
  private _isDisposed = false;
}

/**
 * The editor of a cell, as CodeMirror has it.
 */
function viewOf({ editor }: Cell): EditorView | undefined {
  return (editor as CodeMirrorEditor | null)?.editor;
}
