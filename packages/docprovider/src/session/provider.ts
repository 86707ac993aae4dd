// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps one shared document the same as the server's.
 *
 * Glue: connection, messages, acknowledgements, requests and presence. Knows
 * nothing of widgets, and of files only their names.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Awareness } from 'y-protocols/awareness';

import { CellRuns } from '../execution/cellRuns';
import { AwarenessChannel } from '../presence/awarenessChannel';
import { Conflicts } from './conflicts';
import { Connection } from '../connection/connection';
import type { DisplayName } from '../presence/displayName';
import { DocumentHistory } from '../history/documentHistory';
import { OfflineQueue } from '../offline/offlineQueue';
import type { IReply, Message } from '../protocol';
import { decodeMessage, encodeRequest } from '../protocol';
import type { PendingStore } from '../offline/pendingStore';
import { RecoveredEdits } from '../offline/recoveredEdits';
import type { IReplicaState } from '../rebase/rebaseRoute';
import { requestRebase } from '../rebase/rebaseRoute';
import { RefusedError } from '../connection/closeReasons';
import { RefusedEdits } from './refusedEdits';
import { Membership } from './role';
import { RoomResolver } from '../connection/roomResolver';
import { SaveMode } from './saveMode';
import { Saves } from './saves';
import type { ISession } from '../connection/sessionApi';
import { roomOf } from '../connection/sessionApi';
import { DocumentSession } from './documentSession';
import { FrameBatch } from './frameBatch';
import { Sync } from './sync';
import type {
  IDocumentEdits,
  IDocumentProvider,
  IDocumentProviderFactory,
  ISaveResult
} from '../tokens';
import { ForkSwitch } from '../forks/forkSwitch';

/**
 * The id of requests whose answer nobody waits for.
 */
const RESOLVE_ID = 2 ** 31 - 1;

/**
 * A Yjs provider over a WebSocket.
 */
export class WebSocketProvider implements IDocumentProvider {
  /**
   * @param options See the interface. The provider connects at once; it does
   * not dispose the model.
   */
  constructor(options: WebSocketProvider.IOptions) {
    this.path = options.path;
    this.contentType = options.contentType;
    this.format = options.format;
    this._model = options.model;
    this._trans = options.translator;
    this._ready.promise.catch(() => undefined);

    const {
      displayName,
      environment,
      model,
      store,
      translator: trans
    } = options;
    const serverSettings =
      options.serverSettings ?? ServerConnection.makeSettings();
    const send = (data: Uint8Array) => this.connection.send(data);
    const place = (session: ISession, replica: IReplicaState) =>
      requestRebase(roomOf(session), replica, serverSettings, trans);
    const session = (this._session = new DocumentSession());
    const refused = new RefusedEdits();
    this.conflicts = new Conflicts(model);
    this.history = new DocumentHistory(model.awareness);
    this._sync = new Sync({
      session,
      model,
      send,
      limit: () => this._rooms.maxMessageBytes,
      drop: () => this.connection.drop(),
      ask: () => this.saves.acknowledge(),
      place
    });
    const edits = {
      conflicts: this.conflicts,
      place,
      refused,
      sync: this._sync
    };
    const recovered = new RecoveredEdits({ ...edits, store: store ?? null });
    this._kept = store
      ? new OfflineQueue({ ...edits, recovered, store })
      : null;
    this.edits = {
      unsent: this._sync.unacknowledged,
      refused,
      recovered,
      removed: this._sync.removed
    };
    this._rooms = new RoomResolver({
      history: this.history,
      kept: this._kept,
      provider: this,
      serverSettings,
      session,
      sync: this._sync,
      trans,
      url: options.url,
      user: options.user
    });
    this.connection = new Connection({
      ...environment,
      session,
      url: afterFailure => this._rooms.url(afterFailure),
      probe: () => this._sync.question(),
      judge: (code, reason) => this._rooms.judge(code, reason),
      ask: () => this.saves.ask()
    });
    this._visits = new ForkSwitch({
      connection: this.connection,
      rooms: this._rooms,
      session,
      sync: this._sync,
      trans
    });
    this.saves = new Saves({
      access: this.access,
      isInFork: () => this._rooms.fork !== null,
      mode: new SaveMode(model.awareness as Awareness),
      model,
      send,
      session,
      trans
    });
    this.runs = new CellRuns({
      isInFork: () => this._rooms.fork !== null,
      send,
      trans
    });
    this._presence = new AwarenessChannel({
      awareness: model.awareness,
      user: options.user,
      displayName,
      send,
      events: environment?.events
    });

    this._presence.identityChanged.connect(() => this.connection.restart());
    this.conflicts.keptBoth.connect((_, id) => {
      // Nobody waits for the answer: the list that follows says it.
      send(encodeRequest(`resolve ${id} both`, RESOLVE_ID));
    });
    this.access.changed.connect(this._onRoleChanged, this);
    this._sync.conflicted.connect((_, found) => this.conflicts.add(found));
    this._sync.refused.connect((_, each) => refused.add(each));
    this._sync.rebased.connect(this._onRebased, this);
    this._sync.synced.connect(this._onSynced, this);
    session.changed.connect(this._onConnectionChanged, this);
    this.connection.opened.connect(this._onOpened, this);
    this.connection.closed.connect(this._onClosed, this);
    this.connection.message.connect(this._onMessage, this);
    this._batch.ready.connect(this._onShared, this);
    this.connection.connect();
  }

