// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public tokens and interfaces of the provider package.
 *
 * Knows the shapes; knows nothing of sockets, widgets or dialogs.
 */

import type { IDocumentProvider as IBaseProvider } from '@jupyter/collaborative-drive';
import type { DocumentChange, IAwareness, YDocument } from '@jupyter/ydoc';
import type { Contents, ServerConnection, User } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { IRefusal } from './refusal';

/**
 * How a document is connected to its server.
 *
 * - `connecting`: the first synchronisation has not happened yet;
 * - `live`: synchronised, every edit travels at once;
 * - `reconnecting`: the connection was lost a moment ago and is being restored;
 * - `offline`: the browser is offline or several attempts failed; still trying;
 * - `refused`: the server said not to come back; nothing is tried any more.
 */
export type ConnectionStatus =
  'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

/**
 * What a successful save tells.
 */
export interface ISaveResult {
  /**
   * The hash of the file that was written, if the server computes one.
   */
  hash?: string;
}

/**
 * Keeps one shared document the same as the server's.
 */
export interface IDocumentProvider extends IBaseProvider {
  /**
   * The local path of the document on its drive; set when the file moves.
   */
  path: string;

  /**
   * The content type of the document, such as `notebook` or `file`.
   */
  readonly contentType: string;

  /**
   * The format of the document, such as `json` or `text`.
   */
  readonly format: string;

  /**
   * The state of the connection.
   */
  readonly status: ConnectionStatus;

  /**
   * Why the server refused the document; `null` unless the status is `refused`.
   */
  readonly refusal: IRefusal | null;

  /**
   * The number of local changes that the server has not acknowledged yet.
   */
  readonly unacknowledged: number;

  /**
   * Why the file could not be saved the last time, in words; `null` if it was.
   */
  readonly saveError: string | null;

  /**
   * A signal emitted when `status` changed.
   */
  readonly statusChanged: ISignal<IDocumentProvider, ConnectionStatus>;

  /**
   * A signal emitted when `unacknowledged` changed.
   */
  readonly unacknowledgedChanged: ISignal<IDocumentProvider, number>;

  /**
   * A signal emitted when `saveError` changed.
   */
  readonly saveErrorChanged: ISignal<IDocumentProvider, string | null>;

  /**
   * Ask the server to write the document to its file.
   *
   * Resolves when it is written. Rejects with a `SaveError` when the server
   * could not write, the connection is or gets lost, the provider is disposed
   * or nothing was heard for 60 seconds.
   */
  save(): Promise<ISaveResult>;

  /**
   * Ask the server to read the file into the document again.
   *
   * Rejects in the same cases as `save`.
   */
  revert(): Promise<void>;
}

/**
 * Makes document providers.
 */
export interface IDocumentProviderFactory {
  /**
   * Create a provider, which connects by itself.
   */
  create(options: IDocumentProviderFactory.IOptions): IDocumentProvider;
}

/**
 * The token of the document provider factory.
 */
export const IDocumentProviderFactory = new Token<IDocumentProviderFactory>(
  '@jupyter/docprovider:IDocumentProviderFactory',
  'Creates the providers that keep shared documents in sync with the server.'
);

/**
 * Types of the document provider factory.
 */
export namespace IDocumentProviderFactory {
  /**
   * What a document provider needs.
   */
  export interface IOptions {
    /**
     * WebSocket URL of the room route, without the room; by default
     * `<wsUrl>api/collaboration/room` of the server settings.
     */
    url?: string;

    /**
     * The local path of the document on its drive.
     */
    path: string;

    /**
     * The content type of the document, such as `notebook`.
     */
    contentType: string;

    /**
     * The format of the document, such as `json`.
     */
    format: string;

    /**
     * The shared document; the caller disposes it.
     */
    model: YDocument<DocumentChange>;

    /**
     * Whom to present to the others.
     */
    user: User.IManager;

    /**
     * Translates the messages that users see.
     */
    translator: TranslationBundle;

    /**
     * How to reach the server; by default the settings of this page.
     */
    serverSettings?: ServerConnection.ISettings;

    /**
     * The drive that holds the file.
     */
    drive: Contents.IDrive;
  }
}

/**
 * Shares one awareness in a room without document.
 */
export interface IAwarenessProvider extends IDisposable {
  /**
   * The shared awareness.
   */
  readonly awareness: IAwareness;
}

/**
 * Makes awareness providers.
 */
export interface IAwarenessProviderFactory {
  /**
   * Create a provider, which connects by itself.
   */
  create(options: IAwarenessProviderFactory.IOptions): IAwarenessProvider;
}

/**
 * The token of the awareness provider factory.
 */
export const IAwarenessProviderFactory = new Token<IAwarenessProviderFactory>(
  '@jupyter/docprovider:IAwarenessProviderFactory',
  'Creates the providers that share presence outside of documents.'
);

/**
 * Types of the awareness provider factory.
 */
export namespace IAwarenessProviderFactory {
  /**
   * What an awareness provider needs.
   */
  export interface IOptions {
    /**
     * The id of the transient room, such as `JupyterLab:globalAwareness`.
     */
    roomID: string;

    /**
     * The awareness to share; the caller disposes it.
     */
    awareness: IAwareness;

    /**
     * Whom to present to the others.
     */
    user: User.IManager;

    /**
     * How to reach the server.
     */
    serverSettings: ServerConnection.ISettings;
  }
}
