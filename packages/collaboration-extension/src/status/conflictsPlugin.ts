// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that offers what could not be placed to the user. [S4]
 */

import { reviewConflicts } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
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
  requires: [IDocumentProviders, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, provider) => {
      notifyConflicts(provider, trans, name =>
        reviewConflicts(provider.conflicts, name, trans)
      );
    });
  }
};
