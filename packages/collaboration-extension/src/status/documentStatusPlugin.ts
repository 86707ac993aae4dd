// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells how the current document is connected.
 */

import {
  ConnectionDetailsWidget,
  ConnectionToolbarItem,
  DocumentStatusWidget,
  keptInWords
} from '@jupyter/collaboration';
import { DocumentStatus, IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  IToolbarWidgetRegistry,
  showDialog
} from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { IStatusBar, showPopup } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { notifyRefusal, notifySaveErrors } from './notifications';
import { EDITORS } from '../contents/factoryNames';
import type { ISharedDocument } from '../contents/sharedDocument';
import {
  currentDocument,
  roomOf,
  sharedDocument,
  versionsOf
} from '../contents/sharedDocument';

const COMMAND = 'collaboration:show-connection';

/**
 * Adds the status item and its details, and notifications for what must not
 * be missed.
 */
export const documentStatus: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:documentStatus',
  description: 'Shows how the current document is connected.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  optional: [IStatusBar, ICommandPalette, IToolbarWidgetRegistry],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator,
    statusBar: IStatusBar | null,
    palette: ICommandPalette | null,
    toolbars: IToolbarWidgetRegistry | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, provider) => {
      notifyRefusal(provider, trans);
      if (!statusBar) {
        notifySaveErrors(provider, trans);
      }
    });
    const current = () => currentDocument(app, documents);
    const item = statusBar
      ? addStatusItem(app, current, statusBar, trans)
      : null;
    for (const factory of EDITORS) {
      toolbars?.addFactory<IDocumentWidget>(factory, 'connection', widget => {
        const document = sharedDocument(widget, documents);
        return document
          ? new ConnectionToolbarItem({
              model: new DocumentStatus(document.provider),
              onMore: () => void showDetails(app, document, trans),
              translator: trans
            })
          : new Widget();
      });
    }
    app.commands.addCommand(COMMAND, {
      label: trans.__('Show Connection Details'),
      caption: trans.__('Show how the document is connected and saved'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => current() !== null,
      execute: async () => {
        const document = current();
        if (document && item?.isVisible) {
          const body = detailsOf(app, document, trans);
          showPopup({
            body,
            anchor: item,
            align: 'left',
            hasDynamicSize: true
          });
          body.node.focus();
        } else if (document) {
          await showDetails(app, document, trans);
        }
      }
    });
    palette?.addItem({
      command: COMMAND,
      category: trans.__('Collaboration')
    });
  }
};

/**
 * Show the status of the document that is looked at.
 */
function addStatusItem(
  app: JupyterFrontEnd,
  current: () => ISharedDocument | null,
  statusBar: IStatusBar,
  trans: TranslationBundle
): Widget {
  let status: DocumentStatus | null = null;
  const item = new DocumentStatusWidget(trans, () => {
    void app.commands.execute(COMMAND);
  });
  app.shell.currentChanged?.connect(() => {
    const document = current();
    status?.dispose();
    status = document ? new DocumentStatus(document.provider) : null;
    item.model = status;
  });
  statusBar.registerStatusItem(documentStatus.id, {
    item,
    align: 'left',
    rank: 10
  });
  return item;
}

/**
 * Show more about a connection in a dialog.
 */
async function showDetails(
  app: JupyterFrontEnd,
  document: ISharedDocument,
  trans: TranslationBundle
): Promise<void> {
  await showDialog({
    title: trans.__('Connection'),
    body: detailsOf(app, document, trans),
    buttons: [Dialog.okButton()]
  });
}

/**
 * More about a connection.
 */
function detailsOf(
  { serviceManager }: JupyterFrontEnd,
  { model: sharedModel, provider }: ISharedDocument,
  trans: TranslationBundle
): Widget {
  const model = new DocumentStatus(provider);
  const client = versionsOf(sharedModel, serviceManager.serverSettings);
  const body = new ConnectionDetailsWidget({
    model,
    roomId: roomOf(sharedModel),
    history: async () => {
      try {
        return keptInWords((await client.page({ limit: 1 })).kept, trans);
      } catch (error) {
        return (error as Error).message;
      }
    },
    translator: trans
  });
  body.disposed.connect(() => model.dispose());
  return body;
}
