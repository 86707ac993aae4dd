// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of documents that the user may read and not change. [M2]
 */

import { ViewingToolbarItem } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator } from '@jupyterlab/translation';

import { holdCommands } from './commandGuard';
import { notifyRole, notifySaveDenied } from './notifications';
import { holdWidget } from './readOnly';
import { saveCopy } from './saveCopy';
import { EDITORS } from '../contents/factoryNames';
import { isDocument } from '../contents/sharedDocument';

/**
 * Marks the documents, and lets nothing change them; the schema of the same
 * name puts the mark into toolbars.
 */
export const viewing: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:viewing',
  description: 'Shows which documents may be read and not changed.',
  autoStart: true,
  requires: [IDocumentProviders, IToolbarWidgetRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const providerOf = (widget: IDocumentWidget) =>
      documents.providerOf(widget.context.model.sharedModel) ?? null;
    for (const factory of EDITORS) {
      toolbars.addFactory<IDocumentWidget>(
        factory,
        'viewing',
        widget =>
          new ViewingToolbarItem({
            model: providerOf(widget)?.access ?? null,
            translator: trans
          })
      );
      app.docRegistry.addWidgetExtension(factory, {
        createNew: widget =>
          isDocument(widget)
            ? holdWidget(widget, providerOf(widget))
            : undefined
      });
    }
    const denySave = notifySaveDenied(trans, provider =>
      saveCopy({ app, documents, provider, trans })
    );
    documents.saveDenied.connect((_, provider) => denySave(provider));
    holdCommands({
      commands: app.commands,
      viewed: () => {
        const widget = app.shell.currentWidget;
        const provider = isDocument(widget) ? providerOf(widget) : null;
        return provider?.access.role === 'viewer' ? provider : null;
      },
      denySave
    });
    documents.opened.connect((_, provider) => {
      notifyRole(provider, trans);
      provider.access.changed.connect(() =>
        app.commands.notifyCommandChanged()
      );
    });
  }
};
