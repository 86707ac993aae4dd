// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The history of one document, as far as its connection tells of it.
 *
 * Knows messages and who is present; its versions are read elsewhere.
 */

import type { IAwareness } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IReply } from '../protocol';
import type { IDocumentHistory, IRestore } from '../tokens';

/**
 * News of the history of one document.
 */
export class DocumentHistory implements IDocumentHistory, IDisposable {
  /**
   * @param _awareness The presence of the document.
   */
  constructor(private _awareness: IAwareness) {}

  /**
   * Whether another server on the same folder keeps the shared history; set
   * when the session route says so. [H7]
   */
  isPrivate = false;

  /**
   * A signal emitted when the server has repaired the document at opening it,
   * with the number of cells that it could not read. [M8]
   */
  get repaired(): ISignal<this, number> {
    return this._repaired;
  }

  /**
   * A signal emitted when somebody in the document restores a version. [V5]
   */
  get restored(): ISignal<this, IRestore> {
    return this._restored;
  }

  /**
   * Whether nothing is told any more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Take a message of the server.
   */
  receive(reply: IReply): void {
    if (reply.type === 'repaired') {
      this._repaired.emit(reply.cells ?? 0);
    } else {
      this._restored.emit(this._restoreOf(reply));
    }
  }

  /**
   * Stop telling.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _restoreOf({ cell, username = '' }: IReply): IRestore {
    const states = [...this._awareness.getStates().values()];
    const state = states.find(({ user }) => user?.username === username);
    return {
      username,
      user: state?.user ?? { username },
      isCell: typeof cell === 'string'
    };
  }

  private _isDisposed = false;
  private _repaired = new Signal<this, number>(this);
  private _restored = new Signal<this, IRestore>(this);
}
