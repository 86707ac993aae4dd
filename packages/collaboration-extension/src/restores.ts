// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells when somebody else restored a version. [V5]
 */

import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { notifyRestores } from './notifications';
import { SHOW_HISTORY } from './timeline';

/**
 * Notifies of restores by others.
 */
export const restores: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:restores',
  description: 'Tells when somebody else restored a version.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator
  ): void => {
    const { commands, serviceManager } = app;
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, provider) =>
      notifyRestores(provider, trans, {
        ownUsername: () => serviceManager.user.identity?.username,
        showHistory: () => {
          void commands
            .execute('docmanager:open', { path: provider.path })
            .then(() => commands.execute(SHOW_HISTORY));
        }
      })
    );
  }
};
