// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows in a document's toolbar who is in it.
 */

import { UsersToolbarItem } from '@jupyter/collaboration';
import type { YDocument, DocumentChange } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

/**
 * Adds the toolbar item; the schema of the same name puts it into toolbars.
 */
export const userBadges: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:userBadges',
  description: 'Shows who is in a document in its toolbar.',
  autoStart: true,
  requires: [IToolbarWidgetRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    for (const factory of ['Notebook', 'Editor']) {
      toolbars.addFactory<IDocumentWidget>(factory, 'users', widget => {
        const model = widget.context.model.sharedModel as Partial<
          YDocument<DocumentChange>
        >;
        return new UsersToolbarItem({
          awareness: model.awareness ?? null,
          ownUsername: app.serviceManager.user.identity?.username,
          translator: trans
        });
      });
    }
  }
};
