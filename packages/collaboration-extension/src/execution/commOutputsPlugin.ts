// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that keeps widgets live for everybody in a shared notebook. [R14]
 */

import { CommOutputs } from '@jupyter/collaboration';
import {
  IDocumentProviders,
  openWidgets,
  showCaptured
} from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

import { extendSharedNotebooks } from '../contents/sharedNotebooks';

/**
 * Renders widgets again once they are opened, and opens those of a busy kernel.
 */
export const commOutputs: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:commOutputs',
  description: 'Keeps widgets live for everybody in a shared notebook.',
  autoStart: true,
  requires: [IDocumentProviders],
  activate: (app: JupyterFrontEnd, documents: IDocumentProviders): void => {
    // Otherwise the server has no record of widgets.
    const runsCells = PageConfig.getOption('collaborationRunsCells') === 'true';
    const { serverSettings } = app.serviceManager;
    extendSharedNotebooks(
      app.docRegistry,
      documents,
      ({ content, context }, { runs }) =>
        new CommOutputs({
          cells: context.model.cells,
          notebook: content,
          session: context.sessionContext,
          captured: runs.captured,
          show: showCaptured,
          restore: async kernel => {
            if (runsCells) {
              await openWidgets(kernel, serverSettings);
            }
          }
        })
    );
  }
};
