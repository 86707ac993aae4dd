// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells of a lost connection without taking the keyboard. [M10]
 *
 * JupyterLab's own way is a modal dialog, which comes up in the middle of a
 * word and swallows what is typed next.
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IConnectionLost } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

/** How long the notification stays (ms). */
const AUTO_CLOSE = 10000;

/**
 * Provides what happens when the connection to the server is lost.
 */
export const connectionLost: JupyterFrontEndPlugin<IConnectionLost> = {
  id: '@jupyter/collaboration-extension:connectionLost',
  description: 'Tells of a lost connection without a dialog.',
  autoStart: true,
  optional: [ITranslator],
  provides: IConnectionLost,
  activate: (
    _: JupyterFrontEnd,
    translator: ITranslator | null
  ): IConnectionLost => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    let id = '';
    return async () => {
      if (!Notification.manager.has(id)) {
        id = Notification.emit(
          trans.__(
            'The server cannot be reached. What you change in shared documents is kept here and sent when it is back.'
          ),
          'warning',
          { autoClose: AUTO_CLOSE }
        );
      }
    };
  }
};
