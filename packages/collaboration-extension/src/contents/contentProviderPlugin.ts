// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that lets JupyterLab open files as shared documents.
 */

import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { IDocumentProviders, RtcContentProvider } from '@jupyter/docprovider';
import { YFile, YNotebook } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { Contents } from '@jupyterlab/services';
import { IDefaultDrive } from '@jupyterlab/services';

import { isShared } from './earlierIds';
import { addEarlierDrive } from './earlierPaths';
import {
  followPaths,
  protectSaveAs,
  shareFactories,
  undoIsPerCell
} from './factories';

/** The id that other extensions rely on. */
const CONTENT_PROVIDER_ID = 'rtc';

/**
 * Provides the content provider of shared documents.
 */
export const contentProvider: JupyterFrontEndPlugin<ICollaborativeContentProvider> =
  {
    id: '@jupyter/collaboration-extension:contentProvider',
    description: 'Opens notebooks and text files as shared documents.',
    autoStart: true,
    requires: [IDefaultDrive, IDocumentProviders],
    provides: ICollaborativeContentProvider,
    // The token of the drive has no interface of its name.
    // eslint-disable-next-line jupyter/plugin-activation-args
    activate: (
      app: JupyterFrontEnd,
      drive: Contents.IDrive,
      documents: IDocumentProviders
    ): ICollaborativeContentProvider => {
      if (!(documents instanceof RtcContentProvider)) {
        throw new Error('The shared documents have no content provider.');
      }
      const provider = documents;
      const { sharedModelFactory } = provider;
      if (isShared('file')) {
        sharedModelFactory.registerDocumentFactory('file', () => new YFile());
      }
      if (isShared('notebook')) {
        sharedModelFactory.registerDocumentFactory(
          'notebook',
          () =>
            new YNotebook({
              disableDocumentWideUndoRedo: undoIsPerCell(app.docRegistry)
            })
        );
      }
      drive.contentProviderRegistry?.register(CONTENT_PROVIDER_ID, provider);
      addEarlierDrive(app.serviceManager, CONTENT_PROVIDER_ID, provider);
      shareFactories(app.docRegistry, CONTENT_PROVIDER_ID);
      followPaths(app.docRegistry, provider);
      protectSaveAs(app.docRegistry, provider);
      return provider;
    }
  };
