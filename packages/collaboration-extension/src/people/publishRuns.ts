// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells the others which cells the user runs, and which one asks for input.
 */

import type { DocumentPresence } from '@jupyter/collaboration';
import type { Cell } from '@jupyterlab/cells';
import { CodeCell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { IStdin, OutputArea } from '@jupyterlab/outputarea';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/**
 * Publish the runs of a notebook in its presence.
 *
 * @returns What ends it.
 */
export function publishRuns(
  notebook: Notebook,
  presence: DocumentPresence
): IDisposable {
  const running = new Set<string>();
  const watched = new Set<OutputArea>();
  const publish = () => presence.publish('running', [...running]);
  const onAsked = (_: OutputArea, stdin: IStdin) => {
    const cell = notebook.widgets.find(
      widget => widget instanceof CodeCell && widget.outputArea === _
    );
    if (cell && running.has(cell.model.id)) {
      presence.publish('asked', cell.model.id);
      const answered = () => presence.publish('asked', null);
      stdin.value.then(answered, answered);
    }
  };
  const onScheduled = (
    _: unknown,
    { cell, notebook: own }: { cell: Cell; notebook: Notebook }
  ) => {
    if (own === notebook && cell instanceof CodeCell) {
      running.add(cell.model.id);
      if (!watched.has(cell.outputArea)) {
        watched.add(cell.outputArea);
        cell.outputArea.inputRequested.connect(onAsked);
      }
      publish();
    }
  };
  const onExecuted = (
    _: unknown,
    { cell, notebook: own }: { cell: Cell; notebook: Notebook }
  ) => {
    if (own === notebook && running.delete(cell.model.id)) {
      presence.publish('asked', null);
      publish();
    }
  };
  NotebookActions.executionScheduled.connect(onScheduled);
  NotebookActions.executed.connect(onExecuted);
  return new DisposableDelegate(() => {
    NotebookActions.executionScheduled.disconnect(onScheduled);
    NotebookActions.executed.disconnect(onExecuted);
    watched.forEach(area => area.inputRequested.disconnect(onAsked));
  });
}
