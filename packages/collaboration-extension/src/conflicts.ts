// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that offers what could not be placed to the user. [S4]
 */

import { reviewConflicts } from '@jupyter/collaboration';
import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { RtcContentProvider } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { notifyConflicts } from './notifications';

/**
 * Notifies of conflicts, and lets the user choose.
 */
export const conflicts: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:conflicts',
  description: 'Lets the user choose between edits that do not go together.',
  autoStart: true,
  requires: [ICollaborativeContentProvider, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    contentProvider: ICollaborativeContentProvider,
    translator: ITranslator
  ): void => {
    if (!(contentProvider instanceof RtcContentProvider)) {
      return;
    }
    const trans = translator.load('jupyter_collaboration');
    contentProvider.opened.connect((_, provider) => {
      notifyConflicts(provider, trans, name =>
        reviewConflicts(provider, name, trans)
      );
    });
  }
};
