// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Whether the user does anything in the page.
 *
 * Knows the events of a page; knows nothing of documents.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** Milliseconds without a deed after which the user is idle. */
export const IDLE_AFTER = 60_000;

/** What tells that the user is there. */
const DEEDS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'focus'];

/**
 * Watches what the user does.
 */
export class Activity implements IDisposable {
  /**
   * @param _page Where deeds are announced; by default the window.
   */
  constructor(private _page: EventTarget = window) {
    const options = { capture: true, passive: true };
    DEEDS.forEach(deed => _page.addEventListener(deed, this._act, options));
    this._act();
  }

  /**
   * Whether the user did nothing for a while.
   */
  get isIdle(): boolean {
    return this._isIdle;
  }

  /**
   * A signal emitted when the user becomes idle, or is back.
   */
  get isIdleChanged(): ISignal<this, boolean> {
    return this._isIdleChanged;
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Watch no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      const options = { capture: true };
      DEEDS.forEach(deed =>
        this._page.removeEventListener(deed, this._act, options)
      );
      Signal.clearData(this);
    }
  }

  private _act = (): void => {
    this._last = Date.now();
    if (this._isIdle || this._timer === undefined) {
      this._set(false);
      this._wait(IDLE_AFTER);
    }
  };

  /**
   * One timer for many deeds: it looks how long ago the last one was.
   */
  private _wait(time: number): void {
    this._timer = setTimeout(() => {
      const rest = this._last + IDLE_AFTER - Date.now();
      if (rest > 0) {
        this._wait(rest);
      } else {
        this._set(true);
      }
    }, time);
  }

  private _set(isIdle: boolean): void {
    if (isIdle !== this._isIdle) {
      this._isIdle = isIdle;
      this._isIdleChanged.emit(isIdle);
    }
  }

  private _isDisposed = false;
  private _isIdle = false;
  private _isIdleChanged = new Signal<this, boolean>(this);
  private _last = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
