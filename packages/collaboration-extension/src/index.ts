// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugins of Jupyter Collaboration.
 *
 * @packageDocumentation
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

import { address } from './contents/addressPlugin';
import { authors } from './history/authorsPlugin';
import { autosave } from './status/autosavePlugin';
import { awarenessProviderFactory } from './people/awarenessProviderFactoryPlugin';
import { cellExecutor } from './execution/cellExecutorPlugin';
import { cellRuns } from './execution/cellRunsPlugin';
import { chooseDisplayName } from './people/chooseDisplayNamePlugin';
import { closing } from './status/closingPlugin';
import { collaborators } from './people/collaboratorsPlugin';
import { commOutputs } from './execution/commOutputsPlugin';
import { conflictMarksInEditors } from './status/conflictMarksPlugin';
import { conflicts } from './status/conflictsPlugin';
import { connectionLost } from './status/connectionLostPlugin';
import { contentProvider } from './contents/contentProviderPlugin';
import { cursors } from './cursors/cursorsPlugin';
import { deletedFile } from './status/deletedFilePlugin';
import { displayName } from './people/displayNamePlugin';
import { documentProviders } from './contents/documentProvidersPlugin';
import { documentProviderFactory } from './contents/documentProviderFactoryPlugin';
import { documentStatus } from './status/documentStatusPlugin';
import { DOCPROVIDER, withoutDisabled } from './contents/earlierIds';
import { removeDrive } from './contents/earlierPaths';
import { forkManager } from './forks/forkManagerPlugin';
import { globalAwareness } from './people/globalAwarenessPlugin';
import { installation } from './status/installationPlugin';
import { outputTrust } from './status/outputTrustPlugin';
import { pendingStore } from './offline/pendingStorePlugin';
import { provenance } from './execution/provenancePlugin';
import { preload } from './status/preloadPlugin';
import { presence } from './people/presencePlugin';
import { presences } from './people/presencesPlugin';
import { refusedEdits } from './status/refusedEditsPlugin';
import { restores } from './history/restoresPlugin';
import { share } from './people/sharePlugin';
import { sharedKernels } from './status/sharedKernelsPlugin';
import { timeline } from './history/timelinePlugin';
import { unseenEditors } from './stability/unseenEditorsPlugin';
import { userBadges } from './people/userBadgesPlugin';
import { userMenu } from './people/userMenuPlugin';
import { versionActionsOfOthers } from './history/versionActionsPlugin';
import { viewing } from './status/viewingPlugin';
import { withoutSharing } from './contents/withoutSharing';

/**
 * Whether collaboration is turned off, on the server or in the page.
 */
const isOff =
  PageConfig.getOption('disableRTC') === 'true' ||
  PageConfig.Extension.isDisabled(DOCPROVIDER);

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
  unseenEditors,
  authors,
  presences,
  outputTrust,
  commOutputs,
  sharedKernels,
  presence,
  userMenu,
  collaborators,
  userBadges,
  documentStatus,
  conflicts,
  conflictMarksInEditors,
  deletedFile,
  refusedEdits,
  viewing,
  versionActionsOfOthers,
  timeline,
  restores,
  share,
  installation,
  // Otherwise JupyterLab's executor, or that of another package, runs cells.
  ...(PageConfig.getOption('collaborationRunsCells') === 'true'
    ? [cellExecutor, cellRuns, provenance]
    : []),
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
