// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Remembers the shared types that were deleted from a Yjs document.
 *
 * Somebody may hold such a type and still write into it, as a kernel does into
 * the outputs of a cell that is gone. In its own history that does no harm; in
 * another one nobody could read what is written, nor anything after it.
 */

import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

import type { SharedType } from './sharedTypes';

/** The number of references after which those that are void are dropped. */
const MANY = 1000;

/**
 * The deleted shared types of a document, as long as anybody else holds them.
 */
export class DeletedTypes implements IDisposable {
  /**
   * @param _doc The document; the caller destroys it.
   */
  constructor(private _doc: Y.Doc) {
    _doc.on('afterTransaction', this._onTransaction);
  }

  /**
   * Whether the document is looked at no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * What was deleted since the last call.
   */
  take(): SharedType[] {
    const types = this._references.map(reference => reference.deref());
    this._references = [];
    return types.filter(type => type !== undefined);
  }

  /**
   * Stop looking at the document.
   */
  dispose(): void {
    this._isDisposed = true;
    this._doc.off('afterTransaction', this._onTransaction);
    this._references = [];
  }

  private _onTransaction = (transaction: Y.Transaction): void => {
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, struct => {
      if (struct instanceof Y.Item && struct.content instanceof Y.ContentType) {
        const type = struct.content.type as SharedType;
        this._references.push(new WeakRef(type));
      }
    });
    if (this._references.length > this._limit) {
      this._references = this._references.filter(each => each.deref());
      this._limit = this._references.length + MANY;
    }
  };

  private _isDisposed = false;
  private _limit = MANY;
  private _references: WeakRef<SharedType>[] = [];
}
