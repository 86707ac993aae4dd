// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that loads what is needed while the server is away. [M10]
 *
 * JupyterLab loads these parts when they are used for the first time, and does
 * without them for the life of the page if the server does not answer then.
 */

import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { loadAhead, loadShared } from './loadAhead';

/**
 * What shows notifications, and what edits and renders Markdown.
 */
const MODULES = [
  'react-toastify',
  '@codemirror/lang-markdown',
  'marked',
  'marked-gfm-heading-id',
  'marked-mangle'
];

/** The language of Markdown cells. */
const MARKDOWN = 'text/x-ipythongfm';

/** Marks in the performance timeline of the page, for tests and measurements. */
const LOADING_AHEAD = 'collaboration:loading-ahead';
const LOADED_AHEAD = 'collaboration:loaded-ahead';

/**
 * Loads it once a document is open.
 */
export const preload: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:preload',
  description: 'Loads what is needed while the server is away.',
  autoStart: true,
  requires: [IDocumentProviders, IEditorLanguageRegistry, IRenderMimeRegistry],
  activate: (
    _: JupyterFrontEnd,
    documents: IDocumentProviders,
    languages: IEditorLanguageRegistry,
    rendermime: IRenderMimeRegistry
  ): void => {
    let isStarted = false;
    documents.opened.connect(async (_, provider) => {
      await provider.ready.catch(() => undefined);
      if (!isStarted) {
        isStarted = true;
        performance.mark(LOADING_AHEAD);
        void loadAhead(async () => {
          await Promise.all(MODULES.map(name => loadShared(name)));
          await languages.getLanguage(MARKDOWN);
          // Whatever is rendered as Markdown is searched for formulas.
          await rendermime.latexTypesetter?.typeset(
            document.createElement('div')
          );
          performance.mark(LOADED_AHEAD);
        });
      }
    });
  }
};
