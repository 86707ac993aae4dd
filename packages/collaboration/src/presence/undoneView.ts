// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shows what an undo of cells has changed, which may be far away.
 */

import type { Notebook } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type * as Y from 'yjs';

/** What Yjs says of an undo. */
interface IPopped {
  changedParentTypes: Map<unknown, Y.YEvent<Y.AbstractType<unknown>>[]>;
}

/**
 * Scroll to what the user undoes or does again.
 *
 * @param notebook Where it is shown.
 * @param undoManager The undo of the notebook.
 * @param cells The shared cells.
 */
export function showUndone(
  notebook: Notebook,
  undoManager: Pick<Y.UndoManager, 'on' | 'off'>,
  cells: unknown
): IDisposable {
  const onPopped = ({ changedParentTypes }: IPopped) => {
    const index = undoneAt(changedParentTypes.get(cells) ?? []);
    if (index !== null) {
      const last = notebook.widgets.length - 1;
      void notebook.scrollToItem(Math.min(index, last), 'smart');
    }
  };
  undoManager.on('stack-item-popped', onPopped);
  return new DisposableDelegate(() => {
    undoManager.off('stack-item-popped', onPopped);
  });
}

/**
 * The index of the first cell that events are about; `null` without one.
 *
 * @param events As Yjs has them of the list of cells and what is in it.
 */
export function undoneAt(
  events: readonly Pick<Y.YEvent<Y.AbstractType<unknown>>, 'delta' | 'path'>[]
): number | null {
  const places = events.map(({ delta, path }) => {
    const [at] = path;
    if (typeof at === 'number') {
      return at;
    }
    const [{ retain = 0 } = {}] = delta as { retain?: number }[];
    return retain;
  });
  return places.length ? Math.min(...places) : null;
}
