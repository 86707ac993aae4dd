// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the server did not take of a document, until the user has chosen. [M2]
 *
 * Knows a list; knows nothing of servers and widgets.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IRefusedEdits, IRefusedEditsList } from '../tokens';

/**
 * The list of what was refused.
 */
export class RefusedEdits implements IRefusedEditsList, IDisposable {
  /**
   * What is to be chosen.
   */
  get list(): readonly IRefusedEdits[] {
    return this._list;
  }

  /**
   * A signal emitted when the list changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * A signal emitted when something was added.
   */
  get added(): ISignal<this, IRefusedEdits> {
    return this._added;
  }

  /**
   * A signal emitted when something was discarded.
   */
  get discarded(): ISignal<this, IRefusedEdits> {
    return this._discarded;
  }

  /**
   * Whether the list is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Add what was refused, unless it is known.
   */
  add(edits: IRefusedEdits): void {
    if (!this._list.some(({ id }) => id === edits.id)) {
      this._list = [...this._list, edits];
      this._added.emit(edits);
      this._changed.emit();
    }
  }

  /**
   * Forget what was refused: the user does not need it any more.
   */
  discard(edits: IRefusedEdits): void {
    if (this._list.includes(edits)) {
      this._list = this._list.filter(each => each !== edits);
      this._discarded.emit(edits);
      this._changed.emit();
    }
  }

  /**
   * Forget the list.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _added = new Signal<this, IRefusedEdits>(this);
  private _changed = new Signal<this, void>(this);
  private _discarded = new Signal<this, IRefusedEdits>(this);
  private _isDisposed = false;
  private _list: readonly IRefusedEdits[] = [];
}
