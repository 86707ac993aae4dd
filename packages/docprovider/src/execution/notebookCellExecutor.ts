// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Runs the cells of notebooks, under the name that other packages import. [C1]
 */

import type { INotebookCellExecutor } from '@jupyterlab/notebook';
import type { ServerConnection } from '@jupyterlab/services';

/**
 * The executor of cells.
 *
 * The page runs them, as without collaboration: the server does not run cells
 * yet.
 */
export class NotebookCellServerExecutor implements INotebookCellExecutor {
  /**
   * @param _options How to reach the server.
   */
  constructor(
    private _options: { serverSettings?: ServerConnection.ISettings } = {}
  ) {}

  /**
   * How to reach the server.
   */
  get serverSettings(): ServerConnection.ISettings | undefined {
    return this._options.serverSettings;
  }

  /**
   * Run a cell.
   *
   * @returns Whether it ran without an error.
   */
  async runCell(
    options: INotebookCellExecutor.IRunCellOptions
  ): Promise<boolean> {
    // Loaded when it is needed: this package has no widgets.
    const { runCell } = await import('@jupyterlab/notebook');
    return runCell(options);
  }
}
