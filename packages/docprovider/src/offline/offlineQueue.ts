// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps the changes of one document until the server has acknowledged them,
 * and brings back what a page before has kept. [S6]
 *
 * Knows the exchange of the document and the store; knows nothing of sockets.
 */

import type { IDisposable } from '@lumino/disposable';
import { UUID } from '@lumino/coreutils';
import * as Y from 'yjs';

import type { Conflicts } from '../session/conflicts';
import type { Acknowledgements } from '../session/acknowledgements';
import type { IDocumentKey, IKept, PendingStore } from './pendingStore';
import type { IPlacement, IReplicaState } from '../rebase/rebaseRoute';
import type { RefusedEdits } from '../session/refusedEdits';
import type { ISession } from '../connection/sessionApi';
import type { Sync } from '../session/sync';
import type { IRefusedEdits } from '../tokens';
import type { RecoveredEdits } from './recoveredEdits';

/** How long a change may be without acknowledgement before all is kept (ms). */
const SNAPSHOT_AFTER = 1000;

/**
 * What is kept of one document.
 */
export class OfflineQueue implements IDisposable {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: OfflineQueue.IOptions) {
    const { store, sync } = _options;
    this._release = store.claim(this._instance);
    sync.changedHere.connect(this._onChanged, this);
    sync.unacknowledged.isKeptInBrowser = true;
    sync.unacknowledged.changed.connect(this._onCounted, this);
  }

  /**
   * Whether nothing is kept any more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Look for what was kept before, and have the server place what belongs to
   * another history. What cannot be placed now stays where it is.
   *
   * @param key Which document it is; later calls only tell another one.
   * @param session What the session route says.
   */
  async open(key: IDocumentKey, session: ISession): Promise<void> {
    const { conflicts, refused, store } = this._options;
    const isFirst = this._key === null;
    this._key = key;
    if (!isFirst) {
      return;
    }
    conflicts.add(await store.loadConflicts(key));
    conflicts.changed.connect(this._onConflicts, this);
    (await store.loadRefused(key)).forEach(each => refused.add(each));
    refused.added.connect(this._onRefused, this);
    refused.discarded.connect(this._onDiscarded, this);
    const living = await store.living();
    for (const kept of await store.load(key)) {
      const isAlive = living.has(kept.instance);
      if (kept.sessionId === session.sessionId) {
        this._found.push({ ...kept, isAlive });
      } else if (!isAlive && (await this._place(kept, session))) {
        await store.forget(kept.instance);
      }
    }
    this._others = (await store.loadOthers(key)).filter(
      ({ instance }) => !living.has(instance)
    );
    this._session = session;
  }

  /**
   * Put what was kept of this history into the document, once; it then goes to
   * the server as if it were typed now.
   */
  bringBack(): void {
    const { recovered, sync } = this._options;
    if (this._isBack) {
      return;
    }
    this._isBack = true;
    for (const { state, updates } of this._found) {
      if (state) {
        sync.bringBack(Y.mergeUpdates([state, ...updates]), true);
      } else {
        updates.forEach(update => sync.bringBack(update));
      }
    }
    this._onCounted(sync.unacknowledged);
    if (this._session) {
      recovered.offer(this._others, this._session);
    }
  }

  /**
   * The connection is lost.
   */
  lost(): void {
    if (this._options.sync.unacknowledged.count > 0) {
      this._keepAll();
    }
  }

  /**
   * Keep nothing more; what was not acknowledged stays kept.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    const { conflicts, refused, sync } = this._options;
    sync.changedHere.disconnect(this._onChanged, this);
    sync.unacknowledged.changed.disconnect(this._onCounted, this);
    conflicts.changed.disconnect(this._onConflicts, this);
    refused.added.disconnect(this._onRefused, this);
    refused.discarded.disconnect(this._onDiscarded, this);
    this._release();
  }

  /**
   * @returns Whether the server has it now, or has refused it.
   */
  private async _place(kept: IKept, session: ISession): Promise<boolean> {
    const { base, instance, sessionId, updates } = kept;
    const { conflicts, place, refused } = this._options;
    if (!kept.state) {
      return false;
    }
    const state = Y.mergeUpdates([kept.state, ...updates]);
    try {
      const placement = await place(session, { sessionId, state, base });
      conflicts.add(placement.conflicts);
      if (!placement.mayEdit) {
        refused.add({ id: instance, reason: 'not_allowed', state });
      }
      return true;
    } catch {
      // The document opens all the same.
      return false;
    }
  }

  private _onConflicts(conflicts: Conflicts): void {
    if (this._key) {
      void this._options.store.keepConflicts(this._key, conflicts.own);
    }
  }

  private _onRefused(_: RefusedEdits, edits: IRefusedEdits): void {
    if (this._key) {
      void this._options.store.keepRefused(this._key, edits);
    }
  }

  private _onDiscarded(_: RefusedEdits, edits: IRefusedEdits): void {
    void this._options.store.forgetRefused(edits);
  }

  private _onChanged(sync: Sync, update: Uint8Array): void {
    const { store } = this._options;
    if (!this._key || sync.history === null) {
      this._options.sync.unacknowledged.isKeptInBrowser = false;
      return;
    }
    this._hasKept = true;
    void store
      .keepUpdate(this._key, this._instance, sync.history, update)
      .then(isKept => this._onUpdateKept(isKept));
    if (this._hasSnapshot) {
      return;
    }
    if (!sync.isExchanging) {
      this._keepAll();
    } else {
      this._timer ??= setTimeout(() => this._keepAll(), SNAPSHOT_AFTER);
    }
  }

  private _onCounted(unacknowledged: Acknowledgements): void {
    if (unacknowledged.count > 0) {
      return;
    }
    unacknowledged.isKeptInBrowser = true;
    clearTimeout(this._timer);
    this._timer = undefined;
    const { store } = this._options;
    if (this._hasKept) {
      this._hasKept = this._hasSnapshot = false;
      void store.forget(this._instance);
    }
    if (this._isBack) {
      this._found
        .filter(({ isAlive }) => !isAlive)
        .forEach(({ instance }) => void store.forget(instance));
      this._found = [];
    }
  }

  private _keepAll(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    const { store, sync } = this._options;
    if (this._key && sync.history !== null) {
      this._hasKept = this._hasSnapshot = true;
      void store
        .keepSnapshot(this._key, this._instance, sync.state())
        .then(isKept => this._onSnapshotKept(isKept));
    }
  }

  private _onUpdateKept(isKept: boolean): void {
    if (!isKept && this._options.sync.unacknowledged.count > 0) {
      // With the next change, the whole document is tried again.
      this._hasSnapshot = false;
      this._options.sync.unacknowledged.isKeptInBrowser = false;
    }
  }

  private _onSnapshotKept(isKept: boolean): void {
    if (isKept) {
      this._options.sync.unacknowledged.isKeptInBrowser = true;
    } else {
      this._onUpdateKept(false);
    }
  }

  private _found: (IKept & { isAlive: boolean })[] = [];
  private _hasKept = false;
  private _hasSnapshot = false;
  private _instance = UUID.uuid4();
  private _isBack = false;
  private _isDisposed = false;
  private _key: IDocumentKey | null = null;
  private _others: IKept[] = [];
  private _release: () => void;
  private _session: ISession | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Types of what is kept.
 */
export namespace OfflineQueue {
  /**
   * What is needed to keep changes.
   */
  export interface IOptions {
    /** The conflicts of the document. */
    conflicts: Conflicts;
    /** What the server did not take. */
    refused: RefusedEdits;
    /** Has the server place the edits of another history. */
    place: (session: ISession, replica: IReplicaState) => Promise<IPlacement>;
    /** What was kept for a user with another generated name. */
    recovered: RecoveredEdits;
    /** Where changes are kept. */
    store: PendingStore;
    /** The exchange of the document. */
    sync: Sync;
  }
}
