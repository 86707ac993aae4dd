// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that keeps the name which an anonymous user has chosen. [M3]
 */

import { DisplayName, IDisplayName } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/**
 * Provides the chosen name.
 */
export const displayName: JupyterFrontEndPlugin<IDisplayName> = {
  id: '@jupyter/collaboration-extension:displayName',
  description: 'Keeps the name that an anonymous user wants to be shown.',
  autoStart: true,
  provides: IDisplayName,
  activate: (app: JupyterFrontEnd): IDisplayName =>
    new DisplayName(app.serviceManager.user)
};
