// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that makes the providers of shared documents.
 */

import {
  IDisplayName,
  IDocumentProviderFactory,
  IPendingStore,
  WebSocketProvider
} from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/**
 * Provides the document provider factory.
 */
export const documentProviderFactory: JupyterFrontEndPlugin<IDocumentProviderFactory> =
  {
    id: '@jupyter/docprovider-extension:websocket-provider-document-factory',
    description: 'Creates the WebSocket providers of shared documents.',
    autoStart: true,
    optional: [IPendingStore, IDisplayName],
    provides: IDocumentProviderFactory,
    activate: (
      app: JupyterFrontEnd,
      store: IPendingStore | null,
      displayName: IDisplayName | null
    ): IDocumentProviderFactory => ({
      create: options =>
        new WebSocketProvider({
          ...options,
          store: store ?? undefined,
          displayName: displayName ?? undefined,
          serverSettings:
            options.serverSettings ?? app.serviceManager.serverSettings
        })
    })
  };
