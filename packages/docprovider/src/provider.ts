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

import { AwarenessChannel } from './awarenessChannel';
import { Conflicts } from './conflicts';
import { Connection } from './connection';
import type { DisplayName } from './displayName';
import { KeptChanges } from './keptChanges';
import type { IReply, Message } from './protocol';
import { decodeMessage, encodeRequest } from './protocol';
import type { PendingStore } from './pendingStore';
import type { IReplicaState } from './rebaseRoute';
import { requestRebase } from './rebaseRoute';
import type { IRefusal } from './refusal';
import { RefusedError } from './refusal';
import { RefusedEdits } from './refusedEdits';
import { SaveError } from './requests';
import { Membership, roleMessage } from './role';
import { RoomFinder } from './roomFinder';
import { SaveMode } from './saveMode';
import { Saves } from './saves';
import type { ISession } from './session';
import { roomOf } from './session';
import { Sync } from './sync';
import type {
  ConflictChoice,
  ConnectionStatus,
  IConflict,
  IDocumentProvider,
  IDocumentProviderFactory,
  IRecoveredEdits,
  IRefusedEdits,
  IRemovedContent,
  IRestore,
  ISaveResult,
  Role,
  RoleReason
} from './tokens';
import { Visits } from './visits';

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
    this.saveMode = new SaveMode(options.model.awareness as Awareness);

    const trans = options.translator;
    const serverSettings =
      options.serverSettings ?? ServerConnection.makeSettings();
    const send = (data: Uint8Array) => this._connection.send(data);
    const place = (session: ISession, replica: IReplicaState) =>
      requestRebase(roomOf(session), replica, serverSettings, trans);
    this._conflicts = new Conflicts(options.model);
    this._sync = new Sync({
      model: options.model,
      send,
      limit: () => this._rooms.maxMessageBytes,
      drop: () => this._connection.drop(),
      ask: () => this._saves.acknowledge(),
      place
    });
    this._kept = options.store
      ? new KeptChanges({
          conflicts: this._conflicts,
          place,
          refused: this._refused,
          store: options.store,
          sync: this._sync
        })
      : null;
    this._rooms = new RoomFinder({
      kept: this._kept,
      provider: this,
      serverSettings,
      sync: this._sync,
      trans,
      url: options.url,
      user: options.user
    });
    this._connection = new Connection({
      ...options.environment,
      url: afterFailure => this._rooms.url(afterFailure),
      probe: () => this._sync.question(),
      refusal: (code, reason) => this._rooms.refusal(code, reason)
    });
    this._visits = new Visits({
      connection: this._connection,
      rooms: this._rooms,
      sync: this._sync,
      trans
    });
    this._saves = new Saves(send, this._trans);
    this._presence = new AwarenessChannel({
      awareness: options.model.awareness,
      user: options.user,
      displayName: options.displayName,
      send,
      events: options.environment?.events
    });

    this._presence.identityChanged.connect(() => this._connection.restart());
    this._conflicts.changed.connect(() => this._conflictsChanged.emit());
    this._conflicts.keptBoth.connect((_, id) => {
      // Nobody waits for the answer: the list that follows says it.
      this._connection.send(encodeRequest(`resolve ${id} both`, RESOLVE_ID));
    });
    this._membership.changed.connect(this._onRoleChanged, this);
    this._kept?.isCompleteChanged.connect(() =>
      this._unacknowledgedChanged.emit(this.unacknowledged)
    );
    this._kept?.recoveredChanged.connect(() => this._recoveredChanged.emit());
    this._refused.added.connect(() => this._refusedChanged.emit());
    this._refused.discarded.connect(() => this._refusedChanged.emit());
    this._saves.errorChanged.connect(() =>
      this._saveErrorChanged.emit(this.saveError)
    );
    this._sync.conflicted.connect((_, found) => this._conflicts.add(found));
    this._sync.removed.connect((_, contents) =>
      this._contentRemoved.emit(contents)
    );
    this._sync.refused.connect((_, edits) => this._refused.add(edits));
    this._sync.rebased.connect(this._onRebased, this);
    this._sync.synced.connect(this._onSynced, this);
    this._sync.unacknowledged.changed.connect((_, count) =>
      this._unacknowledgedChanged.emit(count)
    );
    this._model.changed.connect(this._onModelChanged, this);
    this._connection.statusChanged.connect(this._onStatusChanged, this);
    this._connection.opened.connect(this._onOpened, this);
    this._connection.closed.connect(this._onClosed, this);
    this._connection.message.connect(this._onMessage, this);
    this._connection.connect();
  }

  path: string;
  readonly contentType: string;
  readonly format: string;
  readonly saveMode: SaveMode;

  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get status(): ConnectionStatus {
    return this._connection.status;
  }

  get refusal(): IRefusal | null {
    return this._connection.refusal;
  }

  get trouble(): string | null {
    return this.status === 'live' ? null : this._rooms.trouble;
  }

  get role(): Role {
    return this._membership.role;
  }

  get roleReason(): RoleReason {
    return this._membership.reason;
  }

  get unacknowledged(): number {
    return this._sync.unacknowledged.count;
  }

  get isKeptInBrowser(): boolean {
    return this._kept?.isComplete ?? false;
  }

  get recovered(): readonly IRecoveredEdits[] {
    return this._kept?.recovered ?? [];
  }

  get recoveredChanged(): ISignal<this, void> {
    return this._recoveredChanged;
  }

  get saveError(): string | null {
    return this._saves.error;
  }

  get isFileDeleted(): boolean {
    return this._saves.isFileDeleted;
  }

  get hasPrivateHistory(): boolean {
    return this._rooms.hasPrivateHistory;
  }

  get isDirty(): boolean {
    return this._model.ystate.get('dirty') === true;
  }

  get conflicts(): readonly IConflict[] {
    return this._conflicts.list;
  }

  get refused(): readonly IRefusedEdits[] {
    return this._refused.list;
  }

  get refusedChanged(): ISignal<this, void> {
    return this._refusedChanged;
  }

  get contentRemoved(): ISignal<this, IRemovedContent[]> {
    return this._contentRemoved;
  }

  get repaired(): ISignal<this, number> {
    return this._repaired;
  }

  get roleChanged(): ISignal<this, Role> {
    return this._roleChanged;
  }

  get conflictsChanged(): ISignal<this, void> {
    return this._conflictsChanged;
  }

  get dirtyChanged(): ISignal<this, boolean> {
    return this._dirtyChanged;
  }

  get statusChanged(): ISignal<this, ConnectionStatus> {
    return this._statusChanged;
  }

  get unacknowledgedChanged(): ISignal<this, number> {
    return this._unacknowledgedChanged;
  }

  get saveErrorChanged(): ISignal<this, string | null> {
    return this._saveErrorChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  save(): Promise<ISaveResult> {
    return this._write('save');
  }

  recreate(): Promise<ISaveResult> {
    return this._write('recreate');
  }

  resolve(conflict: IConflict, choice: ConflictChoice): boolean {
    return this._conflicts.resolve(conflict, choice);
  }

  discard(edits: IRefusedEdits): void {
    this._refused.discard(edits);
  }

  async recover(edits: IRecoveredEdits): Promise<void> {
    await this._kept?.recover(edits);
  }

  discardRecovered(edits: IRecoveredEdits): void {
    this._kept?.forget(edits);
  }

  cellNumber(conflict: IConflict): number | null {
    return this._conflicts.cellNumber(conflict);
  }

  get savedAt(): number | null {
    return this._savedAt;
  }

  ping(): Promise<number> {
    return this._saves.ping();
  }

  retry(): void {
    this._connection.restart();
  }

  async revert(): Promise<void> {
    this._needEditor();
    await this._saves.revert();
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
    this._model.changed.disconnect(this._onModelChanged, this);
    this._saves.dispose();
    this.saveMode.dispose();
    this._presence.dispose();
    this._kept?.dispose();
    this._sync.dispose();
    this._conflicts.dispose();
    this._membership.dispose();
    this._refused.dispose();
    this._connection.dispose();
    this._ready.reject(new Error(this._trans.__('The document was closed.')));
    this._disposed.emit();
    Signal.clearData(this);
  }

  private _restoreOf({ cell, username = '' }: IReply): IRestore {
    const states = [...this._model.awareness.getStates().values()];
    const state = states.find(({ user }) => user?.username === username);
    return {
      username,
      user: state?.user ?? { username },
      isCell: typeof cell === 'string'
    };
  }

  private async _write(name: 'save' | 'recreate'): Promise<ISaveResult> {
    if (this.refusal) {
      throw new SaveError(this.refusal.message);
    }
    this._needEditor();
    if (this._rooms.fork) {
      throw new SaveError(
        this._trans.__('A fork has no file: it is saved when it is merged.')
      );
    }
    if (this._sync.isRebasing) {
      // The server does not have all that is on the screen. [F2]
      throw this._saves.connectionLost();
    }
    return this._saves.write(name);
  }

  /**
   * A signal emitted when somebody in the document restores a version.
   */
  get restored(): ISignal<this, IRestore> {
    return this._restored;
  }

  /**
   * A signal emitted when the provider is disposed.
   */
  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  /**
   * @throws SaveError if the user is none.
   */
  private _needEditor(): void {
    if (this.role === 'viewer') {
      const reason = roleMessage(this.roleReason, this._trans);
      throw new SaveError(reason, false, 'viewer');
    }
  }

  private _onRoleChanged(): void {
    this._sync.mayEdit = this.role === 'editor';
    this._roleChanged.emit(this.role);
  }

  private _onOpened(): void {
    this._membership.opened();
    this.saveMode.opened();
    this._connection.send(this._sync.question());
    if (!this._sync.isRebasing) {
      this._presence.opened();
    }
  }

  private _onClosed(): void {
    this._sync.lost();
    this._kept?.lost();
    this._presence.lost();
    this._saves.lost();
  }

  private _onRebased(): void {
    this._presence.rejoin(this._model.ydoc.clientID);
    this._presence.opened();
  }

  private _onStatusChanged(_: Connection, status: ConnectionStatus): void {
    if (status === 'refused' && this.refusal) {
      this._ready.reject(new RefusedError(this.refusal));
    }
    this._statusChanged.emit(status);
  }

  private _onMessage(_: Connection, data: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(data);
    } catch {
      this._connection.drop();
      return;
    }
    switch (message.kind) {
      case 'sync1':
      case 'sync2':
      case 'update':
        this._membership.answered();
        this._sync.receive(message);
        break;
      case 'awareness':
        this._presence.receive(message.update);
        break;
      case 'reply':
        this._onReply(message.reply);
        break;
    }
  }

  private _onReply(reply: IReply): void {
    switch (reply.type) {
      case 'ack':
        this._sync.unacknowledged.answer(reply.responseTo);
        this._saves.receive(reply);
        break;
      case 'role':
        this._membership.receive(reply);
        break;
      case 'save_mode':
        this.saveMode.receive(reply);
        break;
      case 'merge_conflicts':
        this._conflicts.share(reply.conflicts ?? []);
        break;
      case 'repaired':
        this._repaired.emit(reply.cells ?? 0);
        break;
      case 'restored':
        this._restored.emit(this._restoreOf(reply));
        break;
      case 'error':
        if (reply.reason === 'invalid_edit') {
          this._sync.refuse('invalid_edit');
        } else if (reply.reason !== 'not_allowed') {
          this._saves.receive(reply);
        } else if (reply.action === 'edit') {
          this._sync.refuse('not_allowed');
        }
        break;
      default:
        this._saves.receive(reply);
    }
  }

  private _onSynced(): void {
    const { session } = this._rooms;
    if (this._connection.status === 'live' || !session) {
      return; // The answer to a question about liveness.
    }
    if (this._sync.mayEdit && !this._model.getState('document_id')) {
      this._model.transact(() => {
        this._model.setState('document_id', this._rooms.room);
      }, false);
    }
    this._kept?.bringBack();
    this.saveMode.synced();
    this._connection.markLive();
    this._ready.resolve();
  }

  private _onModelChanged(_: unknown, change: DocumentChange): void {
    if (change.stateChange?.some(each => each.name === 'dirty')) {
      if (!this.isDirty) {
        this._savedAt = Date.now();
      }
      this._dirtyChanged.emit(this.isDirty);
    }
  }

  private _conflicts: Conflicts;
  private _conflictsChanged = new Signal<this, void>(this);
  private _connection: Connection;
  private _contentRemoved = new Signal<this, IRemovedContent[]>(this);
  private _dirtyChanged = new Signal<this, boolean>(this);
  private _disposed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _kept: KeptChanges | null;
  private _membership = new Membership();
  private _model: YDocument<DocumentChange>;
  private _presence: AwarenessChannel;
  private _ready = new PromiseDelegate<void>();
  private _recoveredChanged = new Signal<this, void>(this);
  private _refused = new RefusedEdits();
  private _refusedChanged = new Signal<this, void>(this);
  private _repaired = new Signal<this, number>(this);
  private _restored = new Signal<this, IRestore>(this);
  private _roleChanged = new Signal<this, Role>(this);
  private _saveErrorChanged = new Signal<this, string | null>(this);
  private _rooms: RoomFinder;
  private _savedAt: number | null = null;
  private _saves: Saves;
  private _statusChanged = new Signal<this, ConnectionStatus>(this);
  private _sync: Sync;
  private _trans: TranslationBundle;
  private _unacknowledgedChanged = new Signal<this, number>(this);
  private _visits: Visits;
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
}
