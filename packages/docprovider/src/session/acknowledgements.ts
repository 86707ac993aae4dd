// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Counts the local changes that the server has not acknowledged yet.
 *
 * Knows numbers and one timer; knows nothing of sockets. One question covers
 * all that was sent before it, and only one is under way at a time.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IUnsentEdits } from '../tokens';

/** How long changes are gathered before the server is asked (ms). */
const ASK_AFTER = 200;

/**
 * The changes of one document that are not known to have arrived.
 */
export class Acknowledgements implements IUnsentEdits, IDisposable {
  /**
   * @param _ask Asks the server and returns the id of the question, or `null`
   * if that is not possible now.
   */
  constructor(private _ask: () => number | null) {}

  /**
   * The number of changes without acknowledgement.
   */
  get count(): number {
    return this._made - this._acknowledged;
  }

  /**
   * The number of all changes so far.
   */
  get made(): number {
    return this._made;
  }

  /**
   * Whether this browser keeps them; set by what keeps them.
   */
  get isKeptInBrowser(): boolean {
    return this._isKeptInBrowser;
  }
  set isKeptInBrowser(value: boolean) {
    if (this._isKeptInBrowser !== value) {
      this._isKeptInBrowser = value;
      this._changed.emit();
    }
  }

  /**
   * A signal emitted when the count changed, or whether they are kept.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether counting is over.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * A change was made here.
   */
  add(): void {
    this._made++;
    this._changed.emit();
    this.askSoon();
  }

  /**
   * Ask the server in a moment, unless a question is under way.
   */
  askSoon(): void {
    if (this._question || this._timer !== undefined || this.count === 0) {
      return;
    }
    this._timer = setTimeout(() => {
      this._timer = undefined;
      const covers = this._made;
      const id = this._ask();
      this._question = id === null ? null : { id, covers };
    }, ASK_AFTER);
  }

  /**
   * The server answered a question.
   */
  answer(id: number | undefined): void {
    if (!this._question || this._question.id !== id) {
      return;
    }
    this._acknowledged = this._question.covers;
    this._question = null;
    this._changed.emit();
    this.askSoon();
  }

  /**
   * The server has got all changes in another way.
   */
  settle(): void {
    this.lost();
    this._acknowledged = this._made;
    this._changed.emit();
  }

  /**
   * The connection is lost: the question that is under way stays unanswered.
   */
  lost(): void {
    this._question = null;
    clearTimeout(this._timer);
    this._timer = undefined;
  }

  /**
   * Stop counting.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.lost();
    Signal.clearData(this);
  }

  private _acknowledged = 0;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isKeptInBrowser = false;
  private _made = 0;
  private _question: { id: number; covers: number } | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
