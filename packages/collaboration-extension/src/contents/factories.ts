// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells JupyterLab's widget factories where their documents come from.
 *
 * Knows the document registry.
 */

import type { RtcContentProvider } from '@jupyter/docprovider';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { DisposableDelegate } from '@lumino/disposable';

import { EDITORS } from './factoryNames';

/** The models of shared documents. */
const SHARED_MODELS = ['notebook', 'text'];

/**
 * Let all widgets that show notebooks and text get their content from here.
 *
 * Widgets of the same model share one document, and whoever opens it first
 * decides where it comes from; so it must be the same for all of them, also
 * for those that are registered later. Factories that have a content provider
 * of their own keep it.
 *
 * @param registry JupyterLab's document registry.
 * @param contentProviderId The id of the content provider.
 */
export function shareFactories(
  registry: DocumentRegistry,
  contentProviderId: string
): void {
  const share = (
    factory: { contentProviderId?: string; modelName?: string } | undefined
  ) => {
    if (
      factory &&
      !factory.contentProviderId &&
      SHARED_MODELS.includes(factory.modelName ?? 'text')
    ) {
      factory.contentProviderId = contentProviderId;
    }
  };
  for (const factory of registry.widgetFactories()) {
    share(factory);
  }
  registry.changed.connect((_, change) => {
    if (change.type === 'widgetFactory' && change.change === 'added') {
      share(registry.getWidgetFactory(change.name ?? ''));
    }
  });
}

/**
 * Let the content provider know by which paths JupyterLab calls its documents.
 *
 * @param registry JupyterLab's document registry.
 * @param provider The content provider.
 */
export function followPaths(
  registry: DocumentRegistry,
  provider: RtcContentProvider
): void {
  const extension: DocumentRegistry.WidgetExtension = {
    createNew: (_, context) => {
      const follow = () =>
        provider.setPath(context.model.sharedModel, context.localPath);
      context.pathChanged.connect(follow);
      return new DisposableDelegate(() => {
        context.pathChanged.disconnect(follow);
      });
    }
  };
  for (const name of EDITORS) {
    registry.addWidgetExtension(name, extension);
  }
}

/**
 * Let saves of other documents not interfere with a *Save As*.
 *
 * @param registry JupyterLab's document registry.
 * @param provider The content provider, which announces the saves.
 */
export function protectSaveAs(
  registry: DocumentRegistry,
  provider: RtcContentProvider
): void {
  const protectedContexts = new WeakSet<DocumentRegistry.Context>();
  const protect = (context: DocumentRegistry.Context) => {
    if (protectedContexts.has(context)) {
      return;
    }
    protectedContexts.add(context);
    const saveAs = context.saveAs.bind(context);
    context.saveAs = async () => {
      const hold = provider.holdSaves();
      try {
        return await saveAs();
      } finally {
        // Once JupyterLab, which waits for this promise, has stopped listening.
        setTimeout(() => hold.dispose());
      }
    };
  };
  const extend = (name: string) =>
    registry.addWidgetExtension(name, {
      createNew: (_, context) => protect(context)
    });
  for (const factory of registry.widgetFactories()) {
    extend(factory.name);
  }
  registry.changed.connect((_, { change, name, type }) => {
    if (type === 'widgetFactory' && change === 'added' && name) {
      extend(registry.getWidgetFactory(name)?.name ?? name);
    }
  });
}

/**
 * Whether undo in a notebook goes by cell, as the user has set it.
 */
export function undoIsPerCell(registry: DocumentRegistry): boolean {
  const factory = registry.getModelFactory('notebook') as
    { disableDocumentWideUndoRedo?: boolean } | undefined;
  return factory?.disableDocumentWideUndoRedo ?? true;
}
