// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public tokens while collaboration is turned off on the server. [C1]
 *
 * Plugins of other packages require them, and would not start without. Files
 * are opened and saved as without collaboration, and nothing is sent.
 */

import { IUserMenu } from '@jupyter/collaboration';
import type { ISharedModelFactory } from '@jupyter/collaborative-drive';
import {
  ICollaborativeContentProvider,
  IGlobalAwareness
} from '@jupyter/collaborative-drive';
import type {
  IAwarenessProvider,
  IDocumentProvider,
  IForkManager
} from '@jupyter/docprovider';
import {
  IAwarenessProviderFactory,
  IDocumentProviderFactory,
  IForkManagerToken
} from '@jupyter/docprovider';
import type { IAwareness } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type {
  Contents,
  ServerConnection,
  SharedDocumentFactory
} from '@jupyterlab/services';
import { IDefaultDrive, RestContentProvider } from '@jupyterlab/services';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Menu } from '@lumino/widgets';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';

/**
 * Opens and saves files by REST; no document is shared.
 */
export class UnsharedContentProvider
  extends RestContentProvider
  implements ICollaborativeContentProvider
{
  constructor(serverSettings: ServerConnection.ISettings) {
    super({ apiEndpoint: 'api/contents', serverSettings });
  }

  readonly providers: ICollaborativeContentProvider['providers'] = new Map();

  readonly sharedModelFactory: ISharedModelFactory = {
    collaborative: false,
    documentFactories: new Map<Contents.ContentType, SharedDocumentFactory>(),
    registerDocumentFactory(type, factory) {
      this.documentFactories.set(type, factory);
    },
    createNew: () => undefined
  };
}

/**
 * A provider without a connection.
 */
class Unconnected extends DisposableDelegate {
  constructor() {
    super(() => undefined);
  }

  readonly ready = Promise.resolve();
}

/**
 * A provider of presence without a connection.
 */
class UnconnectedAwareness extends Unconnected implements IAwarenessProvider {
  constructor(readonly awareness: IAwareness) {
    super();
  }
}

const contentProvider: JupyterFrontEndPlugin<ICollaborativeContentProvider> = {
  id: '@jupyter/collaboration-extension:contentProvider',
  description: 'Opens files without sharing them.',
  autoStart: true,
  requires: [IDefaultDrive],
  provides: ICollaborativeContentProvider,
  // The token of the drive has no interface of its name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    drive: Contents.IDrive
  ): ICollaborativeContentProvider => {
    const provider = new UnsharedContentProvider(
      app.serviceManager.serverSettings
    );
    drive.contentProviderRegistry?.register('rtc', provider);
    return provider;
  }
};

const globalAwareness: JupyterFrontEndPlugin<Awareness> = {
  id: '@jupyter/collaboration-extension:globalAwareness',
  description: 'Holds the presence of this page alone.',
  autoStart: true,
  provides: IGlobalAwareness,
  activate: (): Awareness => new Awareness(new Y.Doc())
};

const documentProviderFactory: JupyterFrontEndPlugin<IDocumentProviderFactory> =
  {
    id: '@jupyter/docprovider-extension:websocket-provider-document-factory',
    description: 'Creates providers that are not connected.',
    autoStart: true,
    provides: IDocumentProviderFactory,
    // Others need no more of a provider than that it is ready and can be disposed.
    activate: (): IDocumentProviderFactory => ({
      create: () => new Unconnected() as unknown as IDocumentProvider
    })
  };

const awarenessProviderFactory: JupyterFrontEndPlugin<IAwarenessProviderFactory> =
  {
    id: '@jupyter/docprovider-extension:websocket-provider-awareness-factory',
    description: 'Creates providers that are not connected.',
    autoStart: true,
    provides: IAwarenessProviderFactory,
    activate: (): IAwarenessProviderFactory => ({
      create: ({ awareness }) => new UnconnectedAwareness(awareness)
    })
  };

/**
 * No document has forks.
 */
class NoForks extends Unconnected implements IForkManager {
  readonly forkAdded: ISignal<IForkManager, never> = new Signal<this, never>(
    this
  );
  readonly forkDeleted: ISignal<IForkManager, never> = new Signal<this, never>(
    this
  );

  getProvider(): undefined {
    return undefined;
  }

  getAllForks(): Promise<Record<string, never>> {
    return Promise.resolve({});
  }

  createFork(): Promise<never> {
    return Promise.reject(new Error('Collaboration is turned off.'));
  }

  deleteFork(): Promise<never> {
    return this.createFork();
  }
}

const forkManager: JupyterFrontEndPlugin<IForkManager> = {
  id: '@jupyter/docprovider-extension:forkManager',
  description: 'Has no forks.',
  autoStart: true,
  provides: IForkManagerToken,
  activate: (): IForkManager => new NoForks()
};

const userMenu: JupyterFrontEndPlugin<IUserMenu> = {
  id: '@jupyter/collaboration-extension:userMenu',
  description: 'Provides a menu that is not shown.',
  autoStart: true,
  provides: IUserMenu,
  activate: ({ commands }: JupyterFrontEnd): IUserMenu => new Menu({ commands })
};

/**
 * The plugins that provide the public tokens without sharing anything.
 */
export const withoutSharing: JupyterFrontEndPlugin<unknown>[] = [
  contentProvider,
  globalAwareness,
  documentProviderFactory,
  awarenessProviderFactory,
  forkManager,
  userMenu
];
