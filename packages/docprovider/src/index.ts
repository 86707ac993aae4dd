// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Connection, providers and models of Jupyter Collaboration; no widgets.
 *
 * @packageDocumentation
 */

export * from './presence/activity';
export * from './history/authorship';
export * from './presence/awarenessProvider';
export * from './presence/awarenessTokens';
export { Backoff } from './connection/backoff';
export * from './history/comparison';
export * from './contents/contentProvider';
export {
  DisplayName,
  IDisplayName,
  LONGEST_DISPLAY_NAME
} from './presence/displayName';
export * from './status/documentStatus';
export * from './forks/forkManager';
export * from './forks/forkTokens';
export { IPendingStore, PendingStore } from './offline/pendingStore';
export { CellRuns, RunRefused } from './execution/cellRuns';
export { openWidgets, showCaptured } from './execution/kernelWidgets';
export * from './execution/notebookCellExecutor';
export { setTrusted } from './execution/setTrusted';
export { sourceMark } from './execution/sourceMark';
export * from './session/provider';
export * from './session/publishedRequests';
export { SaveError } from './session/requests';
export * from './connection/closeReasons';
export { serverTime } from './connection/serverClock';
export { roleMessage } from './session/role';
export * from './contents/sharedModelFactory';
export * from './history/timeline';
export * from './history/timelineWidget';
export * from './tokens';
export * from './history/versionPreview';
export * from './history/versions';
