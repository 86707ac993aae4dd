// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Finds the models of cells by the shared types that they show.
 */

import type { YCodeCell } from '@jupyter/ydoc';
import type { ICellModel } from '@jupyterlab/cells';
import type * as Y from 'yjs';

/**
 * The models of the cells of one notebook.
 */
export class CellModels {
  /**
   * @param _cells The cells of the notebook.
   */
  constructor(private _cells: Iterable<ICellModel>) {}

  /**
   * The model of a shared cell; `undefined` if it has none yet.
   */
  modelOf(cell: Y.Map<unknown>): ICellModel | undefined {
    let model = this._models.get(cell);
    if (!model) {
      for (const each of this._cells) {
        this._models.set((each.sharedModel as YCodeCell).ymodel, each);
      }
      model = this._models.get(cell);
    }
    return model;
  }

  private _models = new WeakMap<Y.Map<unknown>, ICellModel>();
}
