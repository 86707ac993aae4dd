// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells how the current document is connected.
 */

import { DocumentStatusWidget } from '@jupyter/collaboration';
import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { DocumentStatus, RtcContentProvider } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { notifyRefusal, notifySaveErrors } from './notifications';

/**
 * Adds the status item, and notifications for what must not be missed.
 */
export const documentStatus: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:documentStatus',
  description: 'Shows how the current document is connected.',
  autoStart: true,
  requires: [ICollaborativeContentProvider, ITranslator],
  optional: [IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    contentProvider: ICollaborativeContentProvider,
    translator: ITranslator,
    statusBar: IStatusBar | null
  ): void => {
    if (!(contentProvider instanceof RtcContentProvider)) {
      return;
    }
    const trans = translator.load('jupyter_collaboration');
    contentProvider.opened.connect((_, provider) => {
      notifyRefusal(provider, trans);
      if (!statusBar) {
        notifySaveErrors(provider, trans);
      }
    });
    if (statusBar) {
      addStatusItem(
        app,
        contentProvider,
        statusBar,
        new DocumentStatusWidget(trans)
      );
    }
  }
};

/**
 * Show the status of the document that is looked at.
 */
function addStatusItem(
  app: JupyterFrontEnd,
  contentProvider: RtcContentProvider,
  statusBar: IStatusBar,
  item: DocumentStatusWidget
): void {
  let status: DocumentStatus | null = null;
  app.shell.currentChanged?.connect(() => {
    const widget = app.shell.currentWidget;
    const provider = isDocument(widget)
      ? contentProvider.providerOf(widget.context.model.sharedModel)
      : undefined;
    status?.dispose();
    status = provider ? new DocumentStatus(provider) : null;
    item.model = status;
  });
  statusBar.registerStatusItem(documentStatus.id, {
    item,
    align: 'left',
    rank: 10
  });
}

function isDocument(widget: Widget | null): widget is IDocumentWidget {
  return widget !== null && 'context' in widget;
}
