// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Remembers a document as it was when all of it was last in its file. [S4]
 *
 * Knows a Yjs document, and whom to ask whether all is saved. It is encoded at
 * the last moment: when the first change after it begins.
 *
 * The document counts as saved only when the server has just said so: in its
 * answer to what is missing here, or when it has written the file. After a
 * reconnection, edits of others may arrive before the news that they are unsaved.
 */

import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

/**
 * A document as last saved.
 */
export class SavedState implements IDisposable {
  /**
   * @param _doc The document; the caller destroys it.
   * @param _state Where the server says whether the document is saved.
   * @param _isSaved Tells whether all that is in it is in its file.
   */
  constructor(
    private _doc: Y.Doc,
    private _state: Y.Map<unknown>,
    private _isSaved: () => boolean
  ) {
    _doc.on('beforeTransaction', this._look);
    _doc.on('update', this._onUpdate);
  }

  /**
   * The document as last saved, as one update; `null` if that is not known.
   */
  get update(): Uint8Array | null {
    this._look();
    return this._update;
  }

  /**
   * Whether the document is looked at no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * The document has all that the server has.
   */
  answered(): void {
    this._isAnswered = this._isNew = true;
  }

  /**
   * The connection is lost: what arrives next may lack earlier edits.
   */
  lost(): void {
    this._isAnswered = false;
  }

  /**
   * Forget it: the document goes on in another history.
   */
  forget(): void {
    this._update = null;
    this.answered();
  }

  /**
   * Stop looking at the document.
   */
  dispose(): void {
    this._isDisposed = true;
    this._doc.off('beforeTransaction', this._look);
    this._doc.off('update', this._onUpdate);
  }

  private _look = (): void => {
    if (this._isNew && this._isSaved()) {
      this._update = Y.encodeStateAsUpdate(this._doc);
      this._isNew = false;
    }
  };

  private _onUpdate = (
    _update: Uint8Array,
    _origin: unknown,
    _doc: Y.Doc,
    { changed }: Y.Transaction
  ): void => {
    const isTold = [...changed].some(
      ([type, keys]) =>
        (type as unknown) === this._state &&
        (keys.has('dirty') || keys.has('hash'))
    );
    this._isNew = this._isAnswered && isTold;
  };

  private _isAnswered = false;
  private _isDisposed = false;
  private _isNew = false;
  private _update: Uint8Array | null = null;
}
