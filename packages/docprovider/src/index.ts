// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Connection, providers and models of Jupyter Collaboration; no widgets.
 *
 * @packageDocumentation
 */

export * from './activity';
export * from './authorship';
export * from './awarenessProvider';
export * from './awarenessTokens';
export { Backoff } from './backoff';
export * from './comparison';
export * from './contentProvider';
export { DisplayName, IDisplayName, LONGEST_DISPLAY_NAME } from './displayName';
export * from './documentStatus';
export * from './forkManager';
export * from './forkTokens';
export { IPendingStore, PendingStore } from './pendingStore';
export * from './notebookCellExecutor';
export * from './provider';
export * from './publishedRequests';
export { SaveError } from './requests';
export * from './refusal';
export { roleMessage } from './role';
export * from './sharedModelFactory';
export * from './timeline';
export * from './timelineWidget';
export * from './tokens';
export * from './versionPreview';
export * from './versions';
