// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Which answers of a server mean 'do not come back', and what to tell the user.
 *
 * Pure: knows close codes and HTTP status codes; knows nothing of sockets.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

/** The close code of a server that gets too much from this user. */
const TOO_MANY = 4429;
/** The close code of a server that does not know the user. */
const SIGNED_OUT = 4401;

/**
 * Why a server does not want this connection.
 */
export interface IRefusal {
  /**
   * The close code of the WebSocket, or the HTTP status.
   */
  code: number;

  /**
   * The machine-readable reason, such as `unknown_session`; may be empty.
   */
  reason: string;

  /**
   * What to tell the user.
   */
  message: string;

  /**
   * Whether loading the page again helps.
   */
  reloadable: boolean;
}

/**
 * Thrown when the server refuses a document.
 */
export class RefusedError extends Error {
  /**
   * @param refusal Why.
   */
  constructor(readonly refusal: IRefusal) {
    super(refusal.message);
    this.name = 'RefusedError';
  }
}

/**
 * Thrown when the server can be asked again later, and the user is told why.
 */
export class TroubleError extends Error {
  /**
   * @param trouble Why, in words.
   */
  constructor(readonly trouble: string) {
    super(trouble);
    this.name = 'TroubleError';
  }
}

/**
 * Tell whether a closed WebSocket is to stay closed.
 *
 * @param code The close code.
 * @param reason The close reason; JSON for code 1003.
 * @param trans Translates the message.
 * @param detail The server's explanation, sent before it closed; empty if none.
 * @returns Why the server refuses, or `null` if coming back is right.
 */
export function refusalOfClose(
  code: number,
  reason: string,
  trans: TranslationBundle,
  detail = ''
): IRefusal | null {
  switch (code) {
    case 1003:
      return refusalOfSession(reason, trans, detail);
    case 1009:
      // Sent again, it would be refused again.
      return {
        code,
        reason: 'too_large',
        message: trans.__(
          'A change is larger than the server accepts. Copy what you need of this document, then reload the page.'
        ),
        reloadable: true
      };
    case 4400:
      return refusalOfStatus(400, trans, code);
    case 4403:
      return {
        code,
        reason: 'forbidden',
        message: trans.__('You may not read this document any more.'),
        reloadable: false
      };
    case 4404:
      return refusalOfStatus(404, trans, code);
    default:
      return null;
  }
}

/**
 * The name of the history that the document has now.
 *
 * @param reason The reason of a close with code 1003.
 * @returns The name, or `null` if it is not told.
 */
export function sessionOfClose(reason: string): string | null {
  const { sessionId } = parseReason(reason);
  return typeof sessionId === 'string' && sessionId ? sessionId : null;
}

/**
 * Why a server wants to be left alone for a while, in words.
 *
 * @param code The close code.
 * @param reason The close reason: words of the server.
 * @param trans Translates the words that stand in for none.
 * @returns The words, or `null` if nothing is to be told.
 */
export function troubleOfClose(
  code: number,
  reason: string,
  trans: TranslationBundle
): string | null {
  switch (code) {
    case TOO_MANY:
      return reason || trans.__('Too many connections or messages.');
    case SIGNED_OUT:
      return signedOut(trans);
    default:
      return null;
  }
}

/**
 * How long to stay away at least after a close code (ms).
 */
export function leastDelay(code: number): number {
  return code === TOO_MANY ? 5000 : 0;
}

/**
 * Tell whether an HTTP status is a final answer.
 *
 * @param status The HTTP status of the session route.
 * @param trans Translates the message.
 * @param code The code to report; by default the status.
 * @returns Why the server refuses, or `null` if asking again is right.
 */
export function refusalOfStatus(
  status: number,
  trans: TranslationBundle,
  code = status
): IRefusal | null {
  switch (status) {
    case 400:
      return {
        code,
        reason: 'bad_request',
        message: trans.__('The server cannot open this document.'),
        reloadable: false
      };
    case 401:
      return {
        code,
        reason: 'unauthenticated',
        message: trans.__('You are signed out. Reload the page to sign in.'),
        reloadable: true
      };
    case 403:
      return {
        code,
        reason: 'forbidden',
        message: trans.__('You do not have access to this document.'),
        reloadable: false
      };
    case 404:
      return {
        code,
        reason: 'not_found',
        message: trans.__('The file was not found on the server.'),
        reloadable: false
      };
    default:
      return null;
  }
}

/**
 * What a user who was signed out while a document was open is told. [M15]
 */
export function signedOut(trans: TranslationBundle): string {
  return trans.__('You are signed out. Sign in again in another tab.');
}

/**
 * The refusal of a page whose user is not the one who opened the document: what
 * was typed would be under another name. [M15]
 */
export function otherUser(trans: TranslationBundle): IRefusal {
  return {
    code: 403,
    reason: 'other_user',
    message: trans.__(
      'You are signed in as another user now. Sign in as before, and reload the page.'
    ),
    reloadable: true
  };
}

/**
 * The refusal of a client in a fork that was merged or deleted. [K6]
 */
export function forkIsGone(code: number, trans: TranslationBundle): IRefusal {
  return {
    code,
    reason: 'not_found',
    message: trans.__('This fork was merged or deleted.'),
    reloadable: false
  };
}

/**
 * The refusal of a client whose document has another history. [S3]
 */
export function unknownSession(
  trans: TranslationBundle,
  code = 1003
): IRefusal {
  return {
    code,
    reason: 'unknown_session',
    message: trans.__(
      'The server started this document anew. Reload the page to continue with it; first copy what you have changed here since the connection was lost.'
    ),
    reloadable: true
  };
}

function refusalOfSession(
  reason: string,
  trans: TranslationBundle,
  detail: string
): IRefusal {
  const payload = parseReason(reason);
  const why = detail || String(payload.errorReason ?? '');
  switch (payload.reason) {
    case 'unknown_session':
      return unknownSession(trans);
    case 'version_mismatch':
      return {
        code: 1003,
        reason: 'version_mismatch',
        message: trans.__(
          'The server has been updated. Reload the page to continue.'
        ),
        reloadable: true
      };
    default:
      return {
        code: 1003,
        reason: String(payload.reason ?? ''),
        message: why
          ? trans.__('The server cannot open this document: %1', why)
          : trans.__('The server cannot open this document.'),
        reloadable: payload.reloadable === true
      };
  }
}

function parseReason(reason: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(reason);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return { errorReason: reason };
  }
}
