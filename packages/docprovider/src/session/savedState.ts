// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Remembers a document as it was when all of it was last in its file. [S4]
 *
 * Knows a Yjs document, and whom to ask whether all is saved. It is encoded at
 * the last moment: when the first change after it begins.
 */

import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

/**
 * A document as last saved.
 */
export class SavedState implements IDisposable {
  /**
   * @param _doc The document; the caller destroys it.
   * @param _isSaved Tells whether all that is in it is in its file.
   */
  constructor(
    private _doc: Y.Doc,
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
    return this._state;
  }

  /**
   * Whether the document is looked at no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Forget it: the document goes on in another history.
   */
  forget(): void {
    this._state = null;
    this._isNew = true;
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
      this._state = Y.encodeStateAsUpdate(this._doc);
      this._isNew = false;
    }
  };

  private _onUpdate = (): void => {
    this._isNew = true;
  };

  private _isDisposed = false;
  private _isNew = true;
  private _state: Uint8Array | null = null;
}
