// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The REST client of the session route, and the addresses of rooms.
 *
 * Knows HTTP; knows nothing of sockets and documents.
 */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { RefusedError, refusalOfStatus } from './closeReasons';
import { learnServerTime } from './serverClock';

const SESSION_ROUTE = 'api/collaboration/session';
const ROOM_ROUTE = 'api/collaboration/room';
const IDENTITY_ROUTE = 'api/me';

/**
 * What the server says about a document.
 */
export interface ISession {
  /** The format of the document, such as `json`. */
  format: string;
  /** The content type of the document, such as `notebook`. */
  type: string;
  /** The id of the file, which survives renames. */
  fileId: string;
  /** The name of the document's history. */
  sessionId: string;
  /**
   * The largest message that the server accepts, also in parts; servers that
   * do not say so take no parts.
   */
  maxMessageBytes?: number;
  /**
   * Whether another server on the same folder keeps the shared history, and
   * this one a private history.
   */
  privateHistory?: boolean;
}

/**
 * Ask the server for the session of a document.
 *
 * Whoever is in front of a server may answer for it: a hub whose session has
 * expired, or that has stopped the server, a proxy, or a page to sign in. Such
 * an answer says nothing about the document, so a refusal counts only if the
 * server itself knows the user.
 *
 * @param path The path of the file from the server's root.
 * @param format The format of the document.
 * @param type The content type of the document.
 * @param settings How to reach the server.
 * @param trans Translates the reason of a refusal.
 * @throws RefusedError if the answer is final (400, 401, 403, 404), or the user
 * is signed out.
 * @throws Error if the server could not be reached or answered otherwise.
 */
export async function requestSession(
  path: string,
  format: string,
  type: string,
  settings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<ISession> {
  const url = URLExt.join(
    settings.baseUrl,
    SESSION_ROUTE,
    URLExt.encodeParts(path)
  );
  const ask = () =>
    ServerConnection.makeRequest(
      url,
      { method: 'PUT', body: JSON.stringify({ format, type }) },
      settings
    );
  let response = await ask();
  let refusal = refusalOfStatus(response.status, trans);
  if (refusal) {
    let who = await whoAnswers(settings);
    if (who === 'stranger' && (await signInAgain(settings))) {
      response = await ask();
      refusal = refusalOfStatus(response.status, trans);
      who = 'server';
    }
    if (who === 'stranger') {
      refusal = refusalOfStatus(401, trans, response.status);
    }
    if (refusal && who !== 'other') {
      throw new RefusedError(refusal);
    }
  }
  learnServerTime(response.headers);
  if (!response.ok) {
    throw new Error(`${response.status} ${response.statusText}`);
  }
  return (await response.json()) as ISession;
}

/**
 * Try to sign in again without the user, and say whether the server knows them now.
 *
 * A hub forgets who uses a server when the server stops. It knows its users
 * longer than that: whoever visits the server is sent to the hub and back, and
 * has to do something only if the hub does not know them either.
 */
async function signInAgain(
  settings: ServerConnection.ISettings
): Promise<boolean> {
  try {
    await ServerConnection.makeRequest(settings.baseUrl, {}, settings);
  } catch {
    // The way leads to another host, where a page alone cannot go.
    return false;
  }
  return (await whoAnswers(settings)) === 'server';
}

/**
 * Find out whether the server is there and knows the user.
 *
 * - `server`: it does;
 * - `stranger`: the user is signed out;
 * - `other`: somebody else answers for the server.
 */
async function whoAnswers(
  settings: ServerConnection.ISettings
): Promise<'server' | 'stranger' | 'other'> {
  const { status, username } = await requestUser(settings);
  if (status === 401 || status === 403) {
    return 'stranger';
  }
  return username === null ? 'other' : 'server';
}

/**
 * Ask the server who the user is.
 *
 * @returns The status of the answer, and the name; `null` if the answer is not
 * that of a server that knows the user.
 */
export async function requestUser(
  settings: ServerConnection.ISettings
): Promise<{ status: number; username: string | null }> {
  const url = URLExt.join(settings.baseUrl, IDENTITY_ROUTE);
  const response = await ServerConnection.makeRequest(url, {}, settings);
  const answer = (await response.json().catch(() => null)) as {
    identity?: { username?: unknown };
  } | null;
  const name = response.ok ? answer?.identity?.username : null;
  const username = typeof name === 'string' ? name : null;
  return { status: response.status, username };
}

/**
 * The WebSocket address of a room.
 *
 * @param base The address of the room route; by default from the settings.
 * @param roomId The id of the room.
 * @param sessionId The name of the history; none for rooms without document.
 */
export function roomUrl(
  settings: ServerConnection.ISettings,
  base: string | undefined,
  roomId: string,
  sessionId?: string
): string {
  const query: Record<string, string> = {};
  if (sessionId !== undefined) {
    query.sessionId = sessionId;
  }
  if (settings.appendToken && settings.token) {
    query.token = settings.token;
  }
  return (
    URLExt.join(
      base ?? URLExt.join(settings.wsUrl, ROOM_ROUTE),
      roomPart(roomId)
    ) + URLExt.objectToQueryString(query)
  );
}

/**
 * The id of a room as a part of an address.
 */
export function roomPart(roomId: string): string {
  // Older servers read the colons as they come. [C1]
  return encodeURIComponent(roomId).replace(/%3A/g, ':');
}

/**
 * The id of the room of a session.
 */
export function roomOf(session: Omit<ISession, 'sessionId'>): string {
  return `${session.format}:${session.type}:${session.fileId}`;
}
