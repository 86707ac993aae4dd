// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that lets Notebook 7 follow a document that somebody else renames.
 * [F8]
 *
 * The heading and the address follow only renames in the same page there, so
 * that the page could not be loaded again.
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { PageConfig, PathExt, URLExt } from '@jupyterlab/coreutils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';

import { EDITORS } from './factoryNames';

/** The views of documents in Notebook 7, in the address. */
const ADDRESS = /\/(notebooks|edit)\/.*$/;

/**
 * Follows renames in Notebook 7.
 */
export const address: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:address',
  description: 'Shows the new name of a document that was renamed.',
  autoStart: true,
  activate: ({ docRegistry }: JupyterFrontEnd): void => {
    if (!PageConfig.getOption('notebookPage')) {
      return;
    }
    for (const factory of EDITORS) {
      docRegistry.addWidgetExtension(factory, {
        createNew: (_, context: IDocumentWidget['context']) => {
          context.pathChanged.connect((_, path) => showPath(path));
        }
      });
    }
  }
};

/**
 * Show the path of the document of this page.
 */
function showPath(path: string): void {
  const { hash, pathname } = window.location;
  const renamed = pathname.replace(
    ADDRESS,
    (_, view) => `/${view}/${URLExt.encodeParts(path)}`
  );
  window.history.replaceState(window.history.state, '', renamed + hash);
  const heading = document.querySelector('#jp-title h1');
  if (heading) {
    heading.textContent = PathExt.basename(path).replace(/\.ipynb$/, '');
  }
}
