// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Remembers a document as it was when all of it was last in its file. [S4]
 *
 * Knows a Yjs document, and whom to ask whether all is saved. It keeps the
 * updates that the document was made of, and how many of them were saved: the
 * document is not encoded anew after each save, which takes long for a large
 * one, and would delay the first key that is pressed then.
 *
 * The document counts as saved only when the server has just said so: in its
 * answer to what is missing here, or when it has written the file. After a
 * reconnection, edits of others may arrive before the news that they are unsaved.
 */

import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

/**
 * Updates from which on those after the first are joined: keys make small ones.
 */
const MANY_UPDATES = 200;

/**
 * Bytes of updates that are always joined.
 */
const SMALL = 4096;

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
    this._later = _doc.store.clients.size ? null : [];
    _doc.on('beforeTransaction', this._look);
    _doc.on('update', this._onUpdate);
  }

  /**
   * The document as last saved, as one update; `null` if that is not known.
   */
  get update(): Uint8Array | null {
    this._look();
    return this._saved.length ? Y.mergeUpdates(this._saved) : null;
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
    this._saved = [];
    this._later = null;
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
      this._saved = this._later
        ? joined([...this._saved, ...this._later])
        : [Y.encodeStateAsUpdate(this._doc)];
      this._later = [];
      this._isNew = false;
    }
  };

  private _onUpdate = (
    update: Uint8Array,
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
    if (this._later) {
      this._later.push(update);
      this._later = joined(this._later);
    }
  };

  private _isAnswered = false;
  private _isDisposed = false;
  private _isNew = false;
  // The updates that make the document as last saved, and those since then;
  // `null` if there are others, so that it has to be encoded the next time.
  private _saved: Uint8Array[] = [];
  private _later: Uint8Array[] | null;
}

/**
 * Join small updates, if there are many, but not with large ones.
 *
 * What is joined is at least half as large as what it is joined with, so that
 * each byte is copied a few times only, however long somebody types.
 */
function joined(updates: Uint8Array[]): Uint8Array[] {
  if (updates.length < MANY_UPDATES) {
    return updates;
  }
  let first = updates.length;
  let size = 0;
  while (first && updates[first - 1].length <= Math.max(2 * size, SMALL)) {
    size += updates[--first].length;
  }
  return [...updates.slice(0, first), Y.mergeUpdates(updates.slice(first))];
}
