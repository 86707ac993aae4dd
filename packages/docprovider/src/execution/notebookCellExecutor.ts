// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Runs the cells of notebooks, under the name that other packages import. [R12]
 */

import type { CodeCell } from '@jupyterlab/cells';
import type { INotebookCellExecutor } from '@jupyterlab/notebook';
import type { ServerConnection } from '@jupyterlab/services';

import type { IDocumentProviders, IDocumentRuns, IRunResult } from '../tokens';
import { RunRefused } from './cellRuns';
import { setTrusted } from './setTrusted';

/**
 * The executor of cells: the server runs them, or JupyterLab if it does not.
 */
export class NotebookCellServerExecutor implements INotebookCellExecutor {
  /**
   * @param _options What it needs. Without documents, JupyterLab runs the cells.
   */
  constructor(private _options: NotebookCellServerExecutor.IOptions = {}) {}

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
    const { cell, notebook, sessionContext } = options;
    const { documents, isOn } = this._options;
    const runs = documents?.providerOf(notebook.sharedModel)?.runs;
    if (
      cell.model.type !== 'code' ||
      !sessionContext ||
      sessionContext.isTerminating ||
      !runs?.isAvailable ||
      isOn?.() === false
    ) {
      // Loaded when it is needed: this package has no widgets.
      const { runCell } = await import('@jupyterlab/notebook');
      return runCell(options);
    }
    if (sessionContext.hasNoKernel) {
      const mustSelect = await sessionContext.startKernel();
      if (mustSelect && options.sessionDialogs) {
        await options.sessionDialogs.selectKernel(sessionContext);
      }
    }
    if (!sessionContext.session?.kernel && !sessionContext.hasNoKernel) {
      await sessionContext.ready; // the kernel is on its way
    }
    const kernel = sessionContext.session?.kernel?.id;
    if (!kernel) {
      cell.model.sharedModel.transact(() => {
        (cell as CodeCell).model.clearExecution();
      });
      return true;
    }
    return this._run(options, runs, kernel);
  }

  private async _run(
    options: INotebookCellExecutor.IRunCellOptions,
    runs: IDocumentRuns,
    kernel: string
  ): Promise<boolean> {
    const { notebook, notebookConfig, onCellExecuted } = options;
    const cell = options.cell as CodeCell;
    const { deletedCells } = notebook;
    if (cell.outputHidden) {
      cell.outputHidden = false;
    }
    const running = runs.run({
      cell: cell.model.sharedModel.getId(),
      kernel,
      recordTiming: notebookConfig.recordTiming,
      deletedCells: [...deletedCells]
    });
    options.onCellExecutionScheduled({ cell });
    deletedCells.splice(0, deletedCells.length);
    let result: IRunResult;
    try {
      result = await running;
    } catch (reason) {
      onCellExecuted({ cell, success: false });
      if (!(reason instanceof RunRefused)) {
        throw reason;
      }
      if (!cell.isDisposed) {
        this._options.onRefused?.(reason.message);
      }
      return false;
    }
    if (cell.isDisposed) {
      return false;
    }
    if (!cell.model.trusted && result.outcome === 'ok') {
      setTrusted(cell.model, true); // whatever the user thinks of what others run
    }
    if (result.outcome === 'error') {
      const { KernelError } = await import('@jupyterlab/notebook');
      const error = new KernelError({
        status: 'error',
        execution_count: result.count,
        ename: result.error?.ename ?? '',
        evalue: result.error?.evalue ?? '',
        traceback: []
      });
      onCellExecuted({ cell, success: false, error });
      throw error;
    }
    const success = result.outcome === 'ok';
    onCellExecuted({ cell, success });
    return success;
  }
}

/**
 * Types of the executor.
 */
export namespace NotebookCellServerExecutor {
  /**
   * What the executor needs.
   */
  export interface IOptions {
    /** How to reach the server. */
    serverSettings?: ServerConnection.ISettings;
    /** The shared documents. */
    documents?: IDocumentProviders;
    /** Whether the user wants the server to run cells; by default they do. */
    isOn?: () => boolean;
    /** Tells the user why the server does not run a cell. */
    onRefused?: (reason: string) => void;
  }
}
