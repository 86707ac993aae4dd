// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that offers to the user what the server did not take. [M2]
 * [M4] [M8]
 */

import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { download } from './download';
import {
  notifyRecovered,
  notifyRefusedEdits,
  notifyRemovedContent,
  notifyRepair
} from './notifications';
import { saveCopy } from './saveCopy';

/**
 * Notifies of refused edits and removed content, and lets the user keep a copy.
 */
export const refusedEdits: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:refusedEdits',
  description: 'Offers what the server did not take as a copy.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, provider) => {
      notifyRepair(provider, trans);
      notifyRemovedContent(provider, trans, download);
      notifyRecovered(provider, trans, edits =>
        saveCopy({ app, documents, edits, provider, trans })
      );
      notifyRefusedEdits(provider, trans, edits =>
        saveCopy({ app, documents, edits, provider, trans })
      );
    });
  }
};
