// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Opens documents by the paths that earlier versions gave them. [C2]
 *
 * Until version 4, shared documents were on a drive of their own, so that links
 * and saved workspaces have paths such as `RTC:notebook.ipynb`.
 */

import { PageConfig } from '@jupyterlab/coreutils';
import type {
  Contents,
  IContentProvider,
  ServiceManager
} from '@jupyterlab/services';
import { Drive } from '@jupyterlab/services';

/** The name of that drive. */
const DRIVE = 'RTC';

/** Where the path of a document begins in an address. */
const ADDRESS = /\/(tree|notebooks|edit|consoles)\/RTC(?::|%3A)/i;

/** The options of the page that hold such a path. */
const OPTIONS = ['treePath', 'notebookPath'];

/**
 * The address without the drive; the same address if it has none.
 */
export function withoutDrive(address: string): string {
  return address.replace(ADDRESS, '/$1/');
}

/**
 * Remove the drive from the address of this page, before the application reads
 * it.
 */
export function removeDrive(): void {
  const { hash, pathname, search } = window.location;
  const path = withoutDrive(pathname);
  if (path !== pathname) {
    window.history.replaceState(null, '', `${path}${search}${hash}`);
  }
  for (const name of OPTIONS) {
    const value = PageConfig.getOption(name);
    if (value.startsWith(`${DRIVE}:`)) {
      PageConfig.setOption(name, value.slice(DRIVE.length + 1));
    }
  }
}

/**
 * Let the paths of saved workspaces lead to the same documents.
 *
 * @param services The services of the application.
 * @param id The id of the content provider.
 * @param provider The content provider of shared documents.
 */
export function addEarlierDrive(
  { contents, serverSettings }: ServiceManager.IManager,
  id: string,
  provider: IContentProvider
): void {
  const drive = new Drive({ name: DRIVE, serverSettings });
  drive.contentProviderRegistry.register(id, onEarlierDrive(provider));
  contents.addDrive(drive);
}

/**
 * The same provider on that drive.
 *
 * JupyterLab asks it for files by their paths on the drive, but for shared models
 * by paths that begin with the name of the drive, which the server does not know.
 *
 * @param provider The content provider of shared documents.
 */
export function onEarlierDrive(provider: IContentProvider): IContentProvider {
  const { fileChanged, sharedModelFactory: factory } = provider;
  const createNew = (options: Contents.ISharedFactoryOptions) => {
    const path = options.path.startsWith(`${DRIVE}:`)
      ? options.path.slice(DRIVE.length + 1)
      : options.path;
    return factory?.createNew({ ...options, path });
  };
  return {
    get: (path, options) => provider.get(path, options),
    save: (path, options) => provider.save(path, options),
    ...(fileChanged && { fileChanged }),
    ...(factory && {
      sharedModelFactory: {
        collaborative: factory.collaborative ?? false,
        createNew,
        registerDocumentFactory: (type, create) =>
          factory.registerDocumentFactory?.(type, create)
      }
    })
  };
}
