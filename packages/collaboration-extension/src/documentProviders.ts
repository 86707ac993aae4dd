// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that provides the shared documents that are open. [C1]
 */

import {
  IDocumentProviderFactory,
  IDocumentProviders,
  RtcContentProvider
} from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { Contents } from '@jupyterlab/services';
import { IDefaultDrive, RestContentProvider } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';

/**
 * Provides the open documents that are shared.
 */
export const documentProviders: JupyterFrontEndPlugin<IDocumentProviders> = {
  id: '@jupyter/collaboration-extension:documentProviders',
  description: 'Knows the shared documents that are open.',
  autoStart: true,
  requires: [IDefaultDrive, IDocumentProviderFactory, ITranslator],
  provides: IDocumentProviders,
  // The token of the drive has no interface of its name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    drive: Contents.IDrive,
    providerFactory: IDocumentProviderFactory,
    translator: ITranslator
  ): IDocumentProviders => {
    const { serverSettings, user } = app.serviceManager;
    const trans = translator.load('jupyter_collaboration');
    return new RtcContentProvider({
      drive,
      files: new RestContentProvider({
        apiEndpoint: 'api/contents',
        serverSettings
      }),
      providerFactory,
      serverSettings,
      translator: trans,
      user
    });
  }
};