  path: string;
  readonly contentType: string;
  readonly format: string;
  readonly access = new Membership();
  readonly conflicts: Conflicts;
  readonly connection: Connection;
  readonly edits: WebSocketProvider.IEdits;
  readonly history: DocumentHistory;
  readonly runs: CellRuns;
  readonly saves: Saves;

  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  save(): Promise<ISaveResult> {
    return this.saves.save();
  }

  connectToForkDoc(forkRoomId: string, sessionId: string): Promise<void> {
    return this._visits.go({ room: forkRoomId, sessionId });
  }

  reconnect(): Promise<void> {
    return this._visits.go(null);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._visits.dispose();
    this.saves.dispose();
    this.saves.mode.dispose();
    this.runs.dispose();
    this._batch.dispose();
    this._presence.dispose();
    this._kept?.dispose();
    this._sync.dispose();
    this.conflicts.dispose();
    this.access.dispose();
    this.edits.refused.dispose();
    this.edits.recovered.dispose();
    this.history.dispose();
    this.connection.dispose();
    this._session.dispose();
    this._ready.reject(new Error(this._trans.__('The document was closed.')));
    this._disposed.emit();
    Signal.clearData(this);
  }

  /**
   * A signal emitted when the provider is disposed.
   */
  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  private _onRoleChanged(): void {
    this._sync.mayEdit = this.access.role === 'editor';
  }

  private _onOpened(): void {
    this.access.opened();
    this.saves.mode.opened();
    this.connection.send(this._sync.question());
    if (!this._sync.isRebasing) {
      this._presence.opened();
    }
  }

  private _onClosed(): void {
    this._batch.flush();
    this._sync.lost();
    this._kept?.lost();
    this._presence.lost();
    this.runs.lost();
    this.saves.lost();
  }

  private _onRebased(): void {
    this._presence.rejoin(this._model.ydoc.clientID);
    this._presence.opened();
  }

  private _onConnectionChanged({ refusal }: DocumentSession): void {
    if (refusal) {
      this._ready.reject(new RefusedError(refusal));
    }
  }

  private _onMessage(_: Connection, data: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(data);
    } catch {
      this.connection.drop();
      return;
    }
    switch (message.kind) {
      case 'update':
      case 'awareness':
        this._batch.add(message);
        break;
      case 'sync1':
      case 'sync2':
        this._batch.flush();
        this.access.answered();
        this._sync.receive(message);
        break;
      case 'reply':
        this._batch.flush();
        this._onReply(message.reply);
        break;
    }
  }

  private _onShared(
    _: FrameBatch,
    messages: readonly FrameBatch.Shared[]
  ): void {
    const edits = messages.filter(each => each.kind === 'update');
    if (edits.length) {
      this.access.answered();
      this._sync.apply(edits.map(each => each.update));
    }
    // Cursors may be in text that came with the edits.
    for (const { kind, update } of messages) {
      if (kind === 'awareness') {
        this._presence.receive(update);
      }
    }
  }

  private _onReply(reply: IReply): void {
    if (this.runs.receive(reply)) {
      return;
    }
    switch (reply.type) {
      case 'ack':
        this._sync.unacknowledged.answer(reply.responseTo);
        this.saves.receive(reply);
        break;
      case 'role':
        this.access.receive(reply);
        break;
      case 'save_mode':
        this.saves.mode.receive(reply);
        break;
      case 'merge_conflicts':
        this.conflicts.share(reply.conflicts ?? []);
        break;
      case 'repaired':
      case 'restored':
        this.history.receive(reply);
        break;
      case 'error':
        if (reply.reason === 'invalid_edit') {
          this._sync.refuse('invalid_edit');
        } else if (reply.reason === 'initialization_error') {
          this._rooms.explain(reply.detail ?? '');
        } else if (reply.reason !== 'not_allowed') {
          this.saves.receive(reply);
        } else if (reply.action === 'edit') {
          this._sync.refuse('not_allowed');
        }
        break;
      default:
        this.saves.receive(reply);
    }
  }

  private _onSynced(): void {
    const { session } = this._rooms;
    if (this.connection.status === 'live' || !session) {
      return; // The answer to a question about liveness.
    }
    if (this._sync.mayEdit && !this._model.getState('document_id')) {
      this._model.transact(() => {
        this._model.setState('document_id', this._rooms.room);
      }, false);
    }
    this._kept?.bringBack();
    this.saves.mode.synced();
    this.connection.markLive();
    this._ready.resolve();
    this.runs.live();
  }

  private _batch = new FrameBatch();
  private _disposed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _kept: OfflineQueue | null;
  private _model: YDocument<DocumentChange>;
  private _presence: AwarenessChannel;
  private _ready = new PromiseDelegate<void>();
  private _rooms: RoomResolver;
  private _session: DocumentSession;
  private _sync: Sync;
  private _trans: TranslationBundle;
  private _visits: ForkSwitch;
}

/**
 * Types of the provider.
 */
export namespace WebSocketProvider {
  /**
   * The options of the factory, and what tests may replace.
   */
  export interface IOptions extends Omit<
    IDocumentProviderFactory.IOptions,
    'drive'
  > {
    /**
     * Where to keep what the server has not acknowledged; by default nowhere.
     */
    store?: PendingStore;

    /**
     * What the user wants to be called, if they may.
     */
    displayName?: DisplayName;

    environment?: Connection.IEnvironment;
  }

  /**
   * The edits of the user, with what disposes of them.
   */
  export interface IEdits extends IDocumentEdits {
    readonly refused: RefusedEdits;
    readonly recovered: RecoveredEdits;
  }
}
