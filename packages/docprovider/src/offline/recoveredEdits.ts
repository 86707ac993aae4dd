// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The edits that were kept in this browser for another generated name of the
 * user, until the user has chosen. [S6]
 *
 * Knows the exchange of the document and the store; finding them is left to the
 * queue.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import type { ISession } from '../connection/sessionApi';
import type { IPlacement, IReplicaState } from '../rebase/rebaseRoute';
import type { Conflicts } from '../session/conflicts';
import type { RefusedEdits } from '../session/refusedEdits';
import type { Sync } from '../session/sync';
import type { IRecoveredEdits, IRecoveredEditsList } from '../tokens';
import type { IKept, PendingStore } from './pendingStore';

/**
 * The list of what was recovered.
 */
export class RecoveredEdits implements IRecoveredEditsList, IDisposable {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: RecoveredEdits.IOptions) {}

  /**
   * What is to be chosen.
   */
  get list(): readonly IRecoveredEdits[] {
    return [...this._kept.keys()];
  }

  /**
   * A signal emitted when the list changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether the list is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Offer what was kept, but for what the document has.
   *
   * @param kept What was found in the store.
   * @param session What the session route says.
   */
  offer(kept: readonly IKept[], session: ISession): void {
    this._session = session;
    for (const each of kept) {
      const edits = this._recoverable(each);
      if (edits) {
        this._kept.set(edits, each);
      }
    }
    if (this._kept.size > 0) {
      this._changed.emit();
    }
  }

  /**
   * Put edits into the document.
   *
   * @throws Error if the server could not be asked.
   */
  async recover(edits: IRecoveredEdits): Promise<void> {
    const { conflicts, place, refused, sync } = this._options;
    const kept = this._kept.get(edits);
    if (!kept || !this._session) {
      return;
    }
    const { id, state } = edits;
    if (kept.sessionId === sync.history) {
      sync.bringBack(state, kept.state !== null);
    } else {
      const { base, sessionId } = kept;
      const placement = await place(this._session, { sessionId, state, base });
      conflicts.add(placement.conflicts);
      if (!placement.mayEdit) {
        refused.add({ id, reason: 'not_allowed', state });
      }
    }
    this.discard(edits);
  }

  /**
   * Forget edits.
   */
  discard(edits: IRecoveredEdits): void {
    if (this._kept.delete(edits)) {
      void this._options.store?.forget(edits.id);
      this._changed.emit();
    }
  }

  /**
   * Forget the list; what was not chosen stays kept.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /**
   * The document with what was kept of it; `null` if the document has it all,
   * or if it is not known what the edits belong to.
   */
  private _recoverable(kept: IKept): IRecoveredEdits | null {
    const { store, sync } = this._options;
    const { instance: id, sessionId, updates } = kept;
    const isSame = sessionId === sync.history;
    const before = kept.state ?? (isSame ? sync.state().state : null);
    if (!before) {
      return null;
    }
    const state = Y.mergeUpdates([before, ...updates]);
    if (isSame && sync.holds(state)) {
      void store?.forget(id);
      return null;
    }
    return { id, state };
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _kept = new Map<IRecoveredEdits, IKept>();
  private _session: ISession | null = null;
}

/**
 * Types of what was recovered.
 */
export namespace RecoveredEdits {
  /**
   * What is needed to put edits into a document.
   */
  export interface IOptions {
    /** The conflicts of the document. */
    conflicts: Conflicts;
    /** Has the server place the edits of another history. */
    place: (session: ISession, replica: IReplicaState) => Promise<IPlacement>;
    /** What the server did not take. */
    refused: RefusedEdits;
    /** Where edits are kept; `null` if nothing is kept. */
    store: PendingStore | null;
    /** The exchange of the document. */
    sync: Sync;
  }
}
