// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugins of Jupyter Collaboration.
 *
 * @packageDocumentation
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

import { authors } from './authors';
import { awarenessProviderFactory } from './awarenessProviderFactory';
import { chooseDisplayName } from './chooseDisplayName';
import { closing } from './closing';
import { collaborators, userMenu } from './collaborators';
import { conflicts } from './conflicts';
import { connectionLost } from './connectionLost';
import { contentProvider } from './contentProvider';
import { cursors } from './cursors';
import { deletedFile } from './deletedFile';
import { displayName } from './displayName';
import { documentProviderFactory } from './documentProviderFactory';
import { documentStatus } from './documentStatus';
import { removeDrive } from './earlierPaths';
import { forkManager } from './forkManager';
import { globalAwareness } from './globalAwareness';
import { installation } from './installation';
import { outputTrust } from './outputTrust';
import { pendingStore } from './pendingStore';
import { preload } from './preload';
import { presence, presences } from './presence';
import { refusedEdits } from './refusedEdits';
import { restores } from './restores';
import { share } from './share';
import { sharedKernels } from './sharedKernels';
import { timeline } from './timeline';
import { userBadges } from './userBadges';
import { viewing } from './viewing';

/**
 * Whether the server or the user has switched collaboration off.
 */
const isOff =
  PageConfig.getOption('disableRTC') === 'true' ||
  PageConfig.Extension.isDisabled('@jupyter/collaboration-extension');

if (!isOff) {
  removeDrive();
}

/**
 * All plugins; none if collaboration is off.
 */
const plugins: JupyterFrontEndPlugin<unknown>[] = isOff
  ? []
  : [
      pendingStore,
      displayName,
      chooseDisplayName,
      documentProviderFactory,
      awarenessProviderFactory,
      contentProvider,
      closing,
      preload,
      forkManager,
      globalAwareness,
      cursors,
      authors,
      presences,
      outputTrust,
      sharedKernels,
      presence,
      userMenu,
      collaborators,
      userBadges,
      documentStatus,
      conflicts,
      deletedFile,
      refusedEdits,
      viewing,
      timeline,
      restores,
      share,
      installation,
      // A hub has its own: it offers to start the server again.
      ...(PageConfig.getOption('hubPrefix') ? [] : [connectionLost])
    ];

export default plugins;
