// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public tokens and interfaces of presence outside of documents.
 *
 * Knows the shapes; knows nothing of sockets, widgets or dialogs.
 */

import type { IAwareness } from '@jupyter/ydoc';
import type { ServerConnection, User } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

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
