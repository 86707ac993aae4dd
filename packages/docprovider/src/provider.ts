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
import * as Y from 'yjs';

import { Acknowledgements } from './acknowledgements';
import { AwarenessChannel } from './awarenessChannel';
import { Connection } from './connection';
import type { IReply, Message } from './protocol';
import {
  decodeMessage,
  encodeRequest,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate
} from './protocol';
import type { IRefusal } from './refusal';
import { RefusedError, refusalOfClose, unknownSession } from './refusal';
import { failure, Requests, SaveError } from './requests';
import type { ISession } from './session';
import { requestSession, roomUrl } from './session';
import type {
  ConnectionStatus,
  IDocumentProvider,
  IDocumentProviderFactory,
  ISaveResult
} from './tokens';

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
    this._url = options.url;
    this._model = options.model;
    this._trans = options.translator;
    this._settings = options.serverSettings ?? ServerConnection.makeSettings();
    this._ready.promise.catch(() => undefined);

    const doc = options.model.ydoc;
    const send = (data: Uint8Array) => this._connection.send(data);
    this._connection = new Connection({
      ...options.environment,
      url: afterFailure => this._resolveUrl(afterFailure),
      probe: () => encodeSyncStep1(Y.encodeStateVector(doc)),
      refusal: (code, reason) => refusalOfClose(code, reason, this._trans)
    });
    this._requests = new Requests(send, this._trans);
    this._unacknowledged = new Acknowledgements(() => this._askForAnswer());
    this._presence = new AwarenessChannel({
      awareness: options.model.awareness,
      user: options.user,
      send,
      events: options.environment?.events
    });

    doc.on('update', this._onLocalUpdate);
    this._unacknowledged.changed.connect((_, count) =>
      this._unacknowledgedChanged.emit(count)
    );
    this._connection.statusChanged.connect(this._onStatusChanged, this);
    this._connection.opened.connect(this._onOpened, this);
    this._connection.closed.connect(this._onClosed, this);
    this._connection.message.connect(this._onMessage, this);
    this._connection.connect();
  }

  path: string;
  readonly contentType: string;
  readonly format: string;

  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get status(): ConnectionStatus {
    return this._connection.status;
  }

  get refusal(): IRefusal | null {
    return this._connection.refusal;
  }

  get unacknowledged(): number {
    return this._unacknowledged.count;
  }

  get saveError(): string | null {
    return this._saveError;
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

  async save(): Promise<ISaveResult> {
    if (this.refusal) {
      throw new SaveError(this.refusal.message);
    }
    try {
      const { hash } = await this._requests.ask('save');
      return typeof hash === 'string' ? { hash } : {};
    } catch (error) {
      if (error instanceof SaveError && !error.isConnectionLost) {
        this._setSaveError(error.message);
      }
      throw error;
    }
  }

  async revert(): Promise<void> {
    await this._requests.ask('revert');
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._model.ydoc.off('update', this._onLocalUpdate);
    this._requests.dispose();
    this._presence.dispose();
    this._unacknowledged.dispose();
    this._connection.dispose();
    this._ready.reject(new Error(this._trans.__('The document was closed.')));
    Signal.clearData(this);
  }

  /**
   * Where to connect to.
   *
   * The first attempt asks for the session. Later ones go back to the same
   * room; if the last one was turned away before it opened, the session route
   * tells why in words that a WebSocket cannot say.
   */
  private async _resolveUrl(afterFailure: boolean): Promise<string> {
    if (!this._session || afterFailure) {
      const session = await requestSession(
        this.path,
        this.format,
        this.contentType,
        this._settings,
        this._trans
      );
      // Never exchange updates with another history. [S3]
      if (this._session && session.sessionId !== this._session.sessionId) {
        throw new RefusedError(unknownSession(this._trans));
      }
      this._session ??= session;
    }
    return roomUrl(
      this._settings,
      this._url,
      this._roomId,
      this._session.sessionId
    );
  }

  private get _roomId(): string {
    return `${this.format}:${this.contentType}:${this._session?.fileId}`;
  }

  private _onOpened(): void {
    const vector = Y.encodeStateVector(this._model.ydoc);
    this._connection.send(encodeSyncStep1(vector));
    this._presence.opened();
  }

  private _onClosed(): void {
    this._isAnswered = false;
    this._unacknowledged.lost();
    this._presence.lost();
    this._requests.lost();
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
        this._answer(message.stateVector);
        break;
      case 'sync2':
        try {
          Y.applyUpdate(this._model.ydoc, message.update, this);
        } finally {
          // An observer that throws does not keep the document closed.
          this._onSynced();
        }
        break;
      case 'update':
        Y.applyUpdate(this._model.ydoc, message.update, this);
        break;
      case 'awareness':
        this._presence.receive(message.update);
        break;
      case 'reply':
        this._onReply(message.reply);
        break;
    }
  }

  /**
   * Send what the server lacks; from now on, each change as it is made.
   */
  private _answer(stateVector: Uint8Array): void {
    const update = Y.encodeStateAsUpdate(this._model.ydoc, stateVector);
    this._connection.send(encodeSyncStep2(update));
    this._isAnswered = true;
    this._unacknowledged.askSoon();
  }

  private _onSynced(): void {
    if (this._connection.status === 'live') {
      return; // The answer to a question about liveness.
    }
    if (!this._model.getState('document_id')) {
      this._model.transact(() => {
        this._model.setState('document_id', this._roomId);
      }, false);
    }
    this._connection.markLive();
    this._ready.resolve();
  }

  private _onReply(reply: IReply): void {
    switch (reply.type) {
      case 'ack':
        this._unacknowledged.answer(reply.responseTo);
        break;
      case 'save':
        this._setSaveError(
          reply.status === 'failed' ? failure(reply, this._trans) : null
        );
        this._requests.settle(reply);
        break;
      case 'revert':
        this._requests.settle(reply);
        break;
      case 'autosave':
        this._setSaveError(
          reply.status === 'failed' ? failure(reply, this._trans) : null
        );
        break;
      case 'error':
        this._setSaveError(failure(reply, this._trans));
        break;
    }
  }

  private _onLocalUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) {
      return;
    }
    if (this._isAnswered) {
      this._connection.send(encodeUpdate(update));
    }
    this._unacknowledged.add();
  };

  /**
   * Ask for a sign that everything sent so far has arrived.
   */
  private _askForAnswer(): number | null {
    if (!this._isAnswered) {
      return null;
    }
    const id = this._requests.nextId();
    return this._connection.send(encodeRequest('ack', id)) ? id : null;
  }

  private _setSaveError(reason: string | null): void {
    if (this._saveError !== reason) {
      this._saveError = reason;
      this._saveErrorChanged.emit(reason);
    }
  }

  private _connection: Connection;
  private _isAnswered = false;
  private _isDisposed = false;
  private _model: YDocument<DocumentChange>;
  private _presence: AwarenessChannel;
  private _ready = new PromiseDelegate<void>();
  private _requests: Requests;
  private _saveError: string | null = null;
  private _saveErrorChanged = new Signal<this, string | null>(this);
  private _session: ISession | null = null;
  private _settings: ServerConnection.ISettings;
  private _statusChanged = new Signal<this, ConnectionStatus>(this);
  private _trans: TranslationBundle;
  private _unacknowledged: Acknowledgements;
  private _unacknowledgedChanged = new Signal<this, number>(this);
  private _url: string | undefined;
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
    environment?: Connection.IEnvironment;
  }
}
