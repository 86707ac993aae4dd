// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Views of who is in a document, where, and how the document is connected.
 *
 * @packageDocumentation
 */

export * from './history/addedActions';
export * from './history/authorMarks';
export * from './people/collaboratorsView';
export * from './status/conflictMarks';
export * from './execution/commOutputs';
export * from './execution/inputPrompts';
export * from './execution/outputPlaces';
export * from './execution/provenanceMarks';
export * from './execution/runsButton';
export * from './status/conflictsDialog';
export * from './status/conflictsView';
export * from './status/connectionDetails';
export * from './status/connectionItem';
export * from './cursors/remoteCursors';
export * from './status/documentButton';
export * from './people/documentColors';
export * from './status/documentStatusItem';
export * from './status/documentStatusWidget';
export * from './people/peopleOnline';
export * from './people/peoplePanel';
export * from './stability/activeCellGuard';
export * from './stability/deletedCell';
export * from './people/arrivals';
export * from './people/cellMarkers';
export * from './people/filePlaces';
export * from './follow/following';
export * from './follow/followFrame';
export * from './people/notebookPlaces';
export * from './people/places';
export * from './people/documentPresence';
export * from './people/openPresences';
export * from './stability/scrollAnchor';
export * from './status/outputTrust';
export * from './stability/undoneView';
export * from './stability/unseenEditors';
export * from './history/previewPanel';
export * from './people/invitation';
export * from './people/publishedPanel';
export * from './people/publishedUserMenu';
export * from './people/publishedUsers';
export * from './people/sharingView';
export * from './history/timelinePanel';
export * from './history/timelineView';
export {
  avatarUrl,
  displayName,
  initialsOf,
  keyColor,
  textColorOn,
  userColor,
  userInitials
} from './people/userColor';
export * from './people/userMenu';
export * from './people/users';
export * from './people/usersToolbarItem';
export * from './history/sinceVisit';
export * from './history/versionWords';
export * from './status/viewingItem';
export * from './status/viewingToolbarItem';
