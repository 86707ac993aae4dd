// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Trusts the outputs of a cell as the shared document says. [V10]
 *
 * Knows the cells of a notebook. JupyterLab reads the mark `trusted` of a cell
 * when it creates the cell's model, and sets it when the user runs the cell; it
 * does not follow later changes. The server removes the mark in the same update
 * in which a user who may not execute changes the outputs, so that it has to be
 * read before the outputs of an update are rendered.
 */

import { setTrusted } from '@jupyter/docprovider';
import type { ICellModel } from '@jupyterlab/cells';
import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

import { CellModels } from '../execution/cellModels';

/** The parts of a cell whose changes matter. */
const PARTS = ['metadata', 'outputs'];

/**
 * Follows the marks of one notebook.
 */
export class OutputTrust implements IDisposable {
  /**
   * @param cells The cells of the notebook.
   * @param _ydoc Its document.
   * @param _trustsOthers Whether outputs that others created may be trusted.
   */
  constructor(
    cells: Iterable<ICellModel>,
    private _ydoc: Y.Doc,
    private _trustsOthers: () => boolean
  ) {
    this._models = new CellModels(cells);
    _ydoc.on('beforeObserverCalls', this._follow);
  }

  /**
   * Whether the marks are followed no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Follow the marks no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._ydoc.off('beforeObserverCalls', this._follow);
    }
  }

  private _follow = ({ changed, local }: Y.Transaction): void => {
    if (local) {
      return;
    }
    const cells = new Set<Y.Map<unknown>>();
    for (const [type, keys] of changed) {
      const cell = changedCell(type as Y.AbstractType<unknown>, keys);
      if (cell) {
        cells.add(cell);
      }
    }
    for (const cell of cells) {
      const model = this._models.modelOf(cell);
      if (model) {
        this._update(model, cell);
      }
    }
  };

  private _update(model: ICellModel, cell: Y.Map<unknown>): void {
    const metadata = cell.get('metadata');
    const isMarked =
      metadata instanceof Y.Map && metadata.get('trusted') === true;
    if (!isMarked) {
      setTrusted(model, false);
    } else if (this._trustsOthers()) {
      setTrusted(model, true);
    }
  }

  private _isDisposed = false;
  private _models: CellModels;
}

/**
 * The cell whose outputs or metadata were changed; `null` for other changes.
 *
 * @param type The shared type that was changed.
 * @param keys Its keys that were changed.
 */
function changedCell(
  type: Y.AbstractType<unknown>,
  keys: Set<string | null>
): Y.Map<unknown> | null {
  let at = type;
  let names = keys;
  while (at._item) {
    const parent = at._item.parent as Y.AbstractType<unknown>;
    if (!parent._item) {
      const matters = PARTS.some(part => names.has(part));
      return at instanceof Y.Map && matters ? at : null;
    }
    names = new Set([at._item.parentSub]);
    at = parent;
  }
  return null;
}
