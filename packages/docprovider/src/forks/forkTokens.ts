// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public tokens and interfaces of forks: documents that began as copies of
 * others.
 *
 * Knows the shapes; knows nothing of sockets, widgets or dialogs.
 */

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

/**
 * What a fork is.
 */
export interface IForkInfo {
  /**
   * The id of the room of the document that was forked.
   */
  root_roomid: string;

  /**
   * Whether later edits of that document flow into the fork.
   */
  synchronize: boolean;

  /**
   * What people call the fork.
   */
  title?: string;

  /**
   * What people say of it.
   */
  description?: string;
}

/**
 * A fork that was made just now.
 */
export interface IForkCreationResponse {
  /**
   * What the fork is.
   */
  fork_info: IForkInfo;

  /**
   * The id of its room.
   */
  fork_roomid: string;

  /**
   * The name of its history.
   */
  sessionId: string;
}

/**
 * The forks of a document by the ids of their rooms.
 */
export interface IAllForksResponse {
  [forkId: string]: IForkInfo;
}

/**
 * A fork that somebody made or deleted.
 */
export interface IForkChangedEvent {
  /**
   * What the fork is.
   */
  fork_info: IForkInfo;

  /**
   * The id of its room.
   */
  fork_roomid: string;

  /**
   * Who it was.
   */
  username?: string;
}

/**
 * A provider whose document can go into a fork, and come back.
 */
export interface IForkProvider {
  /**
   * The content type of the document, such as `notebook` or `file`.
   */
  readonly contentType: string;

  /**
   * The format of the document, such as `json` or `text`.
   */
  readonly format: string;

  /**
   * Let the document become that of a fork.
   *
   * Resolves when it holds what the fork has. Rejects if the server refuses
   * the fork or the provider is disposed.
   *
   * @param forkRoomId The id of the fork's room.
   * @param sessionId The name of the fork's history.
   */
  connectToForkDoc(forkRoomId: string, sessionId: string): Promise<void>;

  /**
   * Connect anew; a document that is in a fork comes back to its file.
   *
   * What was edited in the fork stays there. Resolves and rejects as
   * `connectToForkDoc`.
   */
  reconnect(): Promise<void>;

  /**
   * Ask the server to write the document to its file.
   */
  save?(): Promise<unknown>;
}

/**
 * Makes, lists and deletes forks.
 */
export interface IForkManager extends IDisposable {
  /**
   * The provider of an open document; `undefined` if there is none.
   */
  getProvider(options: {
    documentPath: string;
    format: string;
    type: string;
  }): IForkProvider | undefined;

  /**
   * Fork a document.
   *
   * @throws ServerConnection.ResponseError if the server does not do it.
   */
  createFork(options: {
    rootId: string;
    synchronize: boolean;
    title?: string;
    description?: string;
  }): Promise<IForkCreationResponse | undefined>;

  /**
   * The forks of a document.
   *
   * @param documentId The id of the document's room.
   * @throws ServerConnection.ResponseError if the server does not tell.
   */
  getAllForks(documentId: string): Promise<IAllForksResponse>;

  /**
   * Delete a fork, perhaps after its edits were brought into its root.
   *
   * @throws ServerConnection.ResponseError if the server does not do it.
   */
  deleteFork(options: { forkId: string; merge: boolean }): Promise<void>;

  /**
   * A signal emitted when somebody has made a fork.
   */
  readonly forkAdded: ISignal<IForkManager, IForkChangedEvent>;

  /**
   * A signal emitted when somebody has deleted a fork.
   */
  readonly forkDeleted: ISignal<IForkManager, IForkChangedEvent>;
}

/**
 * The token of the fork manager.
 */
export const IForkManagerToken = new Token<IForkManager>(
  '@jupyter/docprovider:IForkManagerToken',
  'Makes, lists, merges and deletes forks of shared documents.'
);
