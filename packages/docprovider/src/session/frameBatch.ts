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
 * cost little more than one.
 *
 * A frame in which text changes also takes the browser longer. Where these
 * frames are late, the next edits wait for some that are quick, in which the
 * user's own keystrokes are painted.
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
 * The time between two frames of a page that is not late (ms).
 */
const FRAME = 1000 / 60;

/**
 * How long the next edits wait, as a multiple of the time by which a frame with
 * edits was late: such frames take about a third of the time then.
 */
const REST = 2;

/**
 * Messages on their way to a document, in order.
 *
 * The first edit after a quiet frame is taken at once, and the next ones with a
 * frame. Without frames, as in Node, nothing waits.
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
   * Let edits wait until the next frame, or a later one if it is late.
   */
  private _collect(): void {
    const start = performance.now();
    const latest = start + LONGEST_WAIT - FRAME;
    let due = 0;
    const onFrame = (now: number) => {
      // The first frame tells how long the last edits took; the nearest one to the due time counts.
      due ||= Math.min(now + REST * (now - start - FRAME) - FRAME / 2, latest);
      if (now < due) {
        frame = requestAnimationFrame(onFrame);
      } else {
        onEnd();
      }
    };
    const onEnd = () => {
      this._end?.();
      if (this._waiting.length) {
        this._collect();
        this.flush();
      }
    };
    let frame = requestAnimationFrame(onFrame);
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
