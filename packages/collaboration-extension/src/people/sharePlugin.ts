// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the Share button, and of what toolbars do where they are
 * narrow. [P10]
 */

import { DocumentButton } from '@jupyter/collaboration';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator } from '@jupyterlab/translation';
import { shareIcon } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

import { EDITORS, VIEWERS } from '../contents/factoryNames';
import { inviteTo } from './invite';

/** The width below which a toolbar is narrow, in pixels. */
const NARROW = 520;

/**
 * Adds the button; the schema of the same name puts it into toolbars.
 */
export const share: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:share',
  description: 'Offers a link to a document in its toolbar.',
  autoStart: true,
  requires: [IToolbarWidgetRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    for (const factory of [...EDITORS, ...VIEWERS]) {
      toolbars.addFactory<IDocumentWidget>(
        factory,
        'share',
        widget =>
          new DocumentButton({
            icon: shareIcon,
            label: trans.__('Share'),
            tooltip: trans.__('Share a link to this document'),
            onClick: () => void inviteTo(app, widget.context.path, trans)
          })
      );
      app.docRegistry.addWidgetExtension(factory, {
        createNew: widget => markNarrow(widget as IDocumentWidget)
      });
    }
  }
};

/**
 * Mark the toolbar of a document while it is narrow.
 */
function markNarrow({ toolbar }: IDocumentWidget): IDisposable {
  const observer = new ResizeObserver(([{ contentRect }]) => {
    toolbar.toggleClass('jp-mod-narrow', contentRect.width < NARROW);
  });
  observer.observe(toolbar.node);
  return new DisposableDelegate(() => observer.disconnect());
}
