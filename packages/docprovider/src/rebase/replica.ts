// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Lets an open document go on in another history, in one synchronous step. [S4]
 *
 * Knows shared models; knows nothing of servers. What differs is edited, so
 * that views follow as they follow anybody's edit; then the history is changed
 * without a sound.
 */

import type { DocumentChange, YDocument, YNotebook } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

import { DeletedTypes } from './deletedTypes';
import { mirror } from './patchDoc';
import { isSameContent } from './sharedTypes';
import {
  exchange,
  freshClientId,
  adoptHistory,
  TransplantError
} from './adoptHistory';

/** How often views may answer an edit with edits of their own. */
const MOST_TRIES = 4;

/**
 * An open document that can go on in another history.
 */
export class Replica implements IDisposable {
  /**
   * @param model The document; the caller disposes it.
   */
  constructor(readonly model: YDocument<DocumentChange>) {
    this._deleted = new DeletedTypes(model.ydoc);
  }

  /**
   * Whether the replica is disposed.
   */
  get isDisposed(): boolean {
    return this._deleted.isDisposed;
  }

  /**
   * Hold what another document holds, with its history.
   *
   * Undo begins anew, and so does the client id.
   *
   * @param shadow The other document; not to be used after it.
   * @param origin The origin of the edits.
   * @throws What an observer has thrown, after everything is done.
   */
  follow(shadow: Y.Doc, origin: unknown): void {
    const { ydoc } = this.model;
    const failures: unknown[] = [];
    const edit = (change: () => void): void => {
      try {
        change();
      } catch (error) {
        // An observer has thrown; the edit is made all the same.
        failures.push(error);
      }
    };
    let tries = 0;
    while (tries++ < MOST_TRIES && !isSameContent(ydoc, shadow)) {
      edit(() => mirror(ydoc, shadow, origin));
    }
    clearUndo(this.model);
    try {
      adoptHistory(ydoc, shadow, this._deleted.take());
    } catch (error) {
      if (!(error instanceof TransplantError)) {
        throw error;
      }
      this._startOver(shadow, origin, edit);
    }
    if (failures.length) {
      throw failures[0];
    }
  }

  /**
   * Stop looking at the document.
   */
  dispose(): void {
    this._deleted.dispose();
  }

  /**
   * Empty the document, and fill it from another. Views are built anew.
   */
  private _startOver(
    shadow: Y.Doc,
    origin: unknown,
    edit: (change: () => void) => void
  ): void {
    const { ydoc } = this.model;
    const update = Y.encodeStateAsUpdate(shadow);
    edit(() => mirror(ydoc, new Y.Doc(), origin));
    clearUndo(this.model);
    exchange(ydoc, new Y.Doc(), this._deleted.take());
    ydoc.clientID = freshClientId(ydoc, shadow);
    edit(() => Y.applyUpdate(ydoc, update, origin));
  }

  private _deleted: DeletedTypes;
}

/**
 * Forget what could be undone: it belongs to the old history.
 */
function clearUndo(model: YDocument<DocumentChange>): void {
  const { cells } = model as Partial<Pick<YNotebook, 'cells'>>;
  [model, ...(cells ?? [])].forEach(each => each.clearUndoHistory());
}
