// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Requests to the published routes, under the names that other packages import.
 * [C1]
 *
 * Our own packages do not use them.
 */

import { URLExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';

import { roomPart } from '../connection/sessionApi';

/** The route of sessions. */
const SESSION_URL = 'api/collaboration/session';

/** The route of timelines. */
const TIMELINE_URL = 'api/collaboration/timeline';

/** The route that undoes in a fork of a timeline. */
const UNDO_REDO_URL = 'api/collaboration/undo_redo';

/**
 * The route of forks.
 */
export const ROOM_FORK_URL = 'api/collaboration/fork';

/**
 * The schema of the events of forks.
 */
export const JUPYTER_COLLABORATION_FORK_EVENTS_URI =
  'https://schema.jupyter.org/jupyter_collaboration/fork/v1';

/**
 * The ids that a client needs to open a document.
 */
export interface ISessionModel {
  /** The format of the document, such as `json`. */
  format: Contents.FileFormat;
  /** The content type of the document, such as `notebook`. */
  type: Contents.ContentType;
  /** The id of the file. */
  fileId: string;
  /** The name of the document's history. */
  sessionId: string;
}

/**
 * The reason with which the server closes a connection, as JSON.
 */
export interface ISessionClosePayload {
  /** Why, such as `unknown_session`. */
  reason: string;
  /** The session id that the client has to use instead. */
  sessionId?: string | null;
  /** Whether it helps to load the page again. */
  reloadable?: boolean;
  /** The reason in words. */
  errorReason?: string;
}

/**
 * Send a request to a route of the server.
 *
 * @param endPoint The route.
 * @param init The options of the request.
 * @param serverSettings How to reach the server; by default as this page.
 * @returns The answer: parsed JSON, text if it is no JSON.
 * @throws ServerConnection.ResponseError if the server refuses.
 * @throws ServerConnection.NetworkError if the server cannot be reached.
 */
export async function requestAPI<T = unknown>(
  endPoint = '',
  init: RequestInit = {},
  serverSettings?: ServerConnection.ISettings
): Promise<T> {
  const settings = serverSettings ?? ServerConnection.makeSettings();
  const response = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, endPoint),
    init,
    settings
  );
  const text = await response.text();
  let answer: unknown = text;
  try {
    answer = JSON.parse(text);
  } catch {
    // An answer without a body, or one of a proxy.
  }
  if (!response.ok) {
    const { message } = Object(answer) as { message?: string };
    throw new ServerConnection.ResponseError(response, message);
  }
  return answer as T;
}

/**
 * Ask for the session of a document.
 */
export function requestDocSession(
  format: string,
  type: string,
  path: string,
  serverSettings?: ServerConnection.ISettings
): Promise<ISessionModel> {
  return requestAPI<ISessionModel>(
    URLExt.join(SESSION_URL, URLExt.encodeParts(path)),
    { method: 'PUT', body: JSON.stringify({ format, type }) },
    serverSettings
  );
}

/**
 * Ask for the timeline of a document, which makes a fork to move in.
 */
export function requestDocumentTimeline(
  format: string,
  type: string,
  path: string,
  serverSettings?: ServerConnection.ISettings
): Promise<unknown> {
  const query = URLExt.objectToQueryString({ format, type });
  return requestAPI(
    URLExt.join(TIMELINE_URL, URLExt.encodeParts(path)) + query,
    { method: 'GET' },
    serverSettings
  );
}

/**
 * Move in the fork of a timeline, or restore what it shows.
 */
export function requestUndoRedo(
  roomid: string,
  action: 'undo' | 'redo' | 'restore',
  steps: number,
  forkRoom: string,
  serverSettings?: ServerConnection.ISettings
): Promise<unknown> {
  const query = URLExt.objectToQueryString({
    action,
    steps: String(steps),
    forkRoom
  });
  return requestAPI(
    URLExt.join(UNDO_REDO_URL, roomPart(roomid)) + query,
    { method: 'PUT' },
    serverSettings
  );
}
