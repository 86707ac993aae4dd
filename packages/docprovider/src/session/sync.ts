// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Exchanges the edits of one document with its server, in one history. [S3]
 *
 * Knows sync messages, acknowledgements, and what to do when the server's
 * history is another; knows nothing of sockets, routes and presence.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import { Acknowledgements } from './acknowledgements';
import type { DocumentSession, IFollowed } from './documentSession';
import type { Message } from '../protocol';
import {
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
  inParts
} from '../protocol';
import { Rebase } from '../rebase/rebase';
import type { IPlacement, IReplicaState } from '../rebase/rebaseRoute';
import { Replica } from '../rebase/replica';
import { SavedState } from './savedState';
import type { ISession } from '../connection/sessionApi';
import type { IConflict, IRefusedEdits, IRemovedContent } from '../tokens';
import { trim } from './trimming';
import { isOtherWork, isWork } from './work';

/** The origin of edits that were kept. */
const KEPT = 'kept';

/**
 * The exchange of one document.
 *
 * While the server's history is another than that of the document, the server
 * is followed by a shadow. Once the edits of the user are placed there, and no
 * more were made meanwhile, the document takes over from the shadow. [S4]
 *
 * The same way goes a document with edits that the server does not take, but
 * that nothing is placed: what was written is offered to the user. [M2] [M8]
 *
 * Edits that are larger than the server accepts are never sent. They are
 * withheld until their largest contents are removed from the document. [M4]
 */
