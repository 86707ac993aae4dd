// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugins of Jupyter Collaboration.
 *
 * @packageDocumentation
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

import { awarenessProviderFactory } from './awarenessProviderFactory';
import { conflicts } from './conflicts';
import { connectionLost } from './connectionLost';
import { contentProvider } from './contentProvider';
import { cursors } from './cursors';
import { deletedFile } from './deletedFile';
import { documentProviderFactory } from './documentProviderFactory';
import { documentStatus } from './documentStatus';
import { globalAwareness } from './globalAwareness';
import { pendingStore } from './pendingStore';
import { userBadges } from './userBadges';

/**
 * Whether the server or the user has switched collaboration off.
 */
const isOff =
  PageConfig.getOption('disableRTC') === 'true' ||
  PageConfig.Extension.isDisabled('@jupyter/collaboration-extension');

/**
 * All plugins; none if collaboration is off.
 */
const plugins: JupyterFrontEndPlugin<unknown>[] = isOff
  ? []
  : [
      pendingStore,
      documentProviderFactory,
      awarenessProviderFactory,
      contentProvider,
      globalAwareness,
      cursors,
      userBadges,
      documentStatus,
      conflicts,
      deletedFile,
      // A hub has its own: it offers to start the server again.
      ...(PageConfig.getOption('hubPrefix') ? [] : [connectionLost])
    ];

export default plugins;
