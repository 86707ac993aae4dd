// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shares who is on this server, and at which document.
 */

import { IGlobalAwareness } from '@jupyter/collaborative-drive';
import { IAwarenessProviderFactory } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin,
  LabShell
} from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';

/** The most documents that are shared. */
const MOST_DOCUMENTS = 20;

/**
 * Provides the global awareness.
 */
export const globalAwareness: JupyterFrontEndPlugin<Awareness> = {
  id: '@jupyter/collaboration-extension:globalAwareness',
  description: 'Shares who is on this server.',
  autoStart: true,
  requires: [IAwarenessProviderFactory],
  provides: IGlobalAwareness,
  activate: (
    app: JupyterFrontEnd,
    factory: IAwarenessProviderFactory
  ): Awareness => {
    const { serverSettings, user } = app.serviceManager;
    const awareness = new Awareness(new Y.Doc());
    factory.create({
      roomID: 'JupyterLab:globalAwareness',
      awareness,
      user,
      serverSettings
    });
    const publish = (field: string, value: unknown) => {
      const state = awareness.getLocalState();
      if (JSON.stringify(state?.[field]) !== JSON.stringify(value)) {
        awareness.setLocalStateField(field, value);
      }
    };
    const look = () => {
      const widgets = [...app.shell.widgets('main')];
      const paths = widgets.map(widget => contextOf(widget)?.path);
      // A rename changes neither the layout nor the current widget.
      widgets.forEach(widget => contextOf(widget)?.pathChanged.connect(look));
      publish('current', documentOf(app.shell.currentWidget));
      publish(
        'documents',
        paths.filter(path => !!path).slice(0, MOST_DOCUMENTS)
      );
    };
    app.shell.currentChanged?.connect(look);
    if ('layoutModified' in app.shell) {
      (app.shell as LabShell).layoutModified.connect(look);
    }
    return awareness;
  }
};

/**
 * The document of a widget as `kind:path`, such as `notebook:a/b.ipynb`.
 */
function documentOf(widget: Widget | null): string | null {
  const context = contextOf(widget);
  if (!context?.path) {
    return null;
  }
  const kind = context.path.endsWith('.ipynb') ? 'notebook' : 'editor';
  return `${kind}:${context.path}`;
}

function contextOf(
  widget: Widget | null
): DocumentRegistry.Context | undefined {
  return (widget as { context?: DocumentRegistry.Context } | null)?.context;
}
