// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells the user, without taking the keyboard, what went wrong. [M10]
 *
 * Knows providers and JupyterLab's notifications.
 */

import type { IDocumentProvider } from '@jupyter/docprovider';
import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * Notify when the server refuses a document that was open.
 *
 * Before a document is open JupyterLab tells by itself. What is on the screen
 * stays there, and the page is only loaded again by the user's choice.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyRefusal(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const tell = () => {
    const { path, refusal } = provider;
    if (!refusal) {
      return;
    }
    Notification.emit(
      `${PathExt.basename(path)}: ${refusal.message}`,
      'error',
      {
        autoClose: false,
        actions: refusal.reloadable
          ? [
              {
                label: trans.__('Reload'),
                caption: trans.__('Reload the page'),
                callback: () => window.location.reload()
              }
            ]
          : []
      }
    );
  };
  provider.ready.then(
    () => provider.statusChanged.connect(tell),
    () => undefined
  );
}

/**
 * Notify when a document could not be saved.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifySaveErrors(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  provider.saveErrorChanged.connect((_, reason) => {
    if (reason) {
      const name = PathExt.basename(provider.path);
      Notification.emit(
        trans.__('%1 was not saved: %2', name, reason),
        'warning',
        { autoClose: 10000 }
      );
    }
  });
}
