// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows what the server found wrong with the installation. [C3]
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';

/** The option of the page with the server's message. */
const PAGE_OPTION = 'collaborationInstallation';

/**
 * Notifies of packages that overwrote this one, or stand in its way.
 */
export const installation: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:installation',
  description: 'Shows how to repair the installation of this package.',
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    const message = PageConfig.getOption(PAGE_OPTION);
    if (message) {
      void app.restored.then(() =>
        Notification.emit(message, 'error', { autoClose: false })
      );
    }
  }
};
