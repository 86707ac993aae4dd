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
 * What one view of a notebook runs.
 */
interface IViewRuns {
  readonly running: Set<string>;
  asked: string | null;
}

/**
 * The runs of all views of each notebook, by its shared model: they have one
 * presence.
 */
const viewsOf = new WeakMap<object, Set<IViewRuns>>();

/**
 * Publish the runs of one view of a notebook in its presence, beside those of
 * other views.
 *
 * @returns What ends it.
 */
export function publishRuns(
  notebook: Notebook,
  presence: DocumentPresence
): IDisposable {
  const own: IViewRuns = { running: new Set(), asked: null };
  const { running } = own;
  const key = notebook.model?.sharedModel ?? notebook;
  const views = viewsOf.get(key) ?? new Set();
  viewsOf.set(key, views.add(own));
  const watched = new Set<OutputArea>();
  const publish = () =>
    presence.publish(
      'running',
      [...views].flatMap(view => [...view.running])
    );
  const publishAsked = (cell: string | null) => {
    own.asked = cell;
    const asked = [...views].map(view => view.asked);
    presence.publish('asked', asked.find(each => each !== null) ?? null);
  };
  const onAsked = (_: OutputArea, stdin: IStdin) => {
    const cell = notebook.widgets.find(
      widget => widget instanceof CodeCell && widget.outputArea === _
    );
    if (cell && running.has(cell.model.id)) {
      publishAsked(cell.model.id);
      const answered = () => publishAsked(null);
      stdin.value.then(answered, answered);
    }
  };
  const onScheduled = (
    _: unknown,
    { cell, notebook: where }: { cell: Cell; notebook: Notebook }
  ) => {
    if (where === notebook && cell instanceof CodeCell) {
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
    { cell, notebook: where }: { cell: Cell; notebook: Notebook }
  ) => {
    if (where === notebook && running.delete(cell.model.id)) {
      publishAsked(null);
      publish();
    }
  };
  NotebookActions.executionScheduled.connect(onScheduled);
  NotebookActions.executed.connect(onExecuted);
  return new DisposableDelegate(() => {
    NotebookActions.executionScheduled.disconnect(onScheduled);
    NotebookActions.executed.disconnect(onExecuted);
    watched.forEach(area => area.inputRequested.disconnect(onAsked));
    views.delete(own);
    if (own.asked !== null) {
      publishAsked(null);
    }
    if (running.size) {
      publish();
    }
  });
}
