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
  cells: Y.Array<unknown>
): IDisposable {
  const onPopped = ({ changedParentTypes }: IPopped) => {
    const index = undoneAt(changedParentTypes.get(cells) ?? [], cells);
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
 * @param events As Yjs has them of the list of cells and what is in it; the
 * shared notebook has asked for their deltas while it observed them. Their
 * paths are no help: they begin where an event was observed last.
 * @param cells The shared cells.
 */
export function undoneAt(
  events: readonly Pick<
    Y.YEvent<Y.AbstractType<unknown>>,
    'delta' | 'target'
  >[],
  cells: Y.Array<unknown>
): number | null {
  const places = events.map(event => {
    if (event.target !== cells) {
      return cells.toArray().indexOf(cellWith(event.target, cells));
    }
    const [{ retain = 0 } = {}] = event.delta as { retain?: number }[];
    return retain;
  });
  const known = places.filter(place => place >= 0);
  return known.length ? Math.min(...known) : null;
}

/**
 * The cell that has a part; `null` if none has.
 */
function cellWith(
  part: Y.AbstractType<unknown>,
  cells: Y.Array<unknown>
): Y.AbstractType<unknown> | null {
  let place: Y.AbstractType<unknown> | null = part;
  while (place && place.parent !== cells) {
    place = place.parent;
  }
  return place;
}
