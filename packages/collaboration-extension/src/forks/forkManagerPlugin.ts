// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that makes forks of shared documents for other extensions.
 */

import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { IForkManager } from '@jupyter/docprovider';
import { ForkManager, IForkManagerToken } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/**
 * Provides the fork manager.
 */
export const forkManager: JupyterFrontEndPlugin<IForkManager> = {
  id: '@jupyter/docprovider-extension:forkManager',
  description: 'Makes, lists, merges and deletes forks of shared documents.',
  autoStart: true,
  requires: [ICollaborativeContentProvider],
  provides: IForkManagerToken,
  activate: (
    app: JupyterFrontEnd,
    contentProvider: ICollaborativeContentProvider
  ): IForkManager => {
    const { events, serverSettings } = app.serviceManager;
    return new ForkManager({
      contentProvider,
      eventManager: events,
      serverSettings
    });
  }
};