export class Sync implements IDisposable {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: Sync.IOptions) {
    const { model, place } = _options;
    this._model = model;
    this._rebase = new Rebase({
      place,
      session: _options.session,
      found: conflicts => this._conflicted.emit(conflicts),
      made: () => this.unacknowledged.made,
      state: () => this.state()
    });
    this._replica = new Replica(model);
    this.unacknowledged = new Acknowledgements(() =>
      this.isExchanging ? _options.ask() : null
    );
    this.unacknowledged.changed.connect(({ count }) => {
      this._hasWork &&= count > 0;
    });
    this._saved = new SavedState(
      model.ydoc,
      model.ystate,
      () =>
        this._history !== null &&
        this.unacknowledged.count === 0 &&
        model.ystate.get('dirty') !== true
    );
    model.ydoc.on('update', this._onUpdate);
  }

  /**
   * Whether the server takes edits of this user.
   */
  mayEdit = true;

  /**
   * The local changes that the server is not known to have.
   */
  readonly unacknowledged: Acknowledgements;

  /**
   * The name of the document's history; `null` before the first exchange.
   */
  get history(): string | null {
    return this._history;
  }

  /**
   * Whether each change is sent as it is made.
   */
  get isExchanging(): boolean {
    return this._session.isExchanging;
  }

  /**
   * Whether the server's history is another than the document's.
   */
  get isRebasing(): boolean {
    return this._session.followed !== null;
  }

  /**
   * A signal emitted when the document holds what the server has.
   */
  get synced(): ISignal<this, void> {
    return this._synced;
  }

  /**
   * A signal emitted with each change that was made here.
   */
  get changedHere(): ISignal<this, Uint8Array> {
    return this._changedHere;
  }

  /**
   * A signal emitted when the document went on in another history; its client
   * id is another one then.
   */
  get rebased(): ISignal<this, void> {
    return this._rebased;
  }

  /**
   * A signal emitted with conflicts that were found.
   */
  get conflicted(): ISignal<this, readonly IConflict[]> {
    return this._conflicted;
  }

  /**
   * A signal emitted with edits that the server did not take.
   */
  get refused(): ISignal<this, IRefusedEdits> {
    return this._refused;
  }

  /**
   * A signal emitted with contents that were removed from the document, since
   * they are larger than the server accepts.
   */
  get removed(): ISignal<this, IRemovedContent[]> {
    return this._removed;
  }

  /**
   * Whether the exchange is over.
   */
  get isDisposed(): boolean {
    return this._replica.isDisposed;
  }

  /**
   * The document as it would be placed into another history.
   */
  state(): IReplicaState {
    return {
      sessionId: this._history ?? '',
      state: Y.encodeStateAsUpdate(this._model.ydoc),
      base: this._saved.update
    };
  }

  /**
   * Get ready for a session: place the edits of another history.
   *
   * @returns The session to use.
   * @throws Error if they could not be placed.
   */
  prepare(session: ISession): Promise<ISession> {
    return this._rebase.prepare(session, this._history);
  }

  /**
   * The question for all that is missing here.
   */
  question(): Uint8Array {
    return encodeSyncStep1(Y.encodeStateVector(this._doc));
  }

  /**
   * Apply an edit of this user that an earlier page has made. [S6]
   *
   * @param update The edit.
   * @param isReplica Whether it is the whole replica of that page. The server
   *   then learns what that page had seen of others, and does not mix what both
   *   replaced. [S4]
   */
  bringBack(update: Uint8Array, isReplica = false): void {
    const { ydoc } = this._model;
    this._broughtBack = isReplica ? [update, Y.encodeStateVector(ydoc)] : null;
    Y.applyUpdate(ydoc, update, KEPT);
    this._broughtBack = null;
  }

  /**
   * Whether the document has everything that an update has.
   */
  holds(update: Uint8Array): boolean {
    const other = new Y.Doc();
    Y.applyUpdate(other, update);
    const [own, its] = [Y.snapshot(this._model.ydoc), Y.snapshot(other)];
    other.destroy();
    return (
      [...its.sv].every(([id, clock]) => clock <= (own.sv.get(id) ?? 0)) &&
      [...its.ds.clients].every(([id, ranges]) =>
        ranges.every(({ clock, len }) =>
          own.ds.clients
            .get(id)
            ?.some(
              each =>
                each.clock <= clock && clock + len <= each.clock + each.len
            )
        )
      )
    );
  }

  /**
   * Take a question of the server, or its answer to ours.
   *
   * @throws Error if it cannot be read.
   */
  receive(message: Extract<Message, { kind: 'sync1' | 'sync2' }>): void {
    switch (message.kind) {
      case 'sync1':
        this._answer(message.stateVector);
        break;
      case 'sync2':
        try {
          Y.applyUpdate(this._doc, message.update, this);
        } finally {
          // An observer that throws does not keep the document closed.
          this._onAnswered();
        }
        break;
    }
  }

  /**
   * Apply edits of others, in one transaction.
   *
   * @throws Error if one cannot be read. The connection is then dropped, which
   *   has the server send anew what is missing.
   */
  apply(updates: readonly Uint8Array[]): void {
    const doc = this._doc;
    let unread = updates.length;
    const read = () => {
      for (const update of updates) {
        Y.applyUpdate(doc, update, this);
        unread -= 1;
      }
    };
    try {
      Y.transact(doc, read, this, false);
    } finally {
      if (unread) {
        this._options.drop();
      }
    }
  }

  /**
   * The server does not take what was changed here: follow it anew.
   */
  refuse(reason: IRefusedEdits['reason']): void {
    if (!this.isDisposed && !this.isRebasing) {
      this._session.tell({ type: 'abandoned', reason });
      this._options.drop();
    }
  }

  /**
   * What is exchanged from the next connection on is another document: follow
   * it, and take nothing of this one there.
   */
  leave(): void {
    if (this._history !== null) {
      const reason = this._session.abandoned ?? 'not_allowed';
      this._session.tell({ type: 'abandoned', reason });
    }
  }

  /**
   * The connection is lost.
   */
  lost(): void {
    this._saved.lost();
    this.unacknowledged.lost();
  }

  /**
   * Stop exchanging.
   */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.ydoc.off('update', this._onUpdate);
    this._replica.dispose();
    this._saved.dispose();
    this.unacknowledged.dispose();
    Signal.clearData(this);
  }

  private get _session(): DocumentSession {
    return this._options.session;
  }

  private get _doc(): Y.Doc {
    return this._session.followed?.shadow ?? this._model.ydoc;
  }

  /**
   * Send what the server lacks; from now on, each change as it is made.
   */
  private _answer(stateVector: Uint8Array): void {
    const { count } = this.unacknowledged;
    if (!this.mayEdit && !this.isRebasing && count > 0) {
      this.refuse('not_allowed');
      return;
    }
    const answer = () =>
      encodeSyncStep2(Y.encodeStateAsUpdate(this._doc, stateVector));
    let message = answer();
    if (!this.isRebasing && this._isTooLarge(message)) {
      this._trim(Y.decodeStateVector(stateVector));
      message = answer();
      if (this._isTooLarge(message)) {
        this.refuse('too_large');
        return;
      }
    }
    this._send(message);
    if (!this.isRebasing && this._session.isOpen) {
      this._session.tell({ type: 'answered' });
      this.unacknowledged.askSoon();
    }
  }

  private _onAnswered(): void {
    const { followed, mayAdopt } = this._session;
    if (!followed) {
      this._history ??= this._rebase.session?.sessionId ?? null;
      this._saved.answered();
      this._synced.emit();
    } else if (mayAdopt && this._rebase.isPlaced) {
      this._takeOver(followed);
    } else if (mayAdopt) {
      void this._placeMore();
    }
  }

  /**
   * Place what was changed meanwhile, then ask again for what is missing.
   */
  private async _placeMore(): Promise<void> {
    const { attempt } = this._session;
    let placed: Pick<IPlacement, 'mayEdit' | 'sessionId'> | null = null;
    this._session.tell({ type: 'placing' });
    try {
      placed = await this._rebase.place();
    } catch {
      // The connection comes back, and with it the next attempt.
    }
    if (this.isDisposed || !this._session.isPlacing(attempt)) {
      return;
    }
    if (placed && placed.sessionId === this._rebase.session?.sessionId) {
      const { mayEdit } = placed;
      this._session.tell({ type: 'placed', mayEdit });
      this._options.send(this.question());
    } else {
      this._options.drop();
    }
  }

  /**
   * Let the document go on in the history of the server.
   */
  private _takeOver({ mayEdit, shadow }: IFollowed): void {
    const { ydoc } = this._model;
    if (!mayEdit && this._hasWork && isOtherWork(ydoc, shadow)) {
      const reason = this._session.abandoned ?? 'not_allowed';
      const state = Y.encodeStateAsUpdate(ydoc);
      this._refused.emit({ id: UUID.uuid4(), reason, state });
    }
    try {
      this._replica.follow(shadow, this);
    } finally {
      this._saved.forget();
      this._history = this._rebase.session?.sessionId ?? null;
      this._session.tell({ type: 'adopted' });
      this.unacknowledged.settle();
      this._rebased.emit();
      this._synced.emit();
    }
  }

  private _onUpdate = (
    update: Uint8Array,
    origin: unknown,
    _: Y.Doc,
    transaction: Y.Transaction
  ): void => {
    if (origin === this) {
      return;
    }
    this._hasWork ||= isWork(transaction);
    this.unacknowledged.add();
    if (!this.mayEdit) {
      this._changedHere.emit(update);
      this.refuse('not_allowed');
    } else if (this._withheld || this._isTooLarge(encodeUpdate(update))) {
      this._withhold(transaction.beforeState);
    } else {
      this._publish(update);
    }
  };

  /**
   * Send an edit, and have it kept until the server has it.
   */
  private _publish(update: Uint8Array): void {
    if (this.isExchanging && this._broughtBack) {
      const [replica, state] = this._broughtBack;
      this._send(encodeSyncStep1(Y.encodeStateVectorFromUpdate(replica)));
      this._send(encodeSyncStep2(Y.diffUpdate(replica, state)));
    } else if (this.isExchanging) {
      this._send(encodeUpdate(update));
    }
    this._changedHere.emit(update);
  }

  private _send(message: Uint8Array): void {
    const { limit, send } = this._options;
    (limit() === null ? [message] : inParts(message)).forEach(send);
  }

  private _isTooLarge(message: Uint8Array): boolean {
    return message.length > (this._options.limit() ?? Infinity);
  }

  /**
   * Publish nothing that was made since a state, until the largest of it is
   * removed. That is a second edit, so it waits until the first one is complete.
   */
  private _withhold(since: Map<number, number>): void {
    if (!this._withheld) {
      this._withheld = since;
      queueMicrotask(() => this._publishRest(since));
    }
  }

  private _publishRest(since: Map<number, number>): void {
    if (this.isDisposed) {
      return;
    }
    const { ydoc } = this._model;
    this._trim(since);
    this._withheld = null;
    const rest = Y.encodeStateAsUpdate(ydoc, Y.encodeStateVector(since));
    if (this._isTooLarge(encodeUpdate(rest))) {
      this.refuse('too_large');
    } else {
      this._publish(rest);
    }
  }

  private _trim(since: Map<number, number>): void {
    const limit = this._options.limit() ?? Infinity;
    const contents = trim(this._model.ydoc, since, limit);
    if (contents.length > 0) {
      this._removed.emit(contents);
    }
  }

  private _changedHere = new Signal<this, Uint8Array>(this);
  private _conflicted = new Signal<this, readonly IConflict[]>(this);
  private _hasWork = false;
  private _history: string | null = null;
  private _broughtBack: [Uint8Array, Uint8Array] | null = null;
  private _model: YDocument<DocumentChange>;
  private _rebase: Rebase;
  private _rebased = new Signal<this, void>(this);
  private _refused = new Signal<this, IRefusedEdits>(this);
  private _removed = new Signal<this, IRemovedContent[]>(this);
  private _replica: Replica;
  private _saved: SavedState;
  private _synced = new Signal<this, void>(this);
  private _withheld: Map<number, number> | null = null;
}

/**
 * Types of the exchange.
 */
export namespace Sync {
  /**
   * What an exchange needs.
   */
  export interface IOptions {
    /** Where the document is on its way; disposed by the caller. */
    session: DocumentSession;
    /** The document; the caller disposes it. */
    model: YDocument<DocumentChange>;
    /** Sends bytes; tells whether that was possible. */
    send: (data: Uint8Array) => boolean;
    /** The largest message that can be sent; `null` if not known. */
    limit: () => number | null;
    /** Closes the connection, which comes back. */
    drop: () => void;
    /** Asks the server for an acknowledgement; see `Acknowledgements`. */
    ask: () => number | null;
    /** Has the server place the edits of another history. */
    place: (session: ISession, replica: IReplicaState) => Promise<IPlacement>;
  }
}
