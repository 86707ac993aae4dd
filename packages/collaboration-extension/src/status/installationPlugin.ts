// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows what the server found wrong with the installation. [C3]
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator } from '@jupyterlab/translation';

/** The page's options that describe what is wrong, and how to fix it. */
const SUMMARY_OPTION = 'collaborationInstallation';
const MESSAGE_OPTION = 'collaborationInstallationRepair';

/**
 * Notifies of packages that overwrote this one, or stand in its way.
 */
export const installation: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:installation',
  description: 'Shows how to repair the installation of this package.',
  autoStart: true,
  requires: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator): void => {
    const summary = PageConfig.getOption(SUMMARY_OPTION);
    if (!summary) {
      return;
    }
    const trans = translator.load('jupyter_collaboration');
    const show = () =>
      showDialog({
        title: trans.__('Repair Jupyter Collaboration'),
        body: PageConfig.getOption(MESSAGE_OPTION),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    void app.restored.then(() =>
      Notification.emit(summary, 'warning', {
        autoClose: false,
        actions: [
          {
            label: trans.__('How to Repair…'),
            caption: trans.__('Show the commands that fix this'),
            callback: event => {
              // The notification stays, since nothing is repaired yet.
              event.preventDefault();
              void show();
            }
          }
        ]
      })
    );
  }
};
