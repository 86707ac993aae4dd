// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Views of who is in a document, where, and how the document is connected.
 *
 * @packageDocumentation
 */

export * from './authorMarks';
export * from './collaboratorsPanel';
export * from './collaboratorsView';
export * from './conflictsDialog';
export * from './conflictsView';
export * from './connectionDetails';
export * from './connectionItem';
export * from './cursors';
export * from './documentButton';
export * from './documentColors';
export * from './documentStatusItem';
export * from './documentStatusWidget';
export * from './peopleOnline';
export * from './presence/activeCellKeeper';
export * from './presence/deletedCell';
export * from './presence/arrivals';
export * from './presence/cellMarkers';
export * from './presence/filePlaces';
export * from './presence/following';
export * from './presence/followFrame';
export * from './presence/notebookPlaces';
export * from './presence/places';
export * from './presence/presence';
export * from './presence/scrollKeeper';
export * from './presence/outputTrust';
export * from './presence/undoneView';
export * from './preview/previewPanel';
export * from './publishedUserMenu';
export * from './publishedUsers';
export * from './timelinePanel';
export * from './timelineView';
export {
  avatarUrl,
  displayName,
  initialsOf,
  keyColor,
  textColorOn,
  userColor,
  userInitials
} from './userColor';
export * from './userMenu';
export * from './users';
export * from './usersToolbarItem';
export * from './versionWords';
export * from './viewingItem';
export * from './viewingToolbarItem';
