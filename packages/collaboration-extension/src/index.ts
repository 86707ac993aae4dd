// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugins of Jupyter Collaboration.
 *
 * @packageDocumentation
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

import { address } from './address';
import { authors } from './authors';
import { autosave } from './autosave';
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
import { documentProviders } from './documentProviders';
import { documentProviderFactory } from './documentProviderFactory';
import { documentStatus } from './documentStatus';
import { withoutDisabled } from './earlierIds';
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
import { withoutSharing } from './withoutSharing';

/**
 * Whether the server has turned collaboration off.
 */
const isOff = PageConfig.getOption('disableRTC') === 'true';

/**
 * Whether somebody has disabled this front end.
 */
const isDisabled = PageConfig.Extension.isDisabled(
  '@jupyter/collaboration-extension'
);

if (!isOff && !isDisabled) {
  removeDrive();
}

/**
 * The plugins that share documents.
 */
const sharing: JupyterFrontEndPlugin<unknown>[] = [
  pendingStore,
  displayName,
  chooseDisplayName,
  documentProviderFactory,
  awarenessProviderFactory,
  documentProviders,
  contentProvider,
  address,
  autosave,
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

/**
 * All plugins; none if this front end is disabled.
 */
const plugins: JupyterFrontEndPlugin<unknown>[] = isDisabled
  ? []
  : withoutDisabled(isOff ? [...withoutSharing, installation] : sharing);

export default plugins;
