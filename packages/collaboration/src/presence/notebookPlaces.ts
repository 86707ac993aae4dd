// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The places of an open notebook: its cells.
 */

import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IDocumentPlaces, ISeen, PresenceState } from './places';
import { cellOf } from './places';

/**
 * The cells of a notebook as places.
 */
export class NotebookPlaces implements IDocumentPlaces {
  /**
   * @param _notebook The notebook.
   */
  constructor(private _notebook: Notebook) {}

  /**
   * Where somebody is: the number of the cell.
   */
  describe(state: PresenceState, trans: TranslationBundle): string | null {
    const index = this.indexOf(cellOf(state));
    return index < 0
      ? null
      : trans.__('cell %1 of %2', index + 1, this._notebook.widgets.length);
  }

  /**
   * Show the cell in which somebody is.
   */
  jump(state: PresenceState): boolean {
    const index = this.indexOf(cellOf(state));
    if (index >= 0) {
      void this._notebook.scrollToItem(index, 'center');
    }
    return index >= 0;
  }

  /**
   * The cell at the upper edge of what is seen.
   */
  seen(): ISeen | null {
    const { top } = this._notebook.outerNode.getBoundingClientRect();
    for (const cell of cellsFrom(this._notebook, top)) {
      const place = rectOf(cell);
      if (place) {
        const part = Math.max(0, (top - place.top) / (place.height || 1));
        return { cell: cell.model.id, part: Math.round(part * 1000) / 1000 };
      }
    }
    return null;
  }

  /**
   * Put a cell at the upper edge of what is seen.
   */
  see({ cell, part = 0 }: ISeen): void {
    const index = this.indexOf(cell ?? null);
    if (index < 0) {
      return;
    }
    const { outerNode } = this._notebook;
    const align = () => {
      const place = rectOf(this._notebook.widgets[index]);
      if (place) {
        const { top } = outerNode.getBoundingClientRect();
        outerNode.scrollTop += place.top + part * place.height - top;
      }
      return place !== null;
    };
    if (!align()) {
      void this._notebook.scrollToItem(index, 'start').then(align);
    }
  }

  /**
   * The index of a cell; -1 if it is not there.
   */
  indexOf(id: string | null): number {
    return id === null
      ? -1
      : this._notebook.widgets.findIndex(({ model }) => model.id === id);
  }
}

/**
 * The cells in the page that end below a height in it, from the top.
 *
 * Cells stand in order, so that only few of them have to be measured.
 */
export function cellsFrom({ widgets }: Notebook, top: number): Cell[] {
  const cells = widgets.filter(
    ({ isHidden, node }) => node.isConnected && !isHidden
  );
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    let at = middle;
    let place = rectOf(cells[at]);
    while (!place && at + 1 < high) {
      place = rectOf(cells[++at]);
    }
    if (!place || place.bottom > top) {
      high = middle;
    } else {
      low = at + 1;
    }
  }
  return cells.slice(low);
}

/**
 * Where a cell is in the page; `null` if it is not there, or folded away.
 */
export function rectOf(cell: Cell | undefined): DOMRect | null {
  if (!cell?.node.isConnected) {
    return null;
  }
  const place = cell.node.getBoundingClientRect();
  return place.height > 0 ? place : null;
}
