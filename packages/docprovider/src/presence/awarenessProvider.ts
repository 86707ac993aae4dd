// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shares an awareness in a room without document.
 *
 * Glue between a connection and an awareness channel.
 */

import type { IAwareness } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import * as Y from 'yjs';

import { AwarenessChannel } from './awarenessChannel';
import { Connection } from '../connection/connection';
import type { DisplayName } from './displayName';
import { decodeMessage, encodeSyncStep1, encodeSyncStep2 } from '../protocol';
import { refusalOfClose } from '../connection/closeReasons';
import { roomUrl } from '../connection/sessionApi';
import { DocumentSession } from '../session/documentSession';
import type {
  IAwarenessProvider,
  IAwarenessProviderFactory
} from './awarenessTokens';

/**
 * Keeps an awareness the same as that of everybody in a transient room.
 */
export class WebSocketAwarenessProvider implements IAwarenessProvider {
  /**
   * @param options The room, the awareness (disposed by the caller), the user
   * and how to reach the server. Connects at once.
   */
  constructor(options: WebSocketAwarenessProvider.IOptions) {
    const { displayName, environment, roomID, serverSettings, user } = options;
    this.awareness = options.awareness;
    // A transient room has no document, but its server may want to talk of one.
    this._doc = new Y.Doc();
    const trans = nullTranslator.load('jupyter_collaboration');
    this._session = new DocumentSession();
    this._connection = new Connection({
      ...environment,
      session: this._session,
      url: async () => roomUrl(serverSettings, undefined, roomID),
      probe: () => encodeSyncStep1(Y.encodeStateVector(this._doc)),
      judge: (code, reason) => ({
        refusal: refusalOfClose(code, reason, trans),
        trouble: null
      })
    });
    this._channel = new AwarenessChannel({
      awareness: options.awareness,
      user,
      displayName,
      send: data => this._connection.send(data),
      events: environment?.events
    });
    this._channel.identityChanged.connect(() => this._connection.restart());
    this._connection.opened.connect(this._onOpened, this);
    this._connection.closed.connect(() => this._channel.lost());
    this._connection.message.connect(this._onMessage, this);
    this._connection.connect();
  }

  /**
   * The shared awareness.
   */
  readonly awareness: IAwareness;

  /**
   * Whether the provider is disposed.
   */
  get isDisposed(): boolean {
    return this._connection.isDisposed;
  }

  /**
   * Leave the room.
   */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._channel.dispose();
    this._connection.dispose();
    this._session.dispose();
    this._doc.destroy();
  }

  private _onOpened(): void {
    this._connection.markLive();
    this._channel.opened();
  }

  private _onMessage(sender: Connection, data: Uint8Array): void {
    const message = decodeMessage(data);
    if (message.kind === 'awareness') {
      this._channel.receive(message.update);
    } else if (message.kind === 'sync1') {
      const update = Y.encodeStateAsUpdate(this._doc, message.stateVector);
      sender.send(encodeSyncStep2(update));
    }
  }

  private _channel: AwarenessChannel;
  private _connection: Connection;
  private _doc: Y.Doc;
  private _session: DocumentSession;
}

/**
 * Types of the awareness provider.
 */
export namespace WebSocketAwarenessProvider {
  /**
   * The options of the factory, and what tests may replace.
   */
  export interface IOptions extends IAwarenessProviderFactory.IOptions {
    /** What the user wants to be called, if they may. */
    displayName?: DisplayName;
    environment?: Connection.IEnvironment;
  }
}
