// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells when the file of a document was deleted. [F8]
 */

import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { notifyDeletion } from './notifications';

/**
 * Notifies of a deletion, and offers to save the file again.
 */
export const deletedFile: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:deletedFile',
  description: 'Offers to save a file again that was deleted.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, provider) => notifyDeletion(provider, trans));
  }
};
