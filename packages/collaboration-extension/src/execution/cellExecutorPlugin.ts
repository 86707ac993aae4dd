// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that has the server run the cells of shared notebooks. [R12]
 */

import {
  IDocumentProviders,
  NotebookCellServerExecutor
} from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { INotebookCellExecutor } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { SETTINGS } from './cellRunsPlugin';

/**
 * Provides the executor of cells, under the id of earlier versions.
 */
export const cellExecutor: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: '@jupyter/docprovider-extension:notebook-cell-executor',
  description: 'Has the server run the cells of shared notebooks.',
  autoStart: true,
  requires: [IDocumentProviders],
  optional: [ISettingRegistry],
  provides: INotebookCellExecutor,
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    settings: ISettingRegistry | null
  ): INotebookCellExecutor => {
    let isOn = true;
    settings?.load(SETTINGS).then(
      loaded => {
        const read = () => {
          isOn = loaded.composite['serverRunsCells'] !== false;
        };
        loaded.changed.connect(read);
        read();
      },
      () => undefined // Without a schema, the default holds.
    );
    return new NotebookCellServerExecutor({
      documents,
      isOn: () => isOn,
      onRefused: reason => {
        Notification.error(reason, { autoClose: 10000 });
      },
      serverSettings: app.serviceManager.serverSettings
    });
  }
};
