// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that offers to the user what the server did not take. [M2]
 * [M4] [M8]
 */

import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { RtcContentProvider } from '@jupyter/docprovider';
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
  requires: [ICollaborativeContentProvider, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    contentProvider: ICollaborativeContentProvider,
    translator: ITranslator
  ): void => {
    if (!(contentProvider instanceof RtcContentProvider)) {
      return;
    }
    const trans = translator.load('jupyter_collaboration');
    contentProvider.opened.connect((_, provider) => {
      notifyRepair(provider, trans);
      notifyRemovedContent(provider, trans, download);
      notifyRecovered(provider, trans, edits =>
        saveCopy({ app, contentProvider, edits, provider, trans })
      );
      notifyRefusedEdits(provider, trans, edits =>
        saveCopy({ app, contentProvider, edits, provider, trans })
      );
    });
  }
};
