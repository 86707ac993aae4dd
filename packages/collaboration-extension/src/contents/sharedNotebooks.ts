// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The views of notebooks that are shared.
 */

import type {
  IDocumentProvider,
  IDocumentProviders
} from '@jupyter/docprovider';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';

/**
 * Add something to each view of a shared notebook.
 *
 * @param registry JupyterLab's document registry.
 * @param documents The shared documents.
 * @param extend Adds it; what it returns is disposed with the view.
 */
export function extendSharedNotebooks(
  registry: DocumentRegistry,
  documents: IDocumentProviders,
  extend: (
    panel: NotebookPanel,
    provider: IDocumentProvider
  ) => IDisposable | void
): void {
  registry.addWidgetExtension('Notebook', {
    createNew: (widget, context) => {
      const provider = documents.providerOf(context.model.sharedModel);
      return provider && widget instanceof NotebookPanel
        ? extend(widget, provider)
        : undefined;
    }
  });
}
