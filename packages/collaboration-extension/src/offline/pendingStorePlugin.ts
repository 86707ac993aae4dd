// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that keeps in the browser what was not acknowledged. [S6]
 */

import { IPendingStore, PendingStore } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/** The commands that sign the user out: of a server, and of a hub. */
const SIGN_OUT = ['filemenu:logout', 'hub:logout'];

/**
 * Provides the database, and clears it when the user signs out.
 */
export const pendingStore: JupyterFrontEndPlugin<IPendingStore> = {
  id: '@jupyter/collaboration-extension:pendingStore',
  description: 'Keeps changes in the browser until the server has them.',
  autoStart: true,
  provides: IPendingStore,
  activate: (app: JupyterFrontEnd): IPendingStore => {
    const store = new PendingStore();
    app.commands.commandExecuted.connect((_, { id }) => {
      if (SIGN_OUT.includes(id)) {
        void store.clear();
      }
    });
    return store;
  }
};
