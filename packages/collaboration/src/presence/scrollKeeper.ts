// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps what the user looks at where it is while others edit the notebook.
 *
 * Knows a notebook and its document; the user's own edits and scrolling are
 * left alone.
 */

import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import type * as Y from 'yjs';

import { cellsFrom, rectOf } from './notebookPlaces';

/** Frames without a change after which what others did is drawn. */
const QUIET_FRAMES = 6;

/** The most frames for which it is waited. */
const MOST_FRAMES = 120;

/** Deeds of the user that may move the view. */
const DEEDS = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;

/** A cell, and how far below the upper edge of the view it is. */
interface IAnchor {
  cell: Cell;
  id: string;
  offset: number;
}

/**
 * Keeps the view of one notebook.
 */
export class ScrollKeeper implements IDisposable {
  /**
   * @param _notebook The notebook.
   * @param _ydoc Its document.
   */
  constructor(
    private _notebook: Notebook,
    private _ydoc: Y.Doc
  ) {
    _ydoc.on('beforeTransaction', this._before);
    const options = { capture: true, passive: true };
    DEEDS.forEach(deed =>
      _notebook.node.addEventListener(deed, this._let, options)
    );
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
      this._let();
      this._ydoc.off('beforeTransaction', this._before);
      const options = { capture: true };
      DEEDS.forEach(deed =>
        this._notebook.node.removeEventListener(deed, this._let, options)
      );
    }
  }

  /** Somebody else is about to change the document. */
  private _before = ({ local }: Y.Transaction): void => {
    if (local || !this._notebook.isVisible) {
      return;
    }
    if (this._anchors === null) {
      this._anchors = this._look();
      this._scrolled = this._notebook.outerNode.scrollTop;
      this._watch(0, 0);
    } else {
      this._isFresh = true;
    }
  };

  /** The user moves the view: leave it to them. */
  private _let = (): void => {
    cancelAnimationFrame(this._frame);
    this._anchors = null;
  };

  /**
   * The cells that are seen: the one in which the user is first, then from
   * the top.
   */
  private _look(): IAnchor[] {
    const { activeCell, outerNode } = this._notebook;
    const view = outerNode.getBoundingClientRect();
    const anchors: IAnchor[] = [];
    for (const cell of cellsFrom(this._notebook, view.top)) {
      const place = rectOf(cell);
      if (place) {
        if (place.top >= view.bottom) {
          break;
        }
        const { id } = cell.model;
        const anchor = { cell, id, offset: place.top - view.top };
        if (cell === activeCell) {
          anchors.unshift(anchor);
        } else {
          anchors.push(anchor);
        }
      }
    }
    return anchors;
  }

  private _watch(frames: number, quiet: number): void {
    this._frame = requestAnimationFrame(() => {
      const isMoved = this._restore();
      const isQuiet = !isMoved && !this._isFresh;
      this._isFresh = false;
      const now = isQuiet ? quiet + 1 : 0;
      if (this._anchors && now < QUIET_FRAMES && frames < MOST_FRAMES) {
        this._watch(frames + 1, now);
      } else {
        this._anchors = null;
      }
    });
  }

  /**
   * Move the view back to the first cell that is still there.
   *
   * @returns Whether it had to be moved.
   */
  private _restore(): boolean {
    const { outerNode, widgets } = this._notebook;
    for (const { cell, id, offset } of this._anchors ?? []) {
      // A moved cell is another one with the same id.
      const place =
        rectOf(cell) ?? rectOf(widgets.find(({ model }) => model.id === id));
      if (place) {
        const { top } = outerNode.getBoundingClientRect();
        const shift = place.top - top - offset;
        if (this._isScrolled(shift)) {
          this._let();
        } else if (Math.abs(shift) >= 1) {
          outerNode.scrollTop += shift;
          this._scrolled = outerNode.scrollTop;
          return true;
        }
        return false;
      }
    }
    return false;
  }

  /**
   * Whether the view was scrolled to another place, and not because of what
   * came above it: browsers and JupyterLab make up for that, more or less.
   *
   * @param shift How far the cell is from where it was in the view.
   */
  private _isScrolled(shift: number): boolean {
    const scrolled = this._notebook.outerNode.scrollTop - this._scrolled;
    const grown = shift + scrolled;
    const madeUp = Math.sign(scrolled) === Math.sign(grown) ? scrolled : 0;
    return (
      Math.abs(scrolled) > 1 &&
      (madeUp === 0 || Math.abs(scrolled) > 2 * Math.abs(grown))
    );
  }

  private _anchors: IAnchor[] | null = null;
  private _frame = 0;
  private _isDisposed = false;
  private _isFresh = false;
  private _scrolled = 0;
}
