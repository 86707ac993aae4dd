// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Collects what others do until the page is drawn again.
 *
 * Knows frames and timers; knows nothing of documents.
 *
 * Each transaction of a shared document has all its listeners look at it, and
 * in JupyterLab some of them walk all cells. While many people type, a page
 * that is late has several edits waiting for one frame: taken together they
 * cost little more than one, and nobody sees them later.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Message } from '../protocol';

/**
 * How long a message waits where the browser draws no frames, for instance
 * since something covers the window (ms).
 */
const LONGEST_WAIT = 100;

/**
 * Messages on their way to a document, in order.
 *
 * The first edit after a quiet frame is taken at once, and the frame is waited
 * for with the next ones. Without frames, as in Node, nothing waits.
 */
export class FrameBatch implements IDisposable {
  /**
   * A signal emitted with messages to take, at least one.
   *
   * What a listener throws is reported, and does not keep others from coming.
   */
  get ready(): ISignal<this, readonly FrameBatch.Shared[]> {
    return this._ready;
  }

  /**
   * Whether nothing is taken any more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Take a message, now or with the next frame.
   */
  add(message: FrameBatch.Shared): void {
    const isEdit = message.kind === 'update';
    if (this._end && isDrawn() && (isEdit || this._waiting.length)) {
      this._waiting.push(message);
      return;
    }
    this.flush();
    this._ready.emit([message]);
    if (isEdit && !this._end && !this._isDisposed && isDrawn()) {
      this._collect();
    }
  }

  /**
   * Take all that waits, for instance since what comes next depends on it.
   */
  flush(): void {
    const waiting = this._waiting;
    if (waiting.length) {
      this._waiting = [];
      this._ready.emit(waiting);
    }
  }

  /**
   * Drop what waits.
   */
  dispose(): void {
    this._isDisposed = true;
    this._waiting = [];
    this._end?.();
    Signal.clearData(this);
  }

  /**
   * Let edits wait until the next frame.
   */
  private _collect(): void {
    const onEnd = () => {
      this._end?.();
      if (this._waiting.length) {
        this._collect();
        this.flush();
      }
    };
    const frame = requestAnimationFrame(onEnd);
    const timer = setTimeout(onEnd, LONGEST_WAIT);
    // A hidden page draws no frames, and its timers are late.
    document.addEventListener('visibilitychange', onEnd);
    this._end = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onEnd);
      this._end = null;
    };
  }

  private _end: (() => void) | null = null;
  private _isDisposed = false;
  private _ready = new Signal<this, readonly FrameBatch.Shared[]>(this);
  private _waiting: FrameBatch.Shared[] = [];
}

/**
 * Types of the batch.
 */
export namespace FrameBatch {
  /**
   * What others do: their edits, and where they are.
   */
  export type Shared = Extract<Message, { kind: 'update' | 'awareness' }>;
}

/**
 * Whether this is a page that the browser draws.
 */
function isDrawn(): boolean {
  return typeof document !== 'undefined' && !document.hidden;
}
