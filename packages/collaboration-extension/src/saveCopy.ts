// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Saves a copy of a document where the user wants it. [M2]
 *
 * Knows dialogs and the content provider. Where the server takes no file of
 * this user, the copy can be kept on their own computer.
 */

import type {
  IDocumentProvider,
  IRefusedEdits,
  IDocumentProviders
} from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { download } from './download';

/**
 * Ask where to save a copy of a document, and save it.
 *
 * @returns Whether there is a copy now.
 */
export async function saveCopy(options: ISaveCopyOptions): Promise<boolean> {
  const { app, documents, edits, provider, trans } = options;
  let path = copyOf(provider.path);
  let label = trans.__('Path of the copy');
  for (;;) {
    const { value } = await InputDialog.getText({
      title: trans.__('Save a Copy'),
      label,
      text: path,
      okLabel: trans.__('Save')
    });
    path = value?.trim().replace(/^\/+/, '') ?? '';
    if (!path) {
      return false;
    }
    try {
      if (await documents.saveCopy(provider, path, edits)) {
        tellSaved(app, path, trans);
        return true;
      }
    } catch (error) {
      tellFailed(options, path, (error as Error).message);
      return false;
    }
    label = trans.__('There is a file at %1. Path of the copy', path);
  }
}

/**
 * What is needed to save a copy.
 */
export interface ISaveCopyOptions {
  /** Opens the copy. */
  app: JupyterFrontEnd;
  /** Saves the copy. */
  documents: IDocumentProviders;
  /** What the server did not take; by default the document as it is. */
  edits?: Pick<IRefusedEdits, 'state'>;
  /** The document's provider. */
  provider: IDocumentProvider;
  /** Translates what users see. */
  trans: TranslationBundle;
}

/**
 * A path for the copy of a file.
 */
function copyOf(path: string): string {
  const extension = PathExt.extname(path);
  const stem = path.slice(0, path.length - extension.length);
  return `${stem}-copy${extension}`;
}

function tellSaved(
  app: JupyterFrontEnd,
  path: string,
  trans: TranslationBundle
): void {
  Notification.emit(trans.__('A copy was saved as %1.', path), 'success', {
    autoClose: 10000,
    actions: [
      {
        label: trans.__('Open'),
        caption: trans.__('Open the copy'),
        callback: () => {
          void app.commands.execute('docmanager:open', { path });
        }
      }
    ]
  });
}

function tellFailed(
  options: ISaveCopyOptions,
  path: string,
  reason: string
): void {
  const { documents, edits, provider, trans } = options;
  Notification.emit(
    trans.__('The copy was not saved as %1: %2', path, reason),
    'error',
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Download'),
          caption: trans.__('Keep the copy on this computer'),
          callback: () => {
            const { content } = documents.contentOf(provider, edits);
            download(PathExt.basename(path), content);
          }
        }
      ]
    }
  );
}
