// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that tells of a lost server without taking the keyboard. [M10]
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConnectionLost, JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';

/** The command by which JupyterHub restarts a server. */
const HUB_RESTART = 'hub:restart';

/** How long a notification stays (ms), and how long none follows it. */
const SHOWN_FOR = 10000;

/**
 * Replaces JupyterLab's modal dialog, which takes the keyboard in the middle
 * of a word, by a notification. Under a hub it offers the restart that the
 * hub's dialog offers.
 */
export const connectionLost: JupyterFrontEndPlugin<IConnectionLost> = {
  id: '@jupyter/collaboration-extension:connectionLost',
  description: 'Tells that the server is gone while you go on typing.',
  autoStart: true,
  requires: [JupyterFrontEnd.IPaths, ITranslator],
  provides: IConnectionLost,
  activate: (
    app: JupyterFrontEnd,
    paths: JupyterFrontEnd.IPaths,
    translator: ITranslator
  ): IConnectionLost => {
    const trans = translator.load('jupyter_collaboration');
    let quietUntil = 0;
    return () => {
      if (Date.now() < quietUntil) {
        return Promise.resolve();
      }
      quietUntil = Date.now() + SHOWN_FOR;
      const canRestart =
        !!paths.urls.hubPrefix && app.commands.hasCommand(HUB_RESTART);
      Notification.emit(
        trans.__(
          'The server cannot be reached. Go on typing: what you type is kept in this page, and sent when the server is back.'
        ),
        'warning',
        {
          autoClose: canRestart ? false : SHOWN_FOR,
          actions: canRestart
            ? [
                {
                  label: trans.__('Restart Server'),
                  callback: () => void app.commands.execute(HUB_RESTART)
                }
              ]
            : []
        }
      );
      return Promise.resolve();
    };
  }
};
