// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that makes the providers of presence outside of documents.
 */

import {
  IAwarenessProviderFactory,
  IDisplayName,
  WebSocketAwarenessProvider
} from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/**
 * Provides the awareness provider factory.
 */
export const awarenessProviderFactory: JupyterFrontEndPlugin<IAwarenessProviderFactory> =
  {
    id: '@jupyter/docprovider-extension:websocket-provider-awareness-factory',
    description: 'Creates the WebSocket providers of transient rooms.',
    autoStart: true,
    optional: [IDisplayName],
    provides: IAwarenessProviderFactory,
    activate: (
      _: JupyterFrontEnd,
      displayName: IDisplayName | null
    ): IAwarenessProviderFactory => ({
      create: options =>
        new WebSocketAwarenessProvider({
          ...options,
          displayName: displayName ?? undefined
        })
    })
  };
